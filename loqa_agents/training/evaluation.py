"""How players fare against each other: mean reward per step over whole episodes."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.common.peak import peak_bytes, tree_bytes
from loqa_agents.common.rollout import play_episode
from loqa_agents.common.seatings import seatings
from loqa_agents.training.means import Means, means
from loqa_envs.game import Game, Params, Policy, in_seat
from loqa_envs.keys import boundary
from loqa_envs.keys import key as key_of
from loqa_envs.policy import Random, SwitchPolicy

BATCH = 128
"""Episodes of one compiled batch; evaluations play a multiple of it."""


class Versus(NamedTuple):
    """Mean rewards per step, ``[..., P]``: a column for each seat of the evaluated agent.

    The mean over columns is per capita: of all focal players, and of all background ones.
    """

    agent: NDArray[np.float32]
    """What the agent gets in that seat."""
    opponent: NDArray[np.float32]
    """What each of those that it meets gets while it sits there."""


class Evaluation(NamedTuple):
    """Means per step, ``[S, P]``: a row for each seed, a column for each seat of the agent."""

    self_play: NDArray[np.float32]
    """Reward with itself in all seats."""
    info: dict[str, NDArray[np.float32]]
    """The game's measurements in self-play."""
    versus: dict[str, Versus]
    """By the names of `Evaluator.rows`."""


_Both: TypeAlias = tuple[jax.Array, jax.Array]
"""What a `Versus` has, within a compiled program."""


