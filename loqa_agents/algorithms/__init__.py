"""How a batch of episodes changes a learner, each algorithm beside its paper's equations.

Nothing here knows where episodes come from. Algorithms that are classes of their own are registered
by name here; those that are weights of a policy gradient are in `registry.ALGORITHMS`.
"""

from loqa_agents.algorithms.algorithm import register_algorithm
from loqa_agents.algorithms.dice.lola_dice import LolaDice
from loqa_agents.algorithms.dice.lola_dice_om import LolaDiceOM
from loqa_agents.algorithms.dice.pola_dice import PolaDice
from loqa_agents.algorithms.evolution.shaper import Shaper
from loqa_agents.algorithms.gradient_play.cgd import CompetitiveGradientDescent
from loqa_agents.algorithms.gradient_play.lola_exact import LolaExact
from loqa_agents.algorithms.gradient_play.lookahead import LookAhead
from loqa_agents.algorithms.gradient_play.mfos import MFOS
from loqa_agents.algorithms.gradient_play.naive_exact import NaiveExact
from loqa_agents.algorithms.gradient_play.pola import Pola
from loqa_agents.algorithms.gradient_play.sos import StableOpponentShaping
from loqa_agents.algorithms.ppo.ippo import IPPO

register_algorithm("naive_exact", NaiveExact)
register_algorithm("lookahead", LookAhead)
register_algorithm("lola_exact", LolaExact)
register_algorithm("sos", StableOpponentShaping)
register_algorithm("cgd", CompetitiveGradientDescent)
register_algorithm("pola", Pola)
register_algorithm("mfos", MFOS)
register_algorithm("lola_dice", LolaDice)
register_algorithm("lola_dice_om", LolaDiceOM)
register_algorithm("pola_dice", PolaDice)
register_algorithm("ippo", IPPO)
register_algorithm("shaper", Shaper)
