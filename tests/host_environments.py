"""Environments of others, in plain NumPy, as a newcomer has them."""

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary
from pettingzoo import ParallelEnv


class Leavers(ParallelEnv):
    """Three agents with dict observations: ``a`` terminates at step 2, ``b`` is cut off at step 3,
    ``c`` stays to the end of 5 steps. What they see and earn depends on the seed and the step."""

    metadata = {"name": "leavers"}  # noqa: RUF012
    max_cycles = 5

    def __init__(self, b_is_cut=True):
        self.possible_agents = ["a", "b", "c"]
        self.b_is_cut = b_is_cut

    def observation_space(self, agent):
        return Dict({"place": Box(-1, 1, (2,)), "kind": Discrete(3, start=4)})

    def action_space(self, agent):
        return Discrete(2, start=1)

    def reset(self, seed=None, options=None):
        self.chance, self.agents, self.clock = np.random.default_rng(seed), ["a", "b", "c"], 0
        return self._seen(self.agents)

    def _seen(self, agents):
        place = {agent: self.chance.uniform(-1, 1, 2).astype(np.float32) for agent in agents}
        kind = 4 + self.clock % 3
        return {a: {"place": place[a], "kind": kind} for a in agents}, {a: {} for a in agents}

    def step(self, actions):
        assert actions.keys() == set(self.agents)
        assert set(actions.values()) <= {1, 2}
        agents, self.clock = list(self.agents), self.clock + 1
        terminations = {agent: (agent, self.clock) == ("a", 2) for agent in agents}
        ends = {"a": 99, "b": 3 if self.b_is_cut else 5, "c": 5}
        truncations = {agent: self.clock == ends[agent] for agent in agents}
        rewards = {agent: self.clock + "abc".index(agent) / 2 for agent in agents}
        self.agents = [a for a in agents if not terminations[a] and not truncations[a]]
        observations, infos = self._seen(agents)
        return observations, rewards, terminations, truncations, infos


class Dilemma(ParallelEnv):
    """The iterated prisoner's dilemma, with IPD's payoffs and observations in another order."""

    metadata = {"name": "dilemma"}  # noqa: RUF012

    def __init__(self, max_cycles=20):
        self.possible_agents, self.max_cycles = ["row", "column"], max_cycles

    def observation_space(self, agent):
        return MultiBinary(5)

    def action_space(self, agent):
        return Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.clock = self.possible_agents[:], 0
        start = np.eye(5, dtype=np.int8)[4]
        return dict.fromkeys(self.agents, start), {agent: {} for agent in self.agents}

    def step(self, actions):
        row, column = actions["row"], actions["column"]
        self.clock += 1
        payoffs = np.array([[-1.0, -3.0], [0.0, -2.0]])
        agents, over = self.agents, self.clock == self.max_cycles
        seen = np.eye(5, dtype=np.int8)[[2 * row + column, 2 * column + row]]
        rewards = payoffs[row, column], payoffs[column, row]
        self.agents = [] if over else agents
        return (
            dict(zip(agents, seen, strict=True)),
            dict(zip(agents, rewards, strict=True)),
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, over),
            {agent: {} for agent in agents},
        )


class Masked(ParallelEnv):
    """Two agents, four actions, of which one is forbidden in each step; the mask is in the
    observation or in the info. Action 2 earns 1."""

    metadata = {"name": "masked"}  # noqa: RUF012
    max_cycles = 4

    def __init__(self, where):
        self.possible_agents, self.where = ["a", "b"], where

    def observation_space(self, agent):
        clock = Box(0, 9, (1,))
        return clock if self.where == "info" else Dict(clock=clock, action_mask=MultiBinary(4))

    def action_space(self, agent):
        return Discrete(4)

    def reset(self, seed=None, options=None):
        self.agents, self.clock = ["a", "b"], 0
        return self._seen()

    @property
    def mask(self):
        return (np.arange(4) != (3 + self.clock) % 4).astype(np.int8)

    def _seen(self):
        clock = np.array([self.clock], np.float32)
        if self.where == "info":
            return dict.fromkeys("ab", clock), {a: {"action_mask": self.mask} for a in "ab"}
        seen = {"clock": clock, "action_mask": self.mask}
        return dict.fromkeys("ab", seen), {"a": {}, "b": {}}

    def step(self, actions):
        assert all(self.mask[action] for action in actions.values()), "a forbidden action"
        self.clock += 1
        over = self.clock == self.max_cycles
        self.agents = [] if over else ["a", "b"]
        observations, infos = self._seen()
        rewards = {agent: float(action == 2) for agent, action in actions.items()}
        return observations, rewards, dict.fromkeys("ab", over), dict.fromkeys("ab", False), infos


class Hunt(ParallelEnv):
    """A hunter and two hares, which see and do other things: whoever does what it is shown earns 1.

    The hunter is shown one of three directions, a hare the number of one of two actions."""

    metadata = {"name": "hunt"}  # noqa: RUF012
    max_cycles = 6

    def __init__(self):
        self.possible_agents = ["hunter", "hare_0", "hare_1"]

    def observation_space(self, agent):
        return Box(0, 1, (3,)) if agent == "hunter" else Dict(way=Discrete(2, start=5))

    def action_space(self, agent):
        return Discrete(3) if agent == "hunter" else Discrete(2, start=1)

    def reset(self, seed=None, options=None):
        self.chance, self.agents, self.clock = np.random.default_rng(seed), self.possible_agents, 0
        return self._seen(), {agent: {} for agent in self.agents}

    def _seen(self):
        direction, *ways = self.right = [int(self.chance.integers(n)) for n in (3, 2, 2)]
        hares = {f"hare_{i}": {"way": 5 + way} for i, way in enumerate(ways)}
        return {"hunter": np.eye(3, dtype=np.float32)[direction]} | hares

    def step(self, actions):
        firsts = {"hunter": 0, "hare_0": 1, "hare_1": 1}
        did = [actions[agent] - first for agent, first in firsts.items()]
        rewards = {a: float(x == y) for a, x, y in zip(firsts, did, self.right, strict=True)}
        self.clock += 1
        over = dict.fromkeys(firsts, self.clock == self.max_cycles)
        self.agents = [] if self.clock == self.max_cycles else self.agents
        seen, infos = self._seen(), {agent: {} for agent in firsts}
        return seen, rewards, dict.fromkeys(firsts, False), over, infos