class Evaluator:
    """Plays the actors of many seeds, ``actors[S]``, against themselves and the scripted players.

    With two players, every number is of one seat, and a mean over half of ``episodes`` episodes
    (rounded up to whole batches of `BATCH`) with fresh randomness; the other half is of the other
    seat. With more, every scripted player is met by one to N - 1 copies of the agent, in all
    `seatings`, which share the episodes.
    """

    batch = BATCH

    def __init__(self, game: Game, policy: Policy) -> None:
        self.game = game
        seats = range(game.num_players)
        self._seats: Any = [in_seat(policy, seat) for seat in seats]
        scripted = [game.scripted_players(seat) for seat in seats]
        self._anyone = [SwitchPolicy(tuple(players.values())) for players in scripted]
        self._names = tuple(scripted[0])
        self._numbers = range(1, game.num_players) if self._names else ()  # seats that they hold
        self._evaluate = self._over_seeds(self._evaluate_one, (None, 0))
        self._cooperation = [
            self._over_seeds(partial(self._cooperation_one, seat), (None, 0)) for seat in seats
        ]
        self._meet = self._over_seeds(self._meet_one, (None, 0, 0))

    @property
    def rows(self) -> tuple[str, ...]:
        """Whom the agent meets: a scripted player, with N > 2 players as often as in the name.

        ``always_defect x2`` holds two seats, and copies of the agent the others.
        """
        if self.game.num_players == 2:
            return self._names
        return tuple(f"{name} x{number}" for name in self._names for number in self._numbers)

    @boundary
    def bytes_needed(self, actors: Params) -> int:
        """Bytes of memory that evaluation and cross-play of ``actors[S]`` take, by estimate.

        Shapes do for the actors. The programs are traced for it, which need not be done again.
        """
        number = jax.tree.leaves(actors)[0].shape[0]
        needed = peak_bytes(self._evaluate.trace(key_of(0), actors).jaxpr.jaxpr)
        if number > 1 and len(self._seats) > 1:
            rows = number * (number - 1) // 2
            pairs = jax.tree.map(
                lambda leaf: jax.ShapeDtypeStruct((rows, *leaf.shape[1:]), leaf.dtype), actors
            )
            program = self._meet.trace(key_of(0), pairs, pairs).jaxpr.jaxpr
            needed = max(needed, peak_bytes(program) + 4 * tree_bytes(pairs))
        return needed

    @boundary
    def evaluate(self, key: jax.Array, actors: Params, episodes: int) -> Evaluation:
        """Self-play, and play against each scripted player of the game."""
        itself, versus = self._average(lambda key: self._evaluate(key, actors), key, episodes)
        by_row = {
            name: Versus(*(part[:, i] for part in versus)) for i, name in enumerate(self.rows)
        }
        return Evaluation(itself.rewards, itself.info, by_row)

    @boundary
    def meet(self, key: jax.Array, actors: Params, others: Params, episodes: int) -> Versus:
        """Each of ``actors[M]`` among copies of its one of ``others[M]``: ``[M, P]``."""
        return Versus(*self._average(lambda key: self._meet(key, actors, others), key, episodes))

    @boundary
    def cross_play(self, key: jax.Array, actors: Params, episodes: int) -> NDArray[np.float32]:
        """Mean reward in each seat, ``[pairs, P]``, for pairs of seeds in either order.

        It is what a seed gets that sits among copies of the other. Pairs are in the order of
        `itertools.combinations`.
        """
        number, players = jax.tree.leaves(actors)[0].shape[0], self.game.num_players
        pairs = np.array(list(combinations(range(number), 2)), int).reshape(-1, 2)
        if not len(pairs) or players == 1:
            return np.zeros((0, players), np.float32)
        first, second = (jax.tree.map(lambda leaf, i=i: leaf[pairs[:, i]], actors) for i in (0, 1))
        if players == 2:  # what the one meets there is met by the other
            met = self.meet(key, first, second, episodes)
            return np.asarray((met.agent + met.opponent[:, ::-1]) / 2, np.float32)
        there, back = jax.random.split(key)
        ways = self.meet(there, first, second, episodes), self.meet(back, second, first, episodes)
        return np.asarray(np.mean([met.agent for met in ways], axis=0), np.float32)

    @boundary
    def cooperation(self, key: jax.Array, actors: Params, seat: int = 0) -> NDArray[np.float32]:
        """P(action 0) in each of the game's `situations` that ``seat`` sees, ``[S, situations]``.

        Histories are of random play, in which every situation occurs; for players without memory
        the history does not matter.
        """
        return np.asarray(self._cooperation[seat](key, actors))

    def warm_up(self, key: jax.Array, actors: Params) -> None:
        """Compile what evaluation of ``actors[S]`` runs, by running a batch of each."""
        self.evaluate(key, actors, self.batch)
        self.cross_play(key, actors, self.batch)
        if self.game.situations:
            for seat in range(1 if self.game.seats_alike else self.game.num_players):
                self.cooperation(key, actors, seat)

    def _over_seeds(self, one: Callable[..., Any], axes: tuple[int | None, ...]) -> Any:
        return jax.jit(jax.vmap(one, axes))

    def _over_names(self, one: Callable[..., Any]) -> Callable[..., Any]:
        return jax.vmap(one)

    def _means(
        self, key: jax.Array, policies: Sequence[Policy], params: Sequence[Params], episodes: int
    ) -> Means:
        return means(key, self.game, policies, params, episodes)

    def _average(self, play: Any, key: jax.Array, episodes: int) -> Any:
        keys = jax.random.split(key, -(-episodes // self.batch))
        batches = [play(batch_key) for batch_key in keys]
        return jax.tree.map(lambda *leaves: np.mean(leaves, axis=0), *batches)

    def _meet_one(self, key: jax.Array, actor: Params, other: Params) -> _Both:
        return self._versus(key, 1, self._seats, actor, other)

    def _evaluate_one(self, key: jax.Array, actor: Params) -> tuple[Means, _Both]:
        """Means of each seat in self-play; the parts of a `Versus`, ``[rows, P]``."""
        self_key, versus_key = jax.random.split(key)
        plays = self._play(self_key, 1, self._seats, actor, actor).values()
        itself = jax.tree.map(lambda *leaves: sum(leaves) / len(leaves), *plays)
        names = jnp.arange(len(self._names), dtype=jnp.int32)
        several = len(self._numbers) > 1
        keys = jax.random.split(versus_key, len(self._numbers)) if several else [versus_key]
        met = []  # [names, P] for each number of seats that scripted players hold
        for number, number_key in zip(self._numbers, keys, strict=False):
            focal = len(self._seats) - number

            def meet(key: jax.Array, name: jax.Array, focal: int = focal) -> _Both:
                return self._versus(key, focal, self._anyone, actor, name)

            keys_of_names = jax.random.split(number_key, len(names))
            met.append(self._over_names(meet)(keys_of_names, names))
        if not met:
            return itself, (jnp.zeros((0, len(self._seats)), jnp.float32),) * 2
        by_name = jax.tree.map(lambda *parts: jnp.stack(parts, 1), *met)  # [names, numbers, P]
        return itself, jax.tree.map(lambda leaf: leaf.reshape(-1, leaf.shape[-1]), by_name)

    def _versus(
        self, key: jax.Array, focal: int, others: Sequence[Policy], actor: Params, other: Params
    ) -> _Both:
        """The two parts of a `Versus`, ``[P]``: of ``focal`` copies of the actor, of all others."""
        plays = self._play(key, focal, others, actor, other)
        rewards = jnp.stack([means.rewards for means in plays.values()])  # [seatings, P]
        seats = range(self.game.num_players)
        held = np.array([[seat in choice for seat in seats] for choice in plays], np.float32)
        theirs = ((1 - held) * rewards).sum(1, keepdims=True) / max(1, len(seats) - focal)
        times = held.sum(0)
        if len(seats) > 2 and self.game.seats_alike:  # one number stands for all
            agent, opponent = ((held * part).sum() / held.sum() for part in (rewards, theirs))
            return jnp.full(len(seats), agent), jnp.full(len(seats), opponent)
        return (held * rewards).sum(0) / times, (held * theirs).sum(0) / times

    def _play(
        self, key: jax.Array, focal: int, others: Sequence[Policy], actor: Params, other: Params
    ) -> dict[tuple[int, ...], Means]:
        """Means of each seat, for each choice of ``focal`` seats that the actor holds.

        ``others`` are the other player as it sits in each seat.
        """
        choices = seatings(self.game, focal)
        means = {}
        for held, own_key in zip(choices, jax.random.split(key, len(choices)), strict=True):
            players = [
                (mine, actor) if seat in held else (others[seat], other)
                for seat, mine in enumerate(self._seats)
            ]
            policies, params = zip(*players, strict=True)
            means[held] = self._means(own_key, policies, params, self.batch // len(choices))
        return means

    def _cooperation_one(self, seat: int, key: jax.Array, actor: Params) -> jax.Array:
        number, policy = self.game.num_players, self._seats[seat]
        anyone, nothing = [Random(self.game.num_actions)] * number, [()] * number
        keys = jax.random.split(key, BATCH)
        episodes = jax.vmap(lambda key: play_episode(key, self.game, anyone, nothing))(keys)
        seen = episodes.observations[:, :, seat]  # [B, T + 1, *obs]
        logits = jax.vmap(lambda rows: policy.log_probabilities(actor, rows))(seen)
        axes = tuple(range(2, seen.ndim))
        found = [(seen == each).all(axes) for each in self.game.situations.values()]
        situations = jnp.stack(found, -1).astype(jnp.float32)  # [B, T + 1, situations]
        cooperation = jnp.exp(logits[..., :1]) * situations
        return cooperation.sum((0, 1)) / situations.sum((0, 1))
