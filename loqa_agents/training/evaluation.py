"""How players fare against each other: mean reward per step over whole episodes."""

from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from loqa_agents.common.peak import peak_bytes, tree_bytes
from loqa_agents.common.rollout import play_episode
from loqa_envs.game import Game, Params, Policy, in_seat
from loqa_envs.keys import boundary
from loqa_envs.keys import key as key_of
from loqa_envs.policy import Random, SwitchPolicy

BATCH = 128
"""Episodes of one compiled batch; evaluations play a multiple of it."""


class Versus(NamedTuple):
    """Mean rewards per step, ``[..., P]``: a column for each seat of the evaluated agent."""

    agent: NDArray[np.float32]
    """What the agent gets in that seat."""
    opponent: NDArray[np.float32]
    """What whom it meets gets in the other seat."""


class Evaluation(NamedTuple):
    """Means per step, ``[S, P]``: a row for each seed, a column for each seat of the agent."""

    self_play: NDArray[np.float32]
    """Reward against itself."""
    info: dict[str, NDArray[np.float32]]
    """The game's measurements in self-play."""
    versus: dict[str, Versus]


@boundary
def mean_rewards(
    key: jax.Array,
    game: Game,
    policies: tuple[Policy, Policy],
    params: tuple[Params, Params],
    episodes: int,
) -> jax.Array:
    """Mean reward per step of each seat, ``[2]``, over whole episodes."""
    return _means(key, game, policies, params, episodes).rewards


class _Means(NamedTuple):
    """Means per step, ``[2]`` each."""

    rewards: jax.Array
    info: dict[str, jax.Array]


def _means(
    key: jax.Array,
    game: Game,
    policies: tuple[Policy, Policy],
    params: tuple[Params, Params],
    episodes: int,
) -> _Means:
    keys = jax.random.split(key, episodes)
    trajectories = jax.vmap(lambda key: play_episode(key, game, policies, params))(keys)
    means: _Means = jax.tree.map(
        lambda leaf: leaf.mean((0, 1)), _Means(trajectories.rewards, trajectories.info)
    )
    return means


