"""Episodes of somebody's environment, many copies of it stepped together."""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Annotated, Any, TypeAlias

import jax
import numpy as np
from annotated_types import Interval

from loqa_agents.common.rollout import Trajectory, all_act
from loqa_agents.training.host.recorder import Recorder
from loqa_envs.adapters.host.copies import CopyFailed, MakeEnv
from loqa_envs.adapters.host.environment import environment
from loqa_envs.adapters.host.game import HostGame
from loqa_envs.adapters.host.in_process import Copies, CopiesHere
from loqa_envs.adapters.host.in_workers import CopiesInWorkers
from loqa_envs.game import Carry, Extras, Params, Policy
from loqa_envs.keys import boundary, stream
from loqa_envs.observation import each_array
from loqa_envs.validation import Count, check

Workers: TypeAlias = Annotated[int, Interval(ge=0, le=1024)]


class EnvironmentFailed(RuntimeError):  # noqa: N818 -- as Python's own EnvironmentError was another
    """An environment raised, or the process of one of its copies ended."""


class IllegalAction(ValueError):  # noqa: N818 -- it is read as "illegal action: ..."
    """A policy answered with what is no action."""

    def __init__(self, copy: int, step: int, seat: int, what: str) -> None:
        super().__init__(what)
        self.copy, self.step, self.seat = copy, step, seat


