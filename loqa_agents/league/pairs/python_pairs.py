"""Pairs with a plain Python player in them: one game at a time, with NumPy."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import numpy as np

from loqa_agents.common.seatings import seatings
from loqa_agents.league.entrants import Seated
from loqa_agents.league.pairs.tables import PairResult
from loqa_agents.players.python.foreign_code import Fault, called
from loqa_agents.players.python.player import anew, seeds
from loqa_agents.training.host.match import match_of
from loqa_envs.adapters.single import uniform
from loqa_envs.arrays import Array, of_seat
from loqa_envs.game import Carry, Game, Params, Policy, ScriptedPolicy, State
from loqa_envs.keys import from_words

Act = Callable[[np.random.Generator, Carry, Array], tuple[Any, Carry]]


class PlayerError(ValueError):
    """A player raised or did what it may not; says which, and in which episode and step."""

    def __init__(self, player: str, episode: int, step: int, what: str) -> None:
        super().__init__(
            f"player {player} must play on; in episode {episode + 1}, step {step + 1} {what}."
        )
        self.player = player


def play_python_pair(
    seed: int,
    game: Game,
    names: tuple[str, str],
    pair: tuple[Seated, Seated],
    episodes: int,
    focal: int = 1,
) -> PairResult:
    """``[E, 2]``: the pair's episodes, in which ``focal`` seats are the first one's.

    It holds the `seatings` in turn: of two players, the first seat in every other episode. Every
    seat has a player of its own.

    Raises:
        PlayerError: where a player of the host raises, or does not answer with an action.
    """
    generator = np.random.default_rng(seed)
    number = game.num_players
    whose = [0] * focal + [1] * (number - focal)  # a copy for each seat, the first one's first
    copies = [
        (names[who], _asked(names[who], 0, 0, _seats, pair[who], seeds(seed, copy)))
        for copy, who in enumerate(whose)
    ]
    choices = seatings(game, focal)
    rewards, info = [], []
    with match_of(game) as match:
        for episode in range(episodes):
            held = choices[episode % len(choices)]
            places = [*held, *(place for place in range(number) if place not in held)]
            seated = {
                place: (name, made[place])
                for place, (name, made) in zip(places, copies, strict=True)
            }
            totals: dict[str, Any] = {}
            for _, measured in _steps(
                match, generator, [seated[i] for i in range(number)], episode
            ):
                for name, values in measured.items():
                    totals[name] = totals.get(name, 0) + np.array(values)

            def of_both(values: Any, places: list[int] = places) -> Array:
                by_copy = np.array(values)[places] / game.episode_length
                both: Array = np.stack([by_copy[:focal].mean(), by_copy[focal:].mean()])
                return both

            rewards.append(of_both(match.returns))
            info.append({name: of_both(sums) for name, sums in totals.items()})
    stacked: dict[str, Array] = {name: np.stack([each[name] for each in info]) for name in info[0]}
    return PairResult(np.stack(rewards), stacked)


def watch_python_players(
    seed: int,
    game: Game,
    names: Sequence[str],
    players: Sequence[Seated],
    see: Callable[[Any], None] = lambda match: None,
) -> tuple[Array, Array, State]:
    """One episode, seat by seat: ``actions[T, P]``, ``rewards[T, P]`` and the states, ``[T + 1]``.

    ``see`` is called with the match before the first step and after each.

    Raises:
        PlayerError: as `play_python_pair`.
    """
    generator = np.random.default_rng(seed)
    seated = [
        (name, _asked(name, 0, 0, _seats, player, seeds(seed, place))[place])
        for place, (name, player) in enumerate(zip(names, players, strict=True))
    ]
    actions, returns = [], []
    states: list[State] = []

    def note(match: Any) -> None:
        states.append(match.state)
        see(match)

    with match_of(game) as match:
        for chosen, _ in _steps(match, generator, seated, 0, note):
            actions.append(chosen)
            returns.append(match.returns)
    rewards = np.diff(np.array(returns), axis=0, prepend=0)
    return np.array(actions), rewards, jax.tree.map(lambda *leaves: np.stack(leaves), *states)


def _steps(
    match: Any,
    generator: np.random.Generator,
    seated: Sequence[tuple[str, "_Seat"]],
    episode: int,
    see: Callable[[Any], None] = lambda match: None,
) -> Iterator[tuple[list[int], dict[str, list[float]]]]:
    """Play an episode of named players, seat by seat: their actions, and what the game measures.

    ``see`` is called with the match before the first step and after each.
    """
    carries = [_asked(name, episode, 0, own.begin) for name, own in seated]
    match.reset(generator)
    see(match)
    while not match.finished:
        step = match.clock
        observations = match.observe()
        actions = []
        for number, (name, own) in enumerate(seated):
            action, carries[number] = _asked(
                name,
                episode,
                step,
                own.act,
                generator,
                carries[number],
                of_seat(observations, number),
            )
            if not 0 <= action < match.game.num_actions:
                raise illegal(name, episode, step, match.game)
            actions.append(int(action))
        _, measured = match.play(actions, generator)
        see(match)
        yield actions, measured


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
