"""Networks: how observations become an actor's probabilities and a critic's values.

Networks are registered by name, `dense_gru` and `cnn` here; nothing in this folder learns.
"""

from loqa_agents.common.settings import UNNAMED
from loqa_agents.networks.cnn import CNN
from loqa_agents.networks.dense_gru import DenseGRU
from loqa_agents.networks.network import Network, register_network

register_network("dense_gru", DenseGRU)
register_network("cnn", CNN)
UNNAMED[Network] = "dense_gru"
