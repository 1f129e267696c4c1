"""`check_policy`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loqa_envs.arrays import of_seat
from loqa_envs.catalogue import make_player
from loqa_envs.game import Game, Params, Policy, ScriptedPolicy
from loqa_envs.keys import boundary, key
from loqa_envs.testing.compare import NUMPY, Laws, stacked

_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


@boundary
def check_policy(
    policy: Policy | str,
    game: Game,
    *,
    params: Params = (),
    seat: int = 0,
    seed: int = 0,
    steps: int = 20,
) -> None:
    """Check that a player keeps the laws that training, leagues and environments rely on.

    It plays ``seat`` of ``game`` for ``steps`` steps, or an episode if that is shorter, against
    random actions. Checked are, in this order:

    - settings: equal ones make equal players with equal hashes, with as many actions as the game;
    - ``initial_carry`` is the same every time, and no carry changes its structure, shapes or types;
    - ``act`` gives an ``int32`` scalar that is an action of the game, and extras of one form; the
      same for the same key, compiled or not;
    - of a `ScriptedPolicy`: ``choose`` changes none of its arguments, takes no more noise than
      ``noise_size`` says, and does the same in NumPy and in JAX.

    Args:
        policy: the player, or its name.
        params: its parameters, if it has some.

    Raises:
        AssertionError: for the first law that is broken.
        ValueError: if it is no player of this game (see `loqa_envs.make_player`).
    """
    player = make_player(policy, game, seat)
    laws = Laws(policy if isinstance(policy, str) else type(policy).__name__)
    seen = seen_by(seat, watch(game, seed, min(steps, game.episode_length)))
    check_player(laws, player, game, params, seen, seed)


def check_player(
    laws: Laws, player: Policy, game: Game, params: Params, observations: list[Any], seed: int
) -> None:
    """`check_policy` on what the player's seat sees, step by step."""
    laws.settings(player)
    laws.require(
        player.num_actions == game.num_actions,
        f"num_actions must be the game's, {game.num_actions}; got {player.num_actions}.",
    )
    with laws.works("initial_carry"):
        first = player.initial_carry()
    laws.arrays("initial_carry", first)
    laws.same("initial_carry, called twice,", player.initial_carry(), first)
    if isinstance(player, ScriptedPolicy) and not getattr(game, "needs_jax", False):
        _check_choices(laws, game, player, observations, seed)
        if type(player).act is ScriptedPolicy.act:  # which only draws the noise for `choose`
            return
    keys = jax.random.split(key(seed), len(observations))
    act: Any = jax.jit(player.act)
    carry, extras = first, None
    for step, (step_key, observation) in enumerate(zip(keys, observations, strict=True)):
        with laws.works(f"act, in step {step},"):
            move = act(step_key, params, carry, observation)
        laws.require(
            isinstance(move, tuple) and len(move) == 3 and isinstance(move[2], dict),
            f"act must return an action, the next carry and a dictionary of extras; got {move!r}.",
        )
        _check_move(laws, game, move[:2], first, f"in step {step}")
        if step == 0:
            eager = laws.pure("act", player.act, step_key, params, carry, observation)
            laws.same("act with and without jax.jit", eager, move, rtol=1e-5)
        laws.same_types(f"the extras, in step {step},", move[2], extras or move[2])
        _, carry, extras = move


def seen_by(seat: int, observations: list[Any]) -> list[Any]:
    """What one seat sees of `watch`, step by step."""
    return [of_seat(observation, seat) for observation in observations]


@boundary
def watch(game: Game, seed: int, steps: int) -> list[Any]:
    """What everyone sees while all act at random, step by step, ``[P, ...]``."""
    size = (steps, game.num_players)
    actions = np.random.default_rng(seed).integers(game.num_actions, size=size).astype(np.int32)

    def step(state: Any, xs: tuple[jax.Array, jax.Array]) -> Any:
        step_key, joint = xs
        return game.step(step_key, state, joint)[0], game.observe(state)

    @jax.jit
    def play(key: jax.Array) -> Any:
        reset_key, *step_keys = jax.random.split(key, 1 + steps)
        return jax.lax.scan(
            step, game.reset(reset_key), (jnp.stack(step_keys), jnp.asarray(actions))
        )[1]

    seen = jax.device_get(play(key(seed)))
    return [jax.tree.map(lambda leaf, i=i: leaf[i], seen) for i in range(steps)]


def _check_move(laws: Laws, game: Game, move: Any, first: Any, when: str) -> None:
    laws.require(
        isinstance(move, tuple) and len(move) == 2,
        f"choose must return an action and the next carry, got {move!r}.",
    )
    action, carry = move
    laws.arrays(f"the action, {when},", action)
    got = f"{action.dtype}{list(action.shape)}"
    laws.require(got == "int32[]", f"an action must be an int32 scalar; {when} it is {got}.")
    laws.require(
        0 <= int(action) < game.num_actions,
        f"an action must be from 0 to {game.num_actions - 1}; {when} it is {int(action)}.",
    )
    laws.arrays(f"the carry, {when},", carry)
    laws.same_types(f"the carry, {when},", carry, first)


def _check_choices(
    laws: Laws, game: Game, player: ScriptedPolicy, observations: list[Any], seed: int
) -> None:
    """``choose`` in NumPy, and then all its choices at once in JAX."""
    chance = np.random.default_rng(seed).random((len(observations), player.noise_size), np.float32)
    chance[:1], chance[1:2] = 0, _BELOW_ONE
    carries, moves = [jax.device_get(player.initial_carry())], []
    for step, (observation, noise) in enumerate(zip(observations, chance, strict=False)):
        what = f"choose, in step {step},"
        move = laws.pure(what, player.choose, carries[-1], observation, noise)
        laws.arrays(f"what {what} returns", move, NUMPY)
        _check_move(laws, game, move, carries[0], f"in NumPy in step {step}")
        moves.append(move)
        carries.append(move[1])
    with laws.works("choose under jax.jit and jax.vmap"):
        choose = jax.jit(jax.vmap(player.choose))
        made = jax.device_get(choose(stacked(carries[:-1]), stacked(observations), chance))
    for step, move in enumerate(moves):
        one = jax.tree.map(lambda leaf, step=step: leaf[step], made)
        laws.same(f"what is chosen in step {step} in NumPy and in JAX", move, one, rtol=1e-5)
