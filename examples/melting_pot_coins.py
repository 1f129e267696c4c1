"""Two of Melting Pot's substrates as environments to train in, through Shimmy.

Melting Pot's bots are a large download that its substrates do not need, so an empty archive takes
their place; from the folder of this file:

    python - <<'END'
    import pathlib, tarfile, tempfile
    archive = pathlib.Path(tempfile.gettempdir(), "meltingpot-assets-2.3.0.tar.gz")
    with tarfile.open(archive, "w:gz") as file:
        folder = tarfile.TarInfo("assets")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        file.addfile(folder)
    END
    pip install '..[render]' dm-meltingpot shimmy
    loqa train melting_pot_coins:coins_in_parts --algorithm loqa --seats-alike --episodes 8 \
        --updates 150 --balance --entropy 0.05 --actor-steps 8 --critic-steps 8

There are also `coins`, `prisoners_dilemma` and `prisoners_dilemma_in_parts`.

Coins: two players collect coins of two colours. Any coin is worth 1 to who takes it, and costs the
other player 2 if it has the other's colour. Colours and the size of the map differ from episode to
episode. Prisoner's dilemma in the matrix: players gather green (cooperate) or red (defect) and then
hit each other with a beam, which pays both by the shares of what they carry.

Agents see sprites, not pixels. What Melting Pot shows beside an agent's own view is dropped: it
tells of the other player's rewards and inventory.
"""

import random

import numpy as np
from gymnasium.spaces import Box, Dict
from meltingpot import substrate
from pettingzoo.utils import BaseParallelWrapper
from shimmy import MeltingPotCompatibilityV0

SIZE = 8
"""Pixels across a sprite."""


class MeltingPot(BaseParallelWrapper):
    """A substrate, made anew for each seed; agents see what subclasses make of Melting Pot's view.

    A seed decides what Melting Pot draws in Python (map and colours) and seeds its engine, which
    does not make an episode certain: of eight with one seed and the same actions, three to five
    were one and the others another.

    (SuperSuit's ``observation_lambda_v0`` could change what is seen, too, but it turns parallel
    environments into ones that agents play in turn and back, which takes more than twice as long.)

    Args:
        part: an episode of this environment is so many steps of the substrate's, and the next one
            goes on from there until that has ended, whatever the seed. To build a map takes as
            long as hundreds of steps.
        max_cycles: steps after which the substrate's episode is cut off; many end earlier.
    """

    name = ""

    def __init__(self, part=None, max_cycles=1000, render_mode="rgb_array"):
        substrate.get_config(self.name)  # imports what may draw random numbers of its own
        self._settings = self.name, max_cycles, render_mode
        self.max_cycles = part or max_cycles
        self._going_on = False
        super().__init__(self._make(0))

    def _make(self, seed):
        name, max_cycles, render_mode = self._settings
        before = random.getstate()
        random.seed(seed)
        try:
            return MeltingPotCompatibilityV0(None, name, max_cycles, render_mode)
        finally:
            random.setstate(before)

    def observation_space(self, agent):
        return self.space

    def see(self, view):
        """An agent's observation, from all that Melting Pot shows it."""
        raise NotImplementedError

    def reset(self, seed=None, options=None):
        if not self._going_on:
            self.env.close()
            self.env = self._make(seed)
            self._views, _ = self.env.reset()
        self._steps, self._going_on = 0, False
        self.agents = self.possible_agents[:]
        return self._seen(), {agent: {} for agent in self.agents}

    def step(self, actions):
        self._views, rewards, ended, cut, infos = self.env.step(actions)
        self._steps += 1
        self.agents = self.env.agents[:]
        if self.agents and self._steps == self.max_cycles:
            self._going_on, self.agents = True, []
            cut = dict.fromkeys(cut, True)
        return self._seen(), rewards, ended, cut, infos

    def _seen(self):
        return {agent: self.see(view) for agent, view in self._views.items()}

    def state(self):
        """The whole map as an image."""
        return self.env.state()[0]["WORLD.RGB"]


class Coins(MeltingPot):
    """Agents see `kinds`. Ends by chance, after 300 steps at the earliest."""

    name = "coins"
    space = Box(0, 255, (11, 11, 4), np.uint8)

    def see(self, view):
        return kinds(view["RGB"])


class PrisonersDilemma(MeltingPot):
    """Agents see `means`, tens of what they carry, and whether their beam is ready. Ends by chance,
    after 1000 steps at the earliest.
    """

    name = "prisoners_dilemma_in_the_matrix__repeated"
    space = Dict(
        {
            "sprites": Box(0, 255, (5, 5, 3), np.uint8),
            "INVENTORY": Box(0, np.inf, (2,), np.float64),
            "READY_TO_SHOOT": Box(0, 1, (), np.float64),
        }
    )

    def see(self, view):
        return {
            "sprites": means(view["RGB"]),
            "INVENTORY": view["INVENTORY"] / 10,
            "READY_TO_SHOOT": view["READY_TO_SHOOT"],
        }


def means(rgb):
    """The mean colour ``uint8[n, n, 3]`` of each sprite of a view ``uint8[8 n, 8 n, 3]``."""
    n = len(rgb) // SIZE
    rows = rgb.reshape(n, SIZE, n, SIZE * 3).sum(1, dtype=np.uint16)
    return (rows.reshape(n, n, SIZE, 3).sum(2) / SIZE**2).astype(np.uint8)


def kinds(rgb):
    """Four planes ``uint8[11, 11, 4]``, of 0 and 255: coins of the agent's own colour, other coins,
    players, walls. The agent is at [9, 5] and looks towards [0, 5].
    """
    sprites = rgb.reshape(11, SIZE, 11, SIZE, 3).swapaxes(1, 2)
    filled = sprites[..., 1] > 0  # what is not the black floor
    wall = filled[:, :, 0, 0]
    player = filled[:, :, 7, 2] & ~wall  # a foot, where coins are round
    coins = np.nonzero(filled[:, :, 3, 3] & ~player & ~wall)
    colours, own = sprites[coins].mean((1, 2)), sprites[9, 5].mean((0, 1))
    mine = colours @ own > 0.99 * np.linalg.norm(colours, axis=1) * np.linalg.norm(own)
    planes = np.zeros((11, 11, 4), np.uint8)
    planes[*coins, np.where(mine, 0, 1)] = 255
    planes[player, 2] = planes[wall, 3] = 255
    return planes


def coins():
    return Coins()


def coins_in_parts():
    """The same in parts of 100 steps."""
    return Coins(part=100, max_cycles=5000)


def prisoners_dilemma():
    return PrisonersDilemma()


def prisoners_dilemma_in_parts():
    """The same in parts of 100 steps."""
    return PrisonersDilemma(part=100, max_cycles=5000)