class Evaluator:
    """Plays the actors of many seeds, ``actors[S]``, against themselves and the scripted players.

    Every number is of one seat, and a mean over half of ``episodes`` episodes (rounded up to whole
    batches of `BATCH`) with fresh randomness; the other half is of the other seat.
    """

    def __init__(self, game: Game, policy: Policy) -> None:
        self.game = game
        self._seats: Any = in_seat(policy, 0), in_seat(policy, 1)
        self.players = tuple(game.scripted_players(seat) for seat in (0, 1))
        self._evaluate = jax.jit(jax.vmap(self._evaluate_one, in_axes=(None, 0)))
        self._cooperation = [
            jax.jit(jax.vmap(partial(self._cooperation_one, seat), in_axes=(None, 0)))
            for seat in (0, 1)
        ]
        self._meet = jax.jit(jax.vmap(self._meet_one, in_axes=(None, 0, 0)))

    @boundary
    def bytes_needed(self, actors: Params) -> int:
        """Bytes of memory that evaluation and cross-play of ``actors[S]`` take, by estimate.

        Shapes do for the actors. The programs are traced for it, which need not be done again.
        """
        number = jax.tree.leaves(actors)[0].shape[0]
        needed = peak_bytes(self._evaluate.trace(key_of(0), actors).jaxpr.jaxpr)
        if number > 1:
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
        by_player = {
            name: Versus(versus[:, i, :, 0], versus[:, i, :, 1])
            for i, name in enumerate(self.players[0])
        }
        return Evaluation(itself.rewards, itself.info, by_player)

    @boundary
    def meet(self, key: jax.Array, actors: Params, others: Params, episodes: int) -> Versus:
        """Each of ``actors[N]`` against its one of ``others[N]``: ``[N, P]``."""
        rewards = self._average(lambda key: self._meet(key, actors, others), key, episodes)
        return Versus(rewards[..., 0], rewards[..., 1])

    @boundary
    def cross_play(self, key: jax.Array, actors: Params, episodes: int) -> NDArray[np.float32]:
        """Mean reward in each seat, ``[pairs, P]``, for pairs of seeds in either order.

        Pairs are in the order of `itertools.combinations`.
        """
        number = jax.tree.leaves(actors)[0].shape[0]
        pairs = np.array(list(combinations(range(number), 2)), int).reshape(-1, 2)
        if not len(pairs):
            return np.zeros((0, 2), np.float32)
        first, second = (jax.tree.map(lambda leaf, i=i: leaf[pairs[:, i]], actors) for i in (0, 1))
        met = self.meet(key, first, second, episodes)
        return np.asarray((met.agent + met.opponent[:, ::-1]) / 2, np.float32)

    @boundary
    def cooperation(self, key: jax.Array, actors: Params, seat: int = 0) -> NDArray[np.float32]:
        """P(action 0) in each situation of a matrix game that ``seat`` sees, ``[S, 5]``.

        Histories are of random play, in which every situation occurs; for players without memory
        the history does not matter.
        """
        return np.asarray(self._cooperation[seat](key, actors))

    def _average(self, play: Any, key: jax.Array, episodes: int) -> Any:
        keys = jax.random.split(key, -(-episodes // BATCH))
        batches = [play(batch_key) for batch_key in keys]
        return jax.tree.map(lambda *leaves: np.mean(leaves, axis=0), *batches)

    def _meet_one(self, key: jax.Array, actor: Params, other: Params) -> jax.Array:
        return self._both_seats(key, self._seats, actor, other).rewards

    def _evaluate_one(self, key: jax.Array, actor: Params) -> tuple[_Means, jax.Array]:
        """Means of each seat in self-play; rewards against each player, ``[players, 2, 2]``."""
        self_key, versus_key = jax.random.split(key)
        both = self._both_seats(self_key, self._seats, actor, actor)
        first, second = (SwitchPolicy(tuple(players.values())) for players in self.players)
        numbers = jnp.arange(len(self.players[0]), dtype=jnp.int32)
        keys = jax.random.split(versus_key, len(self.players[0]))

        def meet(key: jax.Array, number: jax.Array) -> jax.Array:
            return self._both_seats(key, (first, second), actor, number).rewards

        itself = jax.tree.map(lambda leaf: (leaf[:, 0] + leaf[::-1, 1]) / 2, both)
        return itself, jax.vmap(meet)(keys, numbers)

    def _both_seats(
        self, key: jax.Array, others: tuple[Policy, Policy], actor: Params, other_params: Params
    ) -> _Means:
        """Means ``[2, 2]``: with the actor in each seat, of the actor and of the other.

        ``others`` are the other player as it sits in each seat.
        """
        keys = jax.random.split(key)
        play = partial(_means, game=self.game, episodes=BATCH // 2)
        there = (self._seats[0], others[1]), (actor, other_params)
        back = (others[0], self._seats[1]), (other_params, actor)
        means = [
            play(key, policies=policies, params=params)
            for key, (policies, params) in zip(keys, (there, back), strict=True)
        ]
        both: _Means = jax.tree.map(lambda a, b: jnp.stack([a, b[::-1]]), *means)
        return both

    def _cooperation_one(self, seat: int, key: jax.Array, actor: Params) -> jax.Array:
        anything = (Random(self.game.num_actions),) * 2
        policy = self._seats[seat]
        keys = jax.random.split(key, BATCH)
        episodes = jax.vmap(lambda key: play_episode(key, self.game, anything, ((), ())))(keys)
        situations = episodes.observations[:, :, seat]  # [B, T + 1, 5]
        logits = jax.vmap(lambda seen: policy.log_probabilities(actor, seen))(situations)
        cooperation = jnp.exp(logits[..., :1]) * situations
        return cooperation.sum((0, 1)) / situations.sum((0, 1))
