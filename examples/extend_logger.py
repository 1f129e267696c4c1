"""A logger of your own: the evaluations of a run as one line of CSV each, beside its other files.

pip install . && python examples/extend_logger.py

A logger has three methods, of which each may be left out: `begin` when the run begins or goes on,
`log` for each evaluation, `close` at the end, also after an error. A run that was killed goes on
from its newest checkpoint; so `begin` is told from which update on what was logged is void.
"""

import csv
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from loqa_agents import Learner, Logger, Record, Training, run


class Spreadsheet(Logger):
    """Mean over seeds of the reward in self-play, per evaluation, in ``self_play.csv``."""

    def begin(self, out: Path, config: dict[str, Any], update: int) -> None:
        self.path = out / "self_play.csv"
        lines = list(csv.reader(self.path.open())) if self.path.exists() else []
        self._write("w", [line for line in lines if line[0].isdigit() and int(line[0]) < update])

    def log(self, record: Record) -> None:
        self._write("a", [[record["update"], fmean(record["self_play"])]])

    def _write(self, mode: str, lines: list[list[Any]]) -> None:
        with self.path.open(mode, newline="") as file:
            csv.writer(file).writerows(lines)


def main(out: str | None = None) -> None:
    """Train two seeds on the iterated prisoner's dilemma, into ``out`` or a new folder."""
    training = Training(updates=40, evaluate_every=20)
    logger = Spreadsheet()
    run("ipd", Learner(), training, (0, 1), out, loggers=[logger], final_episodes=128)
    print(logger.path.read_text(), end="")


if __name__ == "__main__":
    main(*sys.argv[1:2])
