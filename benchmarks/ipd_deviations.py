"""Does it pay to deviate from an agent of the prisoner's dilemma, and what do mistakes cost it?

    python benchmarks/ipd_deviations.py [AGENT]

AGENT is a name or a folder of agents without memory; ``ipd/loqa``, seeds 42 to 51, by default.
Exact values of an endless game, discounted by 0.96, per step. A best response to a player without
memory is one of the 32 pure strategies without memory; all of them are tried. In play
of the agent with itself each move of both is then uniformly random with a probability of 2 %, as
`loqa_envs.Tremble` has it. Results are written to ``benchmarks/results/ipd_deviations.json``.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
from machine import describe
from targets import at_least, at_most, print_rows

from loqa_agents import load_agent
from loqa_agents.league.entrants import Entrant, seat
from loqa_agents.players.shipping import shipped_agents
from loqa_agents.responses.best_response import memory_one
from loqa_envs import IPD
from loqa_envs.matrix_games.outcomes import endless_values

RESULTS = Path(__file__).parent / "results" / "ipd_deviations.json"
GAME, DISCOUNT, TREMBLE = IPD(), 0.96, 0.02
PURE = np.array(list(itertools.product((0.0, 1.0), repeat=5)), np.float32)
"""``[32, 5]``: P(cooperate) after START, CC, CD, DC, DD."""


@jax.jit
@jax.vmap
def values(cooperation: jax.Array) -> jax.Array:
    """``[N, 2]``: per step, of both of ``cooperation[N, 2, 5]``."""
    return (1 - DISCOUNT) * endless_values(GAME.outcomes, cooperation, DISCOUNT)


def measure(own: np.ndarray[Any, Any]) -> dict[str, Any]:
    pairs = np.stack([np.broadcast_to(own, PURE.shape), PURE], 1)
    agent, response = np.asarray(values(pairs)).T
    best = int(response.argmax())
    shaky = own * (1 - TREMBLE) + TREMBLE / 2
    # Sums of 32-bit numbers are off by about 1e-6.
    left, got = round(float(agent[best]), 5), round(float(response[best]), 5)
    return {
        "cooperation": own.tolist(),
        "best_response": PURE[best].tolist(),
        "agent": left,
        "response": got,
        "trembling": float(values(np.stack([shaky, shaky])[None])[0, 0]),
    }


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "ipd/loqa"
    files: list[Path | str] = [*Path(name).glob("agents/*.safetensors")]
    files = files or [agent for agent in shipped_agents() if agent.startswith(f"{name}/")]
    rows = {}
    for file in sorted(files, key=str):
        own = memory_one(GAME, seat(Entrant(str(file), load_agent(file)), GAME), 0)
        if own is None:
            sys.exit(f"{file} must be a player without memory.")
        rows[Path(file).stem] = measure(np.array(own, np.float32))
        print(file, rows[Path(file).stem], flush=True)
    worst = min(row["agent"] for row in rows.values())
    gains = max(row["response"] for row in rows.values())
    shaky = min(row["trembling"] for row in rows.values())
    targets = [
        at_least("left to the agent by a best response, lowest seed", worst, -1.01, -1.001),
        at_most("what a best response gets, highest seed", gains, -1 + 1e-3, -1),
        at_least("both tremble, lowest seed", shaky, -1.10, -1.05),
    ]
    report = {"machine": describe(), "agents": name, "rows": rows, "targets": targets}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    print_rows(targets)


if __name__ == "__main__":
    main()
