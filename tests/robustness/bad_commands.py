"""Command lines that must be refused: what is typed, and words that the answer must hold.

As data, so that a new option is a new row. Nothing here may begin to compute or write anything.
"""

from itertools import product

_NO_COUNTS = ("0", "-1", "1.5", "nan", "inf", "1e3", "99999999999999999999", "abc")
_NO_REALS = ("nan", "inf", "-inf", "-1", "1e400", "abc")
_NO_PROBABILITIES = ("nan", "inf", "-0.1", "1.1", "abc")

_COUNTS = {
    "train ipd": (
        "--updates", "--episodes", "--evaluate-every", "--opponents", "--pool-interval",
        "--actor-steps", "--critic-steps", "--episode-length", "--devices",
    ),
    "train coin": ("--size", "--updates", "--num-coins"),
    "league always_cooperate always_defect --game coin": ("--episodes", "--devices", "--size"),
    "evaluate coin3x3/loqa/42": ("--episodes", "--restarts", "--response-episodes"),
}  # fmt: skip
_REALS = {
    "train ipd": (
        "--actor-learning-rate", "--critic-learning-rate", "--final-actor-learning-rate", "--clip",
        "--gradient-norm", "--entropy", "--final-entropy", "--final-shaping-weight", "--minutes",
        "--checkpoint-seconds", "--shaping.weight", "--shaping.temperature",
    ),
}  # fmt: skip
_PROBABILITIES = {
    "train ipd": (
        "--exploration", "--discount", "--gae-decay", "--opponent-gae-decay",
        "--credit-gae-decay", "--td-decay", "--target-decay", "--shaping.decay",
    ),
}  # fmt: skip


def _rows(options: dict[str, tuple[str, ...]], values: tuple[str, ...]) -> list[tuple[str, ...]]:
    rows = []
    for command, names in options.items():
        for name, value in product(names, values):
            rows.append((*command.split(), f"{name}={value}"))
    return rows


NUMBERS = (
    _rows(_COUNTS, _NO_COUNTS) + _rows(_REALS, _NO_REALS) + _rows(_PROBABILITIES, _NO_PROBABILITIES)
)
"""An option, the last word, whose value is out of its range or no number; the answer names it."""

