"""Any game as a PettingZoo environment."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Dict, Discrete
from numpy.typing import NDArray
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils.conversions import parallel_to_aec_wrapper
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from loqa_envs.adapters import arguments, single
from loqa_envs.adapters.rendering import RENDER_FPS, RENDER_MODES, Renderer
from loqa_envs.arrays import of_seat
from loqa_envs.catalogue import make_game
from loqa_envs.game import EpisodeLength, Game
from loqa_envs.observation import Observation, each_array
from loqa_envs.validation import check
from loqa_envs.wording import shown


class ParallelGameEnv(ParallelEnv[str, Observation, int]):  # type: ignore[misc]
    """Every seat of a game is an agent: ``player_0``, ``player_1`` and so on.

    All agents act in every step and all end together, by truncation after ``max_cycles`` steps. On
    that step every agent still gets its observation and its info. ``reset`` without a seed goes on
    with the same stream of chance, ``np_random``. ``state()`` is what all agents see, one after the
    other along the first axis. The game is played with NumPy and is safe to fork.

    Args:
        game: a name in `loqa_envs.GAMES`, or a game.
        max_cycles: steps in an episode, the game's own number by default; can be set later.
        render_mode: None, ``human``, ``rgb_array`` or ``ansi``.
        settings: settings of the game, if it is given by name.

    Raises:
        ValueError: for settings out of their range, and in ``step`` for actions that are missing,
            too many, or outside the space.
        gymnasium.error.ResetNeeded: for a step before ``reset`` or after the end.
    """

    metadata: ClassVar[dict[str, Any]] = {  # each instance adds its name
        "render_modes": RENDER_MODES,
        "render_fps": RENDER_FPS,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        game: str | Game,
        max_cycles: int | None = None,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        if "max_episode_steps" in settings:
            raise ValueError(
                "the steps of a PettingZoo environment must be given as max_cycles; got "
                f"max_episode_steps={shown(settings['max_episode_steps'])}."
            )
        self.game = make_game(game, **settings)
        self._match = single.Match(self.game, self.game.episode_length)
        if max_cycles is not None:
            self.max_cycles = max_cycles
        self.np_random = np.random.default_rng()
        self._renderer = Renderer(render_mode, self.game.name)
        self.render_mode = render_mode
        self.metadata = {  # type: ignore[misc]
            "name": f"{self.game.name}_v{single.VERSION}",
            **type(self).metadata,
        }
        self.possible_agents = single.seat_names(self.game)
        self.agents: list[str] = []
        self.state_space = single.state_space(self.game)
        # Every agent needs a space of its own, since samples come from a space's own generator.
        self._observation_spaces = {
            agent: single.observation_space(self.game) for agent in self.possible_agents
        }
        self._action_spaces = {
            agent: single.action_space(self.game) for agent in self.possible_agents
        }

    @property
    def max_cycles(self) -> int:
        """Steps in an episode."""
        return self._match.length

    @max_cycles.setter
    def max_cycles(self, value: int) -> None:
        self._match.length = check("max_cycles", value, EpisodeLength)

    def observation_space(self, agent: str) -> Box | Dict:
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Discrete:
        return self._action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        seed = arguments.seed_or_none("seed", seed)
        if seed is not None:
            self.np_random = np.random.default_rng(seed)
        self._match.reset(self.np_random)
        self.agents = self.possible_agents[:]
        self._renderer.show(self._match)
        return self._observations(), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, int]
    ) -> tuple[
        dict[str, Observation],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        match, agents = self._match, self.possible_agents
        match.check_running()
        if not isinstance(actions, dict) or actions.keys() != self._action_spaces.keys():
            given = shown([*actions] if isinstance(actions, dict) else actions)
            raise ValueError(
                f"actions must be a dictionary with one for each of {', '.join(agents)}, "
                f"got {given}."
            )
        joint = [self.check_action(agent, actions[agent]) for agent in agents]
        rewards, measured = match.play(joint, self.np_random)
        infos: dict[str, dict[str, Any]] = {
            agent: {name: values[seat] for name, values in measured.items()}
            for seat, agent in enumerate(agents)
        }
        if match.finished:
            self.agents = []
            for info in infos.values():
                # Stable-Baselines3 bootstraps from the last observation where it finds this.
                info["TimeLimit.truncated"] = True
        self._renderer.show(match)
        return (
            self._observations(),
            dict(zip(agents, rewards, strict=True)),
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, match.finished),
            infos,
        )

    def check_action(self, agent: str, action: Any) -> int:
        """An agent's action as an ``int``.

        Raises:
            ValueError: unless it is an integer within the agent's space.
        """
        return arguments.check_integer(f"{agent}'s action", action, 0, self.game.num_actions - 1)

    def state(self) -> Observation:
        self._match.check_begun("state")
        return each_array(single.joined, self._match.observe())

    def render(self) -> NDArray[np.uint8] | str | None:
        return self._renderer.render(self._match)

    def close(self) -> None:
        self._renderer.close()

    def _observations(self) -> dict[str, Observation]:
        rows = each_array(np.asarray, self._match.observe())
        return {agent: of_seat(rows, seat) for seat, agent in enumerate(self.possible_agents)}


class TurnBasedGameEnv(parallel_to_aec_wrapper[str, Observation, int]):  # type: ignore[misc]
    """`ParallelGameEnv` in which agents act in turn; the game moves when the last one has acted.

    Raises:
        ValueError: in ``step`` for an action that is outside the space, or that is not None though
            the agent's episode has ended.
        gymnasium.error.ResetNeeded: for a step before ``reset``, or after all agents have left.
    """

    env: ParallelGameEnv

    def step(self, action: int | None) -> None:
        self.env._match.check_begun("step")
        if not self.agents:
            raise ResetNeeded("step must come before the last agent has left; call reset.")
        agent = self.agent_selection
        if not self.truncations[agent]:
            action = self.env.check_action(agent, action)
        elif action is not None:
            raise ValueError(
                f"{agent}'s action must be None, since its episode has ended, got {shown(action)}."
            )
        super().step(action)


def parallel_env(game: str | Game, **settings: Any) -> ParallelGameEnv:
    """All agents act at once."""
    return ParallelGameEnv(game, **settings)


def raw_env(game: str | Game, **settings: Any) -> AECEnv[str, Observation, int | None]:
    """Agents act in turn; the game moves when the last one has acted."""
    return TurnBasedGameEnv(ParallelGameEnv(game, **settings))


def env(game: str | Game, **settings: Any) -> AECEnv[str, Observation, int | None]:
    """`raw_env` with PettingZoo's check that its methods are called in order."""
    return OrderEnforcingWrapper(raw_env(game, **settings))


def constructors(
    game: str,
) -> tuple[
    Callable[..., AECEnv[str, Observation, int | None]],
    Callable[..., ParallelGameEnv],
    Callable[..., AECEnv[str, Observation, int | None]],
]:
    """``env, parallel_env, raw_env`` of one game, for a module in PettingZoo's style.

    Each takes ``max_cycles``, ``render_mode`` and the game's settings as keywords.
    """

    def of_game(constructor: Callable[..., Any]) -> Callable[..., Any]:
        def construct(
            *, max_cycles: int | None = None, render_mode: str | None = None, **settings: Any
        ) -> Any:
            return constructor(game, max_cycles=max_cycles, render_mode=render_mode, **settings)

        construct.__name__ = constructor.__name__
        construct.__doc__ = constructor.__doc__
        return construct

    return of_game(env), of_game(parallel_env), of_game(raw_env)