class HostEpisodes:
    """Plays episodes of an environment that is written in Python, as `play_episode` plays a game's.

    Each episode has a copy of the environment, made when it is first needed. Copies are reset with
    seeds that follow from the key, so that the same key gives the same episodes if the environment
    is deterministic under its seed.

    Args:
        game: the environment, as `loqa_envs.environment` knows it, or a function that makes it.
        workers: number of processes that share the copies; 0 steps them in this one. A program that
            uses workers must start below ``if __name__ == "__main__":``, since they import it.

    Raises:
        ValueError: for what `loqa_envs.environment` refuses, and if workers cannot import the
            function that makes it.
    """

    def __init__(self, game: HostGame | MakeEnv, workers: Workers = 0) -> None:
        workers = check("workers", workers, Workers)
        self.game = game if isinstance(game, HostGame) else environment(game)
        self._copies: Copies = (
            CopiesInWorkers(self.game, workers) if workers else CopiesHere(self.game)
        )

    def bytes_needed(self, copies: int) -> int:
        """Bytes of memory that what happens in so many episodes takes."""
        sizes = each_array(
            lambda leaf: prod(leaf.shape) * np.dtype(leaf.dtype).itemsize,
            self.game.observation_spec.tree,
        )
        seen: int = sum(jax.tree.leaves(sizes))
        rows = copies * (self.game.episode_length + 1) * self.game.num_players
        return int(rows * (seen + 4 * 4))  # and action, reward, continues, truncated

    def close(self) -> None:
        """Close all copies, and end the workers."""
        self._copies.close()

    def play(
        self, key: jax.Array, policies: Sequence[Policy], params: Sequence[Params], episodes: Count
    ) -> Trajectory:
        """Episodes ``[episodes]`` in front; ``policies`` and ``params`` have one for each seat.

        Policies must be hashable, as frozen dataclasses are. See `play_columns` for the rest.
        """
        number = check("episodes", episodes, Count)
        varies = (False,) * len(policies)
        played = self.play_columns(key, tuple(policies), tuple(params), varies, number, 1)
        one: Trajectory = jax.tree.map(lambda leaf: leaf[:, 0], played)
        return one

    @boundary
    def play_columns(
        self,
        key: jax.Array,
        policies: tuple[Policy, ...],
        params: tuple[Params, ...],
        varies: tuple[bool, ...],
        episodes: int,
        columns: int,
    ) -> Trajectory:
        """Episodes ``[B, n]`` of each of n columns, with axes in front, as arrays of NumPy.

        ``params`` of the seats that ``varies`` have an axis of columns. Arrays are as long as the
        longest possible episode. ``continues`` is 0 where an agent terminated. After an agent's end
        its rewards are 0 and its observations the last one, repeated. ``info["truncated"]`` is 1
        where an agent's episode was cut off before ``episode_length`` steps.

        Raises:
            EnvironmentFailed: if a copy raises or is lost; it names environment, copy and step.
            IllegalAction: if a policy answers with what is no action.
            ValueError: for anything of the environment that does not fit its spaces.
        """
        game, copies, front = self.game, episodes * columns, (episodes, columns)
        recorder = Recorder(game, copies)
        drawn = jax.random.bits(stream(key, "environments"), (copies,), np.uint32)
        seeds = (np.asarray(drawn) >> 1).tolist()  # many environments want seeds below 2**31
        rows = self._asked(self._copies.reset, seeds)
        recorder.see(0, rows)
        carries = tuple(
            jax.tree.map(lambda leaf: np.broadcast_to(leaf, front + np.shape(leaf)), c)
            for c in (policy.initial_carry() for policy in policies)
        )
        acting, noted = stream(key, "acting"), []
        for t in range(game.episode_length):
            seen = jax.tree.map(
                lambda rows, t=t: rows[:, t].reshape(front + rows.shape[2:]), recorder.observations
            )
            actions, carries, extras = _act(
                acting, np.int32(t), params, carries, seen, policies, varies
            )
            noted.append(jax.tree.map(np.asarray, extras))
            recorder.actions[:, t] = np.asarray(actions).reshape(copies, -1)
            self._check_actions(t, recorder.actions[:, t])
            if not rows.playing.any():
                recorder.repeat(t)
                noted += noted[-1:] * (game.episode_length - t - 1)
                break
            rows.actions[:] = recorder.actions[:, t]
            self._asked(self._copies.step, t)
            recorder.note(t, rows)
        extras = jax.tree.map(lambda *leaves: np.stack(leaves, len(front)), *noted)
        return recorder.trajectory(front, extras, jax.tree.map(np.asarray, carries))

    def _check_actions(self, t: int, actions: Any) -> None:
        illegal = (actions < 0) | (actions >= self.game.num_actions)
        if illegal.any():
            copy, seat = np.argwhere(illegal)[0].tolist()
            raise IllegalAction(
                copy, t, seat,
                f"an action must be one of 0 to {self.game.num_actions - 1}, the player of "
                f"{self.game.agents[seat]} chose {actions[copy, seat]} in step {t}.",
            )  # fmt: skip

    def _asked(self, ask: Callable[..., Any], *what: Any) -> Any:
        try:
            return ask(*what)
        except CopyFailed as failed:
            raise EnvironmentFailed(
                f"copy {failed.copy} of {self.game.name} {failed.what}"
            ) from failed


@partial(jax.jit, static_argnames=("policies", "varies"))
def _act(
    key: jax.Array,
    t: np.int32,
    params: Sequence[Params],
    carries: tuple[Carry, ...],
    observations: Any,
    policies: tuple[Policy, ...],
    varies: tuple[bool, ...],
) -> tuple[jax.Array, tuple[Carry, ...], tuple[Extras, ...]]:
    """One step of all seats ``[B, n]``: actions ``[B, n, P]``, carries and extras."""

    def one(key: Any, params: Any, carries: Any, observations: Any) -> Any:
        keys = jax.random.split(key, len(policies))
        return all_act(keys, policies, params, carries, observations)

    columns = jax.vmap(one, (0, tuple(0 if each else None for each in varies), 0, 0))
    keys = jax.random.split(jax.random.fold_in(key, t), jax.tree.leaves(observations)[0].shape[:2])
    moved: Any = jax.vmap(columns, (0, None, 0, 0))(keys, tuple(params), carries, observations)
    actions, carries, extras = moved
    return actions, carries, extras
