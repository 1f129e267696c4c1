"""Algorithms by the names that they have on the command line and in the settings of a training."""

from dataclasses import fields, replace

from loqa_agents.algorithms.algorithm import Algorithm, algorithms
from loqa_agents.algorithms.learner import Learner
from loqa_agents.algorithms.registry import ALGORITHMS

_EVERYWHERE = ("discount", "actor", "critic")
"""Settings that mean the same in all algorithms that have them."""


def algorithm_names() -> tuple[str, ...]:
    """All names: what a `Learner` can be set to, then those of classes of their own."""
    return (*ALGORITHMS, *algorithms())


def algorithm_named(name: str, like: Algorithm) -> Algorithm:
    """The algorithm of that name, with the settings of ``like`` where it has them.

    Raises:
        ValueError: for an unknown name.
    """
    if name in ALGORITHMS:
        return replace(like if isinstance(like, Learner) else Learner(), algorithm=name)
    kind = algorithms().get(name)
    if kind is None:
        raise ValueError(f"algorithm must be one of {', '.join(algorithm_names())}; got {name!r}.")
    if isinstance(like, Learner):  # whose settings are those of sampled updates
        return kind()
    # A name may mean something else in another class, unless that is where it is from.
    shared = [
        name
        for name in {field.name for field in fields(kind)} & vars(like).keys()  # type: ignore[arg-type]
        if name in _EVERYWHERE or _declared(name, kind) is _declared(name, type(like))
    ]
    return kind(**{name: getattr(like, name) for name in shared})


def _declared(name: str, kind: type) -> type:
    """The class that gives a field its meaning."""
    return next(each for each in kind.__mro__ if name in vars(each).get("__annotations__", {}))
