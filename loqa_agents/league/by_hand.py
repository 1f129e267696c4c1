"""Pairs with a plain Python player in them: one game at a time, with NumPy."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import numpy as np

from loqa_agents.league.entrants import Seated
from loqa_agents.league.tables import Met
from loqa_agents.players.python.foreign_code import Fault, called
from loqa_agents.players.python.player import anew, seeds
from loqa_envs.adapters.single import Match, uniform
from loqa_envs.arrays import Array, of_seat
from loqa_envs.game import Carry, Game, Params, Policy, ScriptedPolicy
from loqa_envs.keys import from_words

Act = Callable[[np.random.Generator, Carry, Array], tuple[Any, Carry]]


class PlayerError(ValueError):
    """A player raised or did what it may not; says which, and in which episode and step."""

    def __init__(self, player: str, episode: int, step: int, what: str) -> None:
        super().__init__(
            f"player {player} must play on; in episode {episode + 1}, step {step + 1} {what}."
        )
        self.player = player


def play_by_hand(
    seed: int, game: Game, names: tuple[str, str], pair: tuple[Seated, Seated], episodes: int
) -> Met:
    """``[E, 2]``: the pair's episodes, the first in the first seat in every other one.

    Raises:
        PlayerError: where a player of the host raises, or does not answer with an action.
    """
    generator = np.random.default_rng(seed)
    seats = [
        _asked(names[who], 0, 0, _seats, player, seeds(seed, who))
        for who, player in enumerate(pair)
    ]
    match = Match(game, game.episode_length)
    rewards, info = [], []
    for episode in range(episodes):
        order = (0, 1) if episode % 2 == 0 else (1, 0)  # who sits in which seat
        carries = [
            _asked(names[who], episode, 0, seats[who][number].begin)
            for number, who in enumerate(order)
        ]
        match.reset(generator)
        totals: dict[str, Any] = {}
        for step in range(game.episode_length):
            observations = match.observe()
            actions = []
            for number, who in enumerate(order):
                action, carries[number] = _asked(
                    names[who], episode, step,
                    seats[who][number].act, generator, carries[number],
                    of_seat(observations, number),
                )  # fmt: skip
                if not 0 <= action < game.num_actions:
                    raise illegal(names[who], episode, step, game)
                actions.append(int(action))
            _, measured = match.play(actions, generator)
            for name, values in measured.items():
                totals[name] = totals.get(name, 0) + np.array(values)
        by_player = list(order)
        rewards.append(np.array(match.returns)[by_player] / game.episode_length)
        info.append({name: sums[by_player] / game.episode_length for name, sums in totals.items()})
    stacked: dict[str, Array] = {name: np.stack([each[name] for each in info]) for name in info[0]}
    return Met(np.stack(rewards), stacked)


class _Seat(NamedTuple):
    """How a player begins an episode in a seat, and how it acts there."""

    begin: Callable[[], Carry]
    act: Act


def _seats(player: Seated, own_seeds: Iterator[int]) -> list[_Seat]:
    if player.on_host:
        begin = partial(next, own_seeds)
        made = anew(player.seats, next(own_seeds))
        return [_Seat(begin, partial(_act_on_host, policy)) for policy in made]
    return [_Seat(p.initial_carry, _act(p, player.params)) for p in player.seats]


def _act_on_host(
    policy: Policy, generator: np.random.Generator, carry: Carry, seen: Array
) -> tuple[Any, Carry]:
    return policy.act(None, (), carry, seen)[:2]  # type: ignore[arg-type]


def _act(policy: Policy, params: Params) -> Act:
    if isinstance(policy, ScriptedPolicy):
        scripted = policy
        return lambda generator, carry, seen: scripted.choose(
            carry, seen, uniform(generator, scripted.noise_size)
        )

    cached: Any = _compiled
    try:
        jitted = cached(policy)
    except TypeError:  # it cannot be hashed
        jitted = cached.__wrapped__(policy)
    return lambda generator, carry, seen: jitted(
        generator.integers(2**32, size=2, dtype=np.uint32), params, carry, seen
    )


def illegal(player: str, episode: int, step: int, game: Game) -> PlayerError:
    """The error of a player that answered with what is no action."""
    return PlayerError(player, episode, step, f"its action was none of 0 to {game.num_actions - 1}")


@lru_cache(256)
def _compiled(policy: Policy) -> Callable[..., tuple[Array, Carry]]:
    """``act`` with the words of a key in its place; the same for all players of an architecture."""

    @jax.jit
    def jitted(words: Any, params: Params, carry: Carry, seen: Array) -> tuple[Array, Carry]:
        return policy.act(from_words(words), params, carry, seen)[:2]

    return jitted


def _asked(name: str, episode: int, step: int, ask: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return called(ask, *arguments)
    except Fault as fault:
        raise PlayerError(name, episode, step, f"it {fault}") from fault
