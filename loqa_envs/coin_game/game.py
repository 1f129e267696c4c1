"""The Coin Game on a torus, with a switch for each way in which published versions differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from operator import or_
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loqa_envs.arrays import Array, array_namespace, narrowed
from loqa_envs.coin_game import picture
from loqa_envs.coin_game import players as scripted
from loqa_envs.coin_game.dawdler import dawdler
from loqa_envs.coin_game.numbers import count, draw, draw_cell, numbers, where
from loqa_envs.coin_game.presets import preset_settings
from loqa_envs.coin_game.settings import TRANSLATED, CoinSettings
from loqa_envs.coin_game.state import CoinState
from loqa_envs.coin_game.translation import translated, translated_view
from loqa_envs.coin_game.view import CoinView, view_of
from loqa_envs.game import Policy
from loqa_envs.hooks import require_same
from loqa_envs.observation import ObservationSpec


@dataclass(frozen=True)
class CoinGame(CoinSettings):
    """Players collect coins, each of which belongs to one of them, on a board without edges.

    Rules: all players move at once, and leaving the board on one side enters it on the other.
        Players may share a cell. Whoever moves to a coin takes it, all of them if they are several,
        and it reappears at once on a cell without a player. With one coin, the next one belongs to
        the next player; with ``num_coins`` equal to the number of players, each has a coin of its
        own for good, and coins may share a cell.
    Actions: 0 left, 1 right, 2 up, 3 down, unless ``moves`` orders them otherwise; with ``stay``,
        4 stay.
    Observation: ``float32[2 P, H, W]``, planes with a one where something is: me, the next player
        and so on in the order of seats, my coin, the next player's coin and so on. ``flat`` is the
        same as a vector. ``index`` is ``int32[P + 2]``: the players' cells in that order, the
        coin's cell, and how many seats its owner sits after me; with a coin each, ``int32[2 P]``:
        the players' cells and the coins' cells.
    Reward: +1 to each who takes a coin; -2 to its owner if another took it too or alone.
    Info: ``took_own`` and ``took_other``, the numbers of own and of others' coins taken.
    Chance: the first cells of all, the first owner, and every cell on which a coin reappears.
    Episode: ``episode_length`` steps.
    Differs from: other versions as `loqa_envs.COIN_PRESETS` says for each. LOQA's own code for
        three players never gives the first coin to the third.
    Reference: Lerer and Peysakhovich, Maintaining cooperation in complex social dilemmas using deep
        reinforcement learning (2017); Aghajohari et al., LOQA: Learning with Opponent Q-Learning
        Awareness (ICLR 2024), for these rules.

    Raises:
        ValueError: for settings out of their range, or that contradict each other.
    """

    @classmethod
    def preset(cls, name: str, **settings: Any) -> "CoinGame":
        """The game as published under a name in `loqa_envs.COIN_PRESETS`, but for ``settings``.

        Raises:
            ValueError: for an unknown name.
        """
        return cls(**preset_settings(name) | settings)

    @property
    def name(self) -> str:
        return "coin_game"

    @property
    def observation_spec(self) -> ObservationSpec:
        return self.view.spec

    observations_public = True

    def scripted_players(self, seat: int) -> Mapping[str, Policy]:
        return scripted.players(self, seat)

    def parametrised_players(self, seat: int) -> Mapping[str, Callable[[str], Policy]]:
        return {"dawdler": partial(dawdler, self, 0 if self.seats_alike else seat)}

    def figures(self, info: Mapping[str, Array]) -> dict[str, Array]:
        """``own_colour``: the share of coins of the taker's own colour among all taken."""
        own, other = info["took_own"], info["took_other"]
        with np.errstate(invalid="ignore"):  # unknown where no coin was taken
            return {"own_colour": own / (own + other)}

    def adapt(self, policy: Policy, own: Any, seat: int) -> Policy:
        require_same(own, self, TRANSLATED)
        return translated(policy, own, self, seat)

    def see_as(self, own: Any, observation: Array, seat: int) -> Array:
        return translated_view(own, self, observation, seat)

    def initial_state(self, noise: Array) -> CoinState:
        xp = array_namespace(noise)
        chance = numbers(xp, narrowed(noise))
        players: list[Any] = []
        for seat in range(self.num_players):
            occupied = [] if self.players_overlap else players
            players.append(draw_cell(xp, chance[seat], self.num_cells, occupied))
        occupied = [] if self.coins_on_players else players
        coins = [
            draw_cell(xp, chance[self.num_players + i], self.num_cells, occupied)
            for i in range(self.num_coins)
        ]
        owners = list(range(self.num_coins))
        if self.num_coins == 1:
            owners = [draw(xp, chance[-1], self.num_players)]
        return CoinState(*(xp.asarray(cells, np.int32) for cells in (players, coins, owners)))

    def transition(
        self, state: CoinState, actions: Array, noise: Array
    ) -> tuple[CoinState, Array, dict[str, Array]]:
        xp = array_namespace(actions)
        seats = range(self.num_players)
        for_own, for_other, for_lost = self.rewards
        moved = xp.asarray(self.next_cells)[state.players, actions]
        players, chance = numbers(xp, moved), numbers(xp, narrowed(noise))
        occupied = [] if self.coins_on_players else players
        coins, owners = numbers(xp, state.coins), numbers(xp, state.owners)
        rewards, took_own, took_other = ([0.0] * self.num_players for _ in range(3))
        for i, (coin, owner) in enumerate(zip(coins, owners, strict=True)):
            takes = self._takers([player == coin for player in players])
            owns = [owner == seat for seat in seats]
            other = [takes[seat] & (owner != seat) for seat in seats]
            lost = reduce(or_, other)
            for seat in seats:
                own = takes[seat] & owns[seat]
                owned, foreign, robbed = (
                    count(xp, each, np.float32) for each in (own, other[seat], owns[seat] & lost)
                )
                took_own[seat] += owned
                took_other[seat] += foreign
                rewards[seat] += for_own * owned + for_other * foreign + for_lost * robbed
            gone = reduce(or_, takes)
            coins[i] = where(gone, draw_cell(xp, chance[i], self.num_cells, occupied), coin)
            if self.num_coins == 1:
                owners[i] = where(gone, self._next_owner(xp, owner, chance), owner)
        return (
            CoinState(moved, xp.asarray(coins, np.int32), xp.asarray(owners, np.int32)),
            xp.asarray(rewards, np.float32),
            {
                "took_own": xp.asarray(took_own, np.float32),
                "took_other": xp.asarray(took_other, np.float32),
            },
        )

    def observe(self, state: CoinState) -> Array:
        return self.view.observe(state.players, state.coins, state.owners)

    def render(self, state: CoinState) -> str:
        """The board: players as their numbers, a coin as its owner's number in parentheses."""
        return picture.text(self, state)

    def picture(self, state: CoinState) -> NDArray[np.uint8]:
        """The board, each player in a colour of its own and each coin in its owner's colour."""
        return picture.picture(self, state)

    @cached_property
    def view(self) -> CoinView:
        """What the seats see."""
        return view_of(self)

    def _takers(self, there: list[Any]) -> list[Any]:
        """Who of those that are at a coin take it."""
        takes = there[:1]
        for seat in range(1, self.num_players):
            earlier = reduce(or_, there[:seat])
            takes.append(there[seat] & (earlier ^ True) if self.tie == "first" else there[seat])
        return takes

    def _next_owner(self, xp: ModuleType, owner: Any, chance: list[Any]) -> Any:
        if self.next_owner == "random":
            return draw(xp, chance[-1], self.num_players)
        return (owner + 1) % self.num_players
