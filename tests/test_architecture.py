"""Which way imports point. A breach here is a fault in the design, not in the test."""

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import loqa_agents
import loqa_envs

PACKAGES = [Path(package.__file__).parent for package in (loqa_envs, loqa_agents)]
MODULES = {
    f"{package.name}/{path.relative_to(package).as_posix()}": path
    for package in PACKAGES
    for path in sorted(package.rglob("*.py"))
}


@cache
def imported(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def importers(package: str) -> set[str]:
    return {
        name
        for name, path in MODULES.items()
        if any(f"{module}.".startswith(f"{package}.") for module in imported(path))
    }


def test_there_are_modules_to_look_at():
    assert {"loqa_envs/game.py", "loqa_agents/algorithms/weights/loqa.py"} <= MODULES.keys()


def test_games_know_nothing_of_learning():
    assert not {name for name in importers("loqa_agents") if name.startswith("loqa_envs/")}


@pytest.mark.parametrize("library", ["gymnasium", "pettingzoo", "pygame", "PIL"])
def test_other_interfaces_are_named_in_adapters_only(library):  # and a game's picture
    stray = {
        name
        for name in importers(library)
        if not name.startswith("loqa_envs/adapters/")
        and not name.endswith("_v0.py")
        and not (library == "PIL" and name.endswith("/picture.py"))
    }
    assert not stray


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("flax", {"networks"}),
        ("optax", {"algorithms"}),
        ("safetensors", {"players", "runs", "league"}),
        ("matplotlib", {"common/figures.py"}),
        # Names of others pass one place on their way into a table, a page or a spreadsheet.
        ("rich.table", {"common/terminal.py"}),
        ("html", {"common/text.py"}),
        ("csv", {"reports/league.py"}),
        ("scipy", {"league/intervals.py"}),
        ("open_spiel", {"reports/alpha_rank.py"}),
    ],
)
def test_each_library_has_its_place(library, allowed):
    names = {name.removeprefix("loqa_agents/") for name in importers(library)}
    # A file that is not allowed itself stands for its folder.
    assert {name if name in allowed else name.split("/")[0] for name in names} == allowed


FOLDERS = (
    "common", "networks", "algorithms", "training", "players", "runs", "league", "responses",
    "scorecard", "suite", "reports", "cli",
)  # fmt: skip
"""From the bottom to the top: each may import those before it."""


def test_there_is_no_other_folder_than_those_in_order():
    assert {name.split("/")[1] for name in MODULES if name.startswith("loqa_agents/")} == {
        *FOLDERS, "__init__.py", "__main__.py", "api.py",
    }  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_point_downwards(folder):
    above = FOLDERS[FOLDERS.index(folder) + 1 :]
    stray = {
        (name, other)
        for other in above
        for name in importers(f"loqa_agents.{other}")
        if name.startswith(f"loqa_agents/{folder}/")
    }
    assert not stray


def test_every_folder_says_what_lives_there():
    silent = {
        name
        for name, path in MODULES.items()
        if name.endswith("__init__.py") and not ast.get_docstring(ast.parse(path.read_text()))
    }
    assert not silent


def test_no_folder_has_grown_into_two():
    # Where gymnasium and PettingZoo look for environments is a module of two lines for each.
    names = [name for name in MODULES if not name.endswith("_v0.py")]
    counts = Counter(name.rsplit("/", 1)[0] for name in names)
    assert not {folder: n for folder, n in counts.items() if n > 13}


@pytest.mark.parametrize(
    ("game", "allowed"),
    [
        # exact solves matrix games and nothing else; payoffs are options of the command line; a
        # player without memory says what it does, which a best response need not find out.
        (
            "matrix_games",
            {
                "algorithms/exact/terms.py",
                "algorithms/exact/self_play.py",
                "algorithms/gradient_play/naive_exact.py",
                "cli/parser.py",
                "responses/best_response.py",
                "scorecard/answers.py",
            },
        ),
        # Its report has its published thresholds, a card what was published of one board; agents
        # that others published play this game.
        (
            "coin_game",
            {"players/published/reader.py", "runs/coin_game.py", "scorecard/card.py"},
        ),
    ],
)
def test_concrete_games_are_named_where_they_must_be(game, allowed):
    stray = {
        name
        for name in importers(f"loqa_envs.{game}")
        if name.startswith("loqa_agents/") and name.removeprefix("loqa_agents/") not in allowed
    }
    assert not stray


GAMES = {"CoinGame", "CoinSettings", "MatrixGame", "IPD"}


def test_nobody_asks_which_game_it_is():  # games are asked by their hooks
    asking = {
        name
        for name, path in MODULES.items()
        if not name.startswith(("loqa_envs/coin_game/", "loqa_envs/matrix_games/"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("isinstance", "issubclass", "type")
        and any(isinstance(part, ast.Name) and part.id in GAMES for part in ast.walk(node))
    }
    # It solves matrix games, and refuses all others in words of its own.
    assert asking <= {"loqa_agents/algorithms/exact/self_play.py"}


def neighbours() -> dict[str, set[str]]:
    """Which modules each module imports, those for type checking included."""
    dotted = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name
        for name in MODULES
    }
    packages = {"loqa_agents", "loqa_envs"}  # they import all, and are imported by nobody here
    return {
        name: {dotted[each] for each in imported(path) if each in dotted.keys() - packages} - {name}
        for name, path in MODULES.items()
    }


def test_no_module_imports_another_in_a_circle():
    left = neighbours()
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    assert not left


BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_keys_are_made_in_one_place():
    # JaxMARL runs where loqa is not installed.
    paths = MODULES | {
        path.name: path for path in BENCHMARKS.glob("*.py") if path.name != "jaxmarl_coin_game.py"
    }
    makers = {
        name
        for name, path in paths.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.ImportFrom)
        and {"PRNGKey", "key", "wrap_key_data"} & _of_jax_random(node)
    }
    assert makers == {"loqa_envs/keys.py"}


def _of_jax_random(node: ast.Attribute | ast.ImportFrom) -> set[str]:
    """What a node takes from ``jax.random``, under whatever name that was imported."""
    if isinstance(node, ast.ImportFrom):
        return {alias.name for alias in node.names} if node.module == "jax.random" else set()
    return {node.attr} if ast.unparse(node.value) in ("jax.random", "random", "jr") else set()


ALGORITHMS = ("naive", "loqa", "advantage_alignment", "prosocial")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithms_never_import_each_other(algorithm):
    names = imported(MODULES[f"loqa_agents/algorithms/weights/{algorithm}.py"])
    others = {
        f"loqa_agents.algorithms.weights.{other}" for other in ALGORITHMS if other != algorithm
    }
    assert not names & others


def test_no_file_has_grown_into_two():
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert not {name: length for name, length in lengths.items() if length > 250}


@pytest.mark.slow
def test_any_module_can_be_imported_first():
    for module in ("loqa_agents.training.updates", "loqa_agents.training.presets"):
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_signals_are_answered_before_anything_heavy_is_imported():
    light = (
        "import sys, loqa_agents.cli.main as _\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, check=True)
    assert not {"jax", "numpy", "flax", "rich", "tyro", "pydantic"} & set(done.stdout.split())


def test_public_names_are_found_when_they_are_asked_for():
    names: dict[str, object] = {}
    exec("import loqa_agents.runs.loop; from loqa_agents import *", names)
    assert all(names[name] is getattr(loqa_agents, name) for name in loqa_agents.__all__)
    assert callable(loqa_agents.run)
    assert set(loqa_agents.__all__) <= set(dir(loqa_agents))
    assert not hasattr(loqa_agents, "nonsense")