OTHERS = [
    *(
        ("train ipd --seeds", value, "--seeds")
        for value in (
            "",
            ",",
            "-",
            "1-",
            "-1",
            "3-1",
            "1,1",
            "a",
            "1.5",
            "4294967296",
            "0-99999999",
            "1;2",
            "42-51,51",
            "0x1",
            "nan",
            "१",
        )
    ),
    *(
        ("train ipd --payoffs", value, "payoffs")
        for value in (
            "nan 1 2 3",
            "inf 0 0 0",
            "1",
            "1 2 3 4 5",
            "a b c d",
            "nobody",
            "1e300 0 0 0",
            "1 2 3 4 5 6 7 8 9",
            "-inf -inf -inf -inf",
        )
    ),
    *(
        ("train coin --rewards", value, "rewards")
        for value in (
            "1 2",
            "nan 1 -2",
            "1 1 inf",
            "a b c",
            "1 1 1e300",
        )
    ),
    *(
        ("train coin --size", value, "size")
        for value in ("3 4 5", "0 3", "3 -1", "a", "1e9", "2.5")
    ),
    *(
        ("train coin --moves", value, "moves")
        for value in (
            "left",
            "left right up",
            "left left up down",
            "north south east west",
        )
    ),
    *(
        ("train coin --scripted", value, words)
        for value, words in (
            ("nobody", "'nobody'"),
            ("always_defect nobody", "'nobody'"),
            ("tit_for_tat " * 9, "scripted"),
        )
    ),
    *(
        ("train ipd --actor.hidden", value, "hidden")
        for value in (
            "0",
            "-1",
            "1000000000",
            "1.5",
            "a",
            "8 0",
        )
    ),
    *(
        ("train", value, words)
        for value, words in (
            ("", "ipd"),
            ("nothing", "ipd"),
            ("IPD", "ipd"),
            ("ipd coin", "coin"),
            ("--ipd", "ipd"),
            ("ipd --nothing", "--nothing"),
            ("ipd --updates", "--updates"),
            ("ipd extra", "extra"),
            ("ipd --algorithm magic", "algorithm"),
            ("ipd --rival magic", "rival"),
            ("ipd --exact --pool 4", "exact"),
            ("ipd --exact --rival naive", "exact"),
            ("coin --exact", "exact"),
            ("ipd --both-seats", "both_seats"),
            ("ipd --newest 9", "newest"),
            ("ipd --pool 4 --newest 9", "newest"),
            ("ipd --pool 4 --episodes 9", "multiple"),
            ("ipd --scripted tit_for_tat", "pool"),
            ("ipd --resume", "--out"),
            ("ipd --overwrite", "--out"),
            ("ipd --resume --overwrite --out x", "exclude"),
            ("ipd --out x --resume", "x"),
            ("ipd --out x --overwrite --resume", "exclude"),
            ("ipd --devices 4096", "--devices"),
            ("coin --tie nobody", "tie"),
            ("coin --observation smell", "observation"),
            ("coin --next-owner me", "--next-owner"),
            ("coin --rewards 1 2 3 4", "options: 4"),
            ("ipd --seeds 1 2", "options: 2"),
            ("coin --num-players 1", "num_players"),
            ("coin --num-players 5", "num_players"),
            ("coin --num-coins 3", "num_coins"),
            ("stag_hunt --size 3", "--size"),
            ("coin --payoffs 1 2 3 4", "--payoffs"),
            ("ipd --shaping.steps 1", "steps"),
            ("ipd --shaping.decay 2", "decay"),
            ("ipd --pool -1", "pool"),
            ("ipd --newest -1", "newest"),
            ("ipd --anneal -1", "anneal"),
            ("ipd --wandb-project", "--wandb-project"),
            ("ipd --out", "--out"),
        )
    ),
    *(
        ("benchmark", value, words)
        for value, words in (
            ("", "AGENT"),
            ("nobody", "nobody"),
            ("naive --game nowhere", "--game"),
            ("naive --suite dilemmas-v0", "suite"),
            ("naive --budget endless", "budget"),
            ("naive --resume", "--out"),
            ("naive loqa", "by itself"),
            ("nowhere_at_all:make", "nowhere_at_all"),
            ("sos --game negotiation", "outcomes"),
            ("k_strikes --game ipd", "k_strikes"),
            ("coin3x3/loqa/42 --game ipd coin3x3", "a player of IPD"),
            ("coin4x4/loqa/42", "size must be (3, 3)"),
            ("coin3x3/loqa/42 --game ipd", "a player of IPD"),
            ("coin3x3/loqa/42 coin4x4/loqa/42", "size must be"),
        )
    ),
    *(
        ("play", value, words)
        for value, words in (
            ("", "PLAYER"),
            ("nobody", "nobody"),
            ("coin --size 0", "size"),
            ("coin --size 3 4 5", "size"),
            ("coin --scripted nobody", "nobody"),
            ("coin --against nobody", "nobody"),
            ("coin --seed -1", "--seed"),
            ("coin --seed 4294967296", "--seed"),
            ("coin --seed x", "--seed"),
            ("ipd --size 3", "--size"),
            ("ipd --against memory_one:", "memory_one"),
            ("ipd --against memory_one:1,2,3,4,5", "memory_one"),
            ("ipd --against memory_one:1", "memory_one"),
            ("ipd --against memory_one:a,b,c,d,e", "memory_one"),
            ("coin --against memory_one:1,1,1,1,1", "memory_one"),
            ("ipd --against memory_one:nan,1,1,1,1", "memory_one"),
            ("coin3x3/loqa/99", "coin3x3/loqa/42"),
            ("coin3x3/loqa", "coin3x3/loqa/42"),
            ("coin3x3/loqa/42 --size 3", "--size"),
            ("no.safetensors", "no.safetensors"),
            ("coin3x3/loqa/42 --against no.safetensors", "no.safetensors"),
            ("coin3x3/loqa/42 --against coin4x4/loqa/42", "size"),
            ("ipd --against coin3x3/loqa/42", "made for"),
            ("coin --gif no/folder/x.gif", "--gif"),
            ("../../etc/passwd", "passwd"),
            ("/", "/"),
            ("coin --gif", "--gif"),
            ("coin extra", "extra"),
        )
    ),
    *(
        ("evaluate", value, words)
        for value, words in (
            ("", "AGENT"),
            ("nobody", "nobody"),
            ("always_defect", "--game"),
            ("no.safetensors", "no.safetensors"),
            ("coin3x3/loqa/42 coin4x4/loqa/42", "game"),
            ("coin3x3/loqa/42 coin3x3/loqa/42", "once"),
            ("coin3x3/loqa/42 --episodes 0", "--episodes"),
            ("coin3x3/loqa/42 --seed -1", "--seed"),
            ("coin3x3/loqa/42 --response-updates -1", "--response-updates"),
            ("no:module", "no"),
            ("coin3x3/loqa/42 --out no/folder/x.json", "--out"),
            ("coin3x3/loqa/42 --html no/x.html", "--html"),
            ("coin3x3/loqa/42 --size 3", "--size"),
            ("os:nothing", "--game"),
            (":", ":"),
            ("os:", "os"),
        )
    ),
    *(
        ("league", value, words)
        for value, words in (
            ("", "--game"),
            ("--game ipd", "two entrants"),
            ("coin3x3/loqa/42", "two"),
            ("always_defect always_cooperate", "--game"),
            ("always_defect always_defect --game ipd", "twice"),
            ("nobody tit_for_tat --game ipd", "nobody"),
            ("tit_for_tat k_strikes --game ipd", "k_strikes"),
            ("grim random --game nothing", "--game"),
            ("grim random --game ipd --size 3", "--size"),
            ("grim random --size 3", "--size"),
            ("coin3x3/loqa/42 coin4x4/loqa/42", "size"),
            ("grim random --game ipd --seed -1", "--seed"),
            ("grim random --game ipd --resume", "--out"),
            ("grim random --game ipd --overwrite", "--out"),
            ("grim random --game ipd --agent nothing", "nothing"),
            ("grim random --game ipd --agent no.module:f", "no.module"),
            ("grim random --game ipd --agent os:nothing", "nothing"),
            ("grim random --game ipd --agent os:sep", "os:sep"),
            ("grim random --game ipd --act-timeout 0", "--act-timeout"),
            ("grim random --game ipd --act-timeout nan", "--act-timeout"),
            ("grim no.safetensors --game ipd", "no.safetensors"),
            ("grim random --game ipd --devices 4096", "--devices"),
        )
    ),
    *(
        ("", value, words)
        for value, words in (
            ("", "train"),
            ("fly", "fly"),
            ("TRAIN ipd", "TRAIN"),
            ("--nothing", "--nothing"),
            ("-x", "-x"),
            ("train --updates 3 ipd", "train"),
            ("\x00", "train"),
            ("😀", "😀"),
        )
    ),
]
"""A command, the rest of the line, and words that the answer must hold."""
