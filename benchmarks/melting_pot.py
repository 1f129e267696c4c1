"""What do learners do in Melting Pot's Coins and in its prisoner's dilemma in the matrix?

    python benchmarks/melting_pot.py
    python benchmarks/melting_pot.py --only coins/naive coins/loqa

Installed as ``examples/melting_pot_coins.py`` says. Three learners, seeds 42 to 44 of each, train
in self-play in parts of 100 steps, and play the substrates' own episodes afterwards. Agents and
their curves are kept in a folder, so that what is there is not trained again. All is written to
``benchmarks/results/melting_pot.json``, curves and an episode to ``docs``.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import jax
import numpy as np
from machine import describe
from numpy.typing import NDArray

from loqa_agents import (
    Agent,
    DenseGRU,
    HostEpisodes,
    HostTrainer,
    Learner,
    Training,
    Trajectory,
    load_agent,
    save_agent,
)
from loqa_agents.league.intervals import over_seeds
from loqa_envs import environment, make_player
from loqa_envs.keys import key

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "examples"))
import melting_pot_coins as melting_pot  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "melting_pot.json"
Measured: TypeAlias = dict[str, float | None]
SUBSTRATES = ("coins", "prisoners_dilemma")
ALGORITHMS = ("naive", "loqa", "advantage_alignment")
SEEDS = (42, 43, 44)
UPDATES = {"coins": 150, "prisoners_dilemma": 40}
CURVE = 10
"""Updates whose episodes make a point of a curve."""
EPISODES = {"coins": 16, "prisoners_dilemma": 8}
"""Episodes of the substrate's own length that every agent plays at the end."""
SETTINGS: dict[str, Any] = {
    "actor": DenseGRU(hidden=(64,)), "critic": DenseGRU(hidden=(64,)), "finite_horizon": False,
    "actor_learning_rate": 3e-3, "critic_learning_rate": 3e-3,
    "actor_steps": 8, "critic_steps": 8,
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "coins": {"balance": True, "entropy": 0.05},
    # A meeting pays 16 steps later; there are too few to divide by how much advantages vary.
    "prisoners_dilemma": {
        "entropy": 0.003, "discount": 0.99, "gae_decay": 0.97, "td_decay": 0.97, "exploration": 0.1,
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Train and play agents in Melting Pot.")
    parser.add_argument("--only", nargs="+", metavar="SUBSTRATE/ALGORITHM", help="what to train")
    parser.add_argument("--folder", type=Path, default=Path("runs/melting_pot"), help="for agents")
    parser.add_argument("--updates", type=int, help="by default as in the results")
    arguments = parser.parse_args()
    everything = [f"{substrate}/{name}" for substrate in SUBSTRATES for name in ALGORITHMS]
    for seed in SEEDS:
        for word in arguments.only or everything:
            substrate, name = word.split("/")
            file = arguments.folder / f"{substrate}-{name}-{seed}.json"
            if not file.exists():
                train(substrate, name, seed, arguments.updates, file)
            if "final" not in (run := json.loads(file.read_text())):
                run["final"] = finish(substrate, file)
                file.write_text(json.dumps(run))
    collect(arguments.folder)


def train(substrate: str, name: str, seed: int, updates: int | None, out: Path) -> None:
    """One training: an agent, and what happened in its episodes."""
    start = time.perf_counter()
    game = environment(getattr(melting_pot, f"{substrate}_in_parts"), seats_alike=True)
    learner = Learner(algorithm=name, **SETTINGS, **OWN[substrate])
    trainer = HostTrainer(game, learner, Training(episodes=8), (seed,))
    trainer.episodes = noted = Noted(game)
    updates = updates or UPDATES[substrate]
    state, points, means = trainer.init(), [], []
    for update in range(0, updates, CURVE):
        state, metrics = trainer.advance(state, update, update + CURVE)
        points.append(update + CURVE)
        means.append(measure(substrate, noted.taken()) | {"entropy": float(metrics["entropy"][0])})
        print(f"{out.stem} {points[-1]:4d} {time.perf_counter() - start:5.0f} s {means[-1]}")
    trainer.close()
    params = jax.tree.map(lambda leaf: np.asarray(leaf[0]), learner.params(state.learners[0]))
    out.parent.mkdir(parents=True, exist_ok=True)
    save_agent(out.with_suffix(".safetensors"), Agent(game, learner, params, seed))
    report = {
        "updates": updates, "env_steps": updates * trainer.steps_per_update,
        "seconds": round(time.perf_counter() - start), "load": describe()["load_before"],
        "curve": {"update": points} | {what: [one[what] for one in means] for what in means[0]},
    }  # fmt: skip
    out.write_text(json.dumps(report))


class Noted(HostEpisodes):
    """Episodes whose rewards are kept until they are taken."""

    rewards: tuple[NDArray[Any], ...] = ()

    def play_columns(self, *args: Any) -> Trajectory:
        played = super().play_columns(*args)
        self.rewards += (played.rewards[:, 0],)
        return played

    def taken(self) -> NDArray[Any]:
        rewards, self.rewards = np.concatenate(self.rewards), ()
        return rewards


def measure(substrate: str, rewards: NDArray[Any]) -> Measured:
    """What the rewards ``[B, T, 2]`` tell of what was done; numbers are per episode.

    Coins: 1 for an own coin, -2 for one that the other took though it was not its colour. In the
    matrix players meet with shares x and y of green in what they carry, which pays
    r = 3 x y + 5 (1 - x) y + (1 - x) (1 - y) and s alike: so y - x = (r - s) / 5, and their sum is
    the root of a quadratic.
    """
    both = rewards.sum(-1)
    found = {"collective_return": both.sum(1).mean()}
    if substrate == "coins":
        mismatched, coins = (rewards < 0).sum(), (np.abs(rewards) == 1).sum()
        found |= {"coins": coins / len(rewards), "mismatched_share": mismatched / max(coins, 1)}
    else:
        met = (rewards != 0).any(-1)
        apart = (rewards[met][:, 0] - rewards[met][:, 1]) / 5
        green = (3 - np.sqrt(np.maximum(13 + apart**2 - 2 * both[met], 0))) / 2
        found["meetings"] = met.sum() / len(rewards)
        found["cooperative_share"] = green.mean() if met.any() else None
    return {
        what: None if number is None else round(float(number), 4) for what, number in found.items()
    }


def finish(substrate: str, file: Path) -> Measured:
    """What two copies of an agent do in the substrate's own episodes."""
    agent = known(substrate, file)
    return measure(substrate, played(substrate, (agent, agent), agent.seed))


def beside_naive(folder: Path, name: str) -> dict[str, list[float]]:
    """What an agent and a naive one of the first seed get in Coins and take, in that order."""
    files = [folder / f"coins-{each}-{SEEDS[0]}.safetensors" for each in (name, "naive")]
    rewards = played("coins", [known("coins", file) for file in files], 0)
    coins, mismatched = (np.abs(rewards) == 1).sum((0, 1)), (rewards < 0).sum((0, 1))[::-1]
    found = {"return": rewards.sum(1).mean(0), "mismatched_share": mismatched / coins}
    return {what: numbers.round(4).tolist() for what, numbers in found.items()}


def known(substrate: str, file: Path) -> Agent:
    environment(getattr(melting_pot, f"{substrate}_in_parts"), seats_alike=True)  # known to files
    return load_agent(file.with_suffix(".safetensors"))


def played(substrate: str, agents: Sequence[Agent], seed: int) -> NDArray[Any]:
    """Rewards ``[B, T, 2]`` of two agents, or of two who play at random without any."""
    game = environment(getattr(melting_pot, substrate), seats_alike=True)
    policies = [agent.policy for agent in agents] or [make_player("random", game, 0)] * 2
    params = [agent.params for agent in agents] or [(), ()]
    episodes = HostEpisodes(game)
    rewards = episodes.play(key(seed), policies, params, EPISODES[substrate]).rewards
    episodes.close()
    return rewards


def kept(file: Path, find: Callable[[], Any]) -> Any:
    """What is in a file; if there is none, what is found is written to it."""
    if not file.exists():
        file.write_text(json.dumps(find()))
    return json.loads(file.read_text())


def collect(folder: Path) -> None:
    """Write down what was found, of the trainings that there are."""
    report: dict[str, Any] = {"machine": describe(), "seeds": SEEDS, "episodes": EPISODES}
    for substrate in SUBSTRATES:
        report[substrate] = found = {}
        for name in ALGORITHMS:
            files = [folder / f"{substrate}-{name}-{seed}.json" for seed in SEEDS]
            runs = [json.loads(file.read_text()) for file in files if file.exists()]
            found[name] = [run for run in runs if "final" in run]
        final = kept(
            folder / f"{substrate}-random.json",
            lambda name=substrate: {"final": measure(name, played(name, (), SEEDS[0]))},
        )
        found["random"] = [final]
    report["coins beside naive"] = {
        name: kept(
            folder / f"coins-{name}-beside.json", lambda name=name: beside_naive(folder, name)
        )
        for name in ALGORITHMS[1:]
    }
    report["targets"] = [row for name in SUBSTRATES for row in table(name, report[name])]
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    for row in report["targets"]:
        print(f"{row['what']:60s} {row['measured']}")


def table(substrate: str, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The README's rows: means over seeds, with Student's intervals of 95 %."""
    for name, runs in found.items():
        for what in runs[0]["final"] if runs else ():
            values = over_seeds(np.array([run["final"][what] for run in runs], float))
            text = "-" if np.isnan(values.mean) else f"{values.mean:.2f}"
            if len(runs) > 1:
                text += f" ({values.low:.2f} to {values.high:.2f})"
            label = f"{substrate}, {name}: {what}".replace("_", " ")
            yield {"what": label, "target": "-", "measured": text}


if __name__ == "__main__":
    main()
