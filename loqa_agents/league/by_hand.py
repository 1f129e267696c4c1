"""Pairs with a plain Python player in them: one game at a time, with NumPy."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from loqa_agents.league.entrants import Seated, told
from loqa_agents.league.tables import Met
from loqa_envs.adapters.single import Match, uniform
from loqa_envs.game import Array, Carry, Game, Params, Policy, ScriptedPolicy
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
    acts = [[_act(player, number) for number in (0, 1)] for player in pair]
    match = Match(game, game.episode_length)
    rewards, info = [], []
    for episode in range(episodes):
        order = (0, 1) if episode % 2 == 0 else (1, 0)  # who sits in which seat
        carries = [
            _asked(names[who], episode, 0, pair[who].seats[number].initial_carry)
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
                    acts[who][number], generator, carries[number], observations[number],
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


def _act(player: Seated, number: int) -> Act:
    policy: Policy = player.seats[number]
    if player.on_host:
        return lambda generator, carry, seen: policy.act(None, (), carry, seen)  # type: ignore[arg-type]
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
        generator.integers(2**32, size=2, dtype=np.uint32), player.params, carry, seen
    )


def illegal(player: str, episode: int, step: int, game: Game) -> PlayerError:
    """The error of a player that answered with what is no action."""
    return PlayerError(player, episode, step, f"its action was none of 0 to {game.num_actions - 1}")


@lru_cache(256)
def _compiled(policy: Policy) -> Callable[..., tuple[Array, Carry]]:
    """``act`` with the words of a key in its place; the same for all players of an architecture."""

    @jax.jit
    def jitted(words: Any, params: Params, carry: Carry, seen: Array) -> tuple[Array, Carry]:
        return policy.act(from_words(words), params, carry, seen)

    return jitted


def _asked(name: str, episode: int, step: int, ask: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return ask(*arguments)
    except Exception as error:
        raise PlayerError(name, episode, step, f"it raised {told(error)}") from error
