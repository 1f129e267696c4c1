"""What people see."""

import builtins
import pickle
import sys
from contextlib import suppress
from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium.error import DependencyNotInstalled, ResetNeeded

from loqa_envs import IPD, ipd_v0
from loqa_envs.adapters.rendering import RENDER_FPS, caption, draw_picture
from loqa_envs.adapters.vector import SharedVectorEnv

NO_NOISE = np.zeros(0, np.float32)


def test_the_caption_tells_the_step_and_every_seats_return() -> None:
    assert caption(3, 50, [-4.0, 0.001]) == ["step 3 of 50", "player_0: -4.00", "player_1: 0.00"]
    assert caption(1, 1, [-0.001])[1] == "player_0: 0.00"  # and no minus before a zero


def test_text_shows_the_last_outcome_and_running_returns() -> None:
    env = gymnasium.make("loqa/IPD-v0", opponent="always_defect", render_mode="ansi")
    env.reset(seed=0)
    env.step(0)
    env.step(1)
    text = env.render()
    assert "[-2, -2]" in text
    assert text.splitlines()[-3:] == ["step 2 of 50", "player_0: -5.00", "player_1: -2.00"]
    env.reset()
    assert "player_0: 0.00" in env.render()


@pytest.mark.parametrize(
    "make",
    [
        ipd_v0.parallel_env, ipd_v0.env, ipd_v0.raw_env,
        partial(gymnasium.make, "loqa/IPD-v0"),
        partial(gymnasium.make_vec, "loqa/IPD-v0", num_envs=2),
        partial(gymnasium.make_vec, "loqa/IPD-v0", num_envs=2, vectorization_mode="sync"),
        partial(SharedVectorEnv, "ipd"),
    ],
)  # fmt: skip
def test_every_view_says_how_fast_it_is_played(make) -> None:
    assert make().metadata["render_fps"] == RENDER_FPS


def test_pictures_differ_when_the_state_does_and_keep_their_size() -> None:
    parallel = ipd_v0.parallel_env(render_mode="rgb_array")
    parallel.reset(seed=0)
    frames = [parallel.render()]
    for joint in ((0, 0), (0, 1), (1, 1)):
        parallel.step(dict(zip(parallel.agents, joint, strict=True)))
        frames.append(parallel.render())
    assert {frame.shape for frame in frames} == {frames[0].shape}
    assert all(frame.dtype == np.uint8 and frame.shape[2] == 3 for frame in frames)
    assert len({frame.tobytes() for frame in frames}) == 4


def test_a_games_own_picture_is_enlarged_and_gets_the_caption_below() -> None:
    class Painted(IPD):
        def picture(self, state):
            return np.full((10, 20, 3), (200, 10, 10), np.uint8)

    game = Painted()
    frame = draw_picture(game, game.initial_state(NO_NOISE), 0, 50, [0.0, 0.0])
    # 20 pixels become 320, so 10 become 160; the rest is the caption.
    assert frame.shape[1] == 320
    assert np.all(frame[:160] == (200, 10, 10))
    assert not np.any(np.all(frame[160:] == (200, 10, 10), axis=-1))
    assert frame.flags.writeable


def test_windows_show_every_step_unasked_and_close_twice() -> None:
    pygame = pytest.importorskip("pygame")
    env = gymnasium.make("loqa/IPD-v0", render_mode="human")
    env.reset(seed=0)
    before = pygame.surfarray.array3d(pygame.display.get_surface())
    env.step(0)
    after = pygame.surfarray.array3d(pygame.display.get_surface())
    assert not np.array_equal(before, after)
    same = gymnasium.make("loqa/IPD-v0", render_mode="rgb_array")
    same.reset(seed=0)
    same.step(0)
    np.testing.assert_array_equal(after.swapaxes(0, 1), same.render())
    assert env.render() is None
    env.close()
    env.close()
    assert not pygame.display.get_init()


def test_recorders_find_the_frames_per_second_in_every_environment() -> None:
    environments = [
        gymnasium.make("loqa/IPD-v0"),
        gymnasium.make_vec("loqa/IPD-v0", num_envs=2),
        ipd_v0.parallel_env(),
        ipd_v0.env(),
    ]
    with suppress(ImportError):  # it needs the extra 'ecosystem'
        from loqa_envs.adapters.stable_baselines3 import SharedVecEnv

        environments.append(SharedVecEnv("ipd"))
    assert {env.metadata["render_fps"] for env in environments} == {RENDER_FPS}


def test_an_environment_with_a_window_can_be_copied() -> None:
    pytest.importorskip("pygame")
    parallel = ipd_v0.parallel_env(render_mode="human")
    parallel.reset(seed=0)
    other = pickle.loads(pickle.dumps(parallel))
    parallel.close()
    np.testing.assert_equal(*(e.step({"player_0": 0, "player_1": 1}) for e in (parallel, other)))


def test_a_window_that_its_user_closed_stays_closed_and_play_goes_on() -> None:
    pygame = pytest.importorskip("pygame")
    env = gymnasium.make("loqa/IPD-v0", render_mode="human")
    env.reset(seed=0)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    env.step(0)
    assert not pygame.display.get_init()
    env.step(0)
    assert not pygame.display.get_init()
    env.close()


def test_without_pygame_a_window_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary_import = builtins.__import__

    def without_pygame(name, *args, **kwargs):
        if name == "pygame":
            raise ImportError(name)
        return ordinary_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pygame)
    monkeypatch.delitem(sys.modules, "pygame", raising=False)
    env = ipd_v0.parallel_env(render_mode="human")
    with pytest.raises(DependencyNotInstalled, match=r'pip install "loqa\[render\]"'):
        env.reset(seed=0)


def test_a_window_without_a_display_is_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "no_such_driver")
    env = ipd_v0.parallel_env(render_mode="human")
    with pytest.raises(RuntimeError, match=r"needs a display, and there is none .*rgb_array"):
        env.reset(seed=0)


def test_rendering_before_reset_or_in_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ResetNeeded, match="render must come after reset"):
        ipd_v0.parallel_env(render_mode="ansi").render()
    with pytest.raises(ValueError, match="one of human, rgb_array, ansi; got 'hologram'"):
        ipd_v0.parallel_env(render_mode="hologram")


def test_rendering_without_a_mode_warns_and_shows_nothing() -> None:
    parallel = ipd_v0.parallel_env()
    parallel.reset(seed=0)
    with pytest.warns(UserWarning, match="render does nothing without a render_mode"):
        assert parallel.render() is None
