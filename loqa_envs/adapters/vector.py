"""Thousands of games, each from one seat or from all, as a Gymnasium vector environment."""

import os
from typing import Any

from gymnasium.vector import AutoresetMode

from loqa_envs.adapters import arguments
from loqa_envs.adapters.rows import RowsVectorEnv
from loqa_envs.catalogue import make_game
from loqa_envs.game import Game, Params, Policy
from loqa_envs.validation import Count, check


class VectorGameEnv(RowsVectorEnv):
    """``num_envs`` games in one jitted step; NumPy arrays go in and fresh NumPy arrays come out.

    Rewards, ends, infos and the three ways to begin the next episode are those of
    ``gymnasium.vector.SyncVectorEnv`` over `GameEnv`; all chance comes from one seed.

    Args:
        game, opponent, seat, opponent_params, settings: as in `GameEnv`.
        num_envs: how many games.
        autoreset_mode: an ``AutoresetMode`` or its value. ``NextStep``: the step after the last one
            begins a new episode, ignores the action and gives no reward. ``SameStep``: the last
            step returns the first observation of the next episode; its own are in
            ``info["final_obs"]`` and ``info["final_info"]``. ``Disabled``: the caller resets, all
            or by ``reset(options={"reset_mask": bool[num_envs]})``.
        max_episode_steps: steps of an episode, instead of the game's own number.
        render_mode: None, ``rgb_array`` or ``ansi``; ``render`` returns a frame for each game.

    Raises:
        ValueError: for settings out of their range, and for actions that are not ``num_envs``
            integers within the space.
        gymnasium.error.ResetNeeded: for a step before ``reset``, or of a game that has ended while
            resets are disabled.
        gymnasium.error.ClosedEnvironmentError: for any use after ``close``.
    """

    def __init__(
        self,
        game: str | Game,
        opponent: str | os.PathLike[str] | Policy = "random",
        *,
        num_envs: int = 1,
        seat: int = 0,
        opponent_params: Params = (),
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        made = make_game(game, **settings)
        self.seat = arguments.check_integer("seat", seat, 0, made.num_players - 1)
        players = tuple(
            None if other == self.seat else arguments.opponent_for(opponent, made, other)
            for other in range(made.num_players)
        )
        if not all(getattr(player, "under_jax", True) for player in players):
            raise ValueError(
                "an opponent of VectorGameEnv must run under JAX, as a strategy of Axelrod does "
                'not. Use gymnasium.make_vec(..., vectorization_mode="sync") or "async" with it; '
                f"got {opponent!r}."
            )
        num_games = check("num_envs", num_envs, Count)
        super().__init__(
            made, players, num_games, opponent_params, autoreset_mode, max_episode_steps,
            render_mode,
        )  # fmt: skip


class SharedVectorEnv(RowsVectorEnv):
    """``num_games`` games in which every seat is open: the view of learners that share parameters.

    Sub-environment ``i * P + s`` is seat s of game i, so ``num_envs`` is ``num_games * P``; the
    seats of a game begin and end together. Otherwise as `VectorGameEnv`, without an opponent.

    Args:
        num_games: how many games.
        game, autoreset_mode, max_episode_steps, render_mode, settings: as in `VectorGameEnv`.

    Raises:
        ValueError, ResetNeeded, ClosedEnvironmentError: as `VectorGameEnv`.
    """

    def __init__(
        self,
        game: str | Game,
        *,
        num_games: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        made = make_game(game, **settings)
        num_games = check("num_games", num_games, Count)
        open_seats = (None,) * made.num_players
        super().__init__(
            made, open_seats, num_games, (), autoreset_mode, max_episode_steps, render_mode
        )
