"""Step the Coin Game through RLlib's PettingZoo wrapper, with random actions.

pip install . "ray[rllib]" "gymnasium==1.2.2" && python examples/rllib_coin_game.py
"""

from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv

from loqa_envs import coin_game_v0

env = ParallelPettingZooEnv(coin_game_v0.parallel_env())
observations, infos = env.reset(seed=0)
returns = dict.fromkeys(observations, 0.0)
done = False
while not done:
    actions = {agent: env.get_action_space(agent).sample() for agent in observations}
    observations, rewards, terminations, truncations, infos = env.step(actions)
    for agent, reward in rewards.items():
        returns[agent] += reward
    done = terminations["__all__"] or truncations["__all__"]
print("returns of one episode:", returns)
