"""Comparing what games and players give out, and saying in one sentence what is wrong with it."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass, replace
from typing import Any, NoReturn

import jax
import numpy as np

from loqa_envs.wording import shown

ARRAYS = (np.ndarray, np.generic, jax.Array)
NUMPY = (np.ndarray, np.generic)


class Laws:
    """Raises ``AssertionError`` in the name of a game or player whose law is broken."""

    def __init__(self, who: str) -> None:
        self.who = who

    def broken(self, sentence: str) -> NoReturn:
        raise AssertionError(f"{self.who}: {sentence}")

    def require(self, holds: Any, sentence: str) -> None:
        if not holds:
            self.broken(sentence)

    @contextmanager
    def works(self, what: str) -> Iterator[None]:
        """Whatever is raised within breaks the law that ``what`` must work."""
        try:
            yield
        except AssertionError:
            raise
        except Exception as error:
            said = (str(error).strip() or "nothing").splitlines()[0]
            raise AssertionError(
                f"{self.who}: {what} must work, but raised {type(error).__name__}: {said}"
            ) from error

    def arrays(self, what: str, tree: Any, kinds: tuple[type, ...] = ARRAYS) -> None:
        """Require that every leaf is an array of one of these kinds, and of at most 32 bits."""
        name = "NumPy arrays, since it was given some" if kinds == NUMPY else "arrays"
        for path, leaf in leaves(tree):
            self.require(
                isinstance(leaf, kinds),
                f"{what} must be made of {name}; {path or 'it'} is {_article(type(leaf))}.",
            )
            self.require(
                leaf.dtype.itemsize <= 4,
                f"{what} must name its types, such as float32 and int32, which are the same in "
                f"NumPy and JAX; {path or 'it'} is {leaf.dtype}.",
            )

    def same_types(self, what: str, found: Any, wanted: Any) -> None:
        left, right = types(found), types(wanted)
        self.require(
            left == right,
            f"{what} must keep its structure, shapes and types: {shown(right)}; got {shown(left)}.",
        )

    def same(self, what: str, found: Any, wanted: Any, rtol: float = 0.0) -> None:
        """Require equal structures, types and numbers, but for rounding of ``rtol``."""
        self.same_types(what, found, wanted)
        for (path, left), (_, right) in zip(leaves(found), leaves(wanted), strict=True):
            if not equal(left, right, rtol):
                at = f" at {path}" if path else ""
                one, other = (shown(np.asarray(leaf).tolist()) for leaf in (left, right))
                self.broken(f"{what} must be the same; got{at} {one} and {other}.")

    def pure(self, what: str, function: Callable[..., Any], *args: Any) -> Any:
        """What the function gives; its arguments must be left alone, and the next call agree."""
        before = copy.deepcopy(args)
        with self.works(what):
            outcome = function(*args)
        first = copy.deepcopy(outcome)
        for number, (left, right) in enumerate(zip(args, before, strict=True), start=1):
            self.require(
                types(left) == types(right) and _unchanged(left, right),
                f"{what} must leave its arguments as they are; argument {number} was changed.",
            )
        self.same(f"{what}, called twice with the same arguments,", function(*args), first)
        return first

    def settings(self, thing: Any) -> None:
        """Require what a static argument of ``jax.jit`` needs: hashes, and equality by settings."""
        with self.works("hash()"):
            hash(thing)
        twin = replace(thing) if is_dataclass(thing) else copy.deepcopy(thing)  # type: ignore[type-var]
        self.require(
            thing == twin and hash(thing) == hash(twin),
            "equal settings must make it equal, with the same hash, so that it can be a static "
            "argument of jax.jit; make it a frozen dataclass.",
        )


def leaves(tree: Any) -> list[tuple[str, Any]]:
    """Every leaf with its path, such as ``.coins`` or ``['cooperated']``."""
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree.leaves_with_path(tree)]


def types(tree: Any) -> Any:
    """For every leaf, its type and shape."""
    return {path: _type(leaf) for path, leaf in leaves(tree)}


def stacked(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *rows: np.stack([np.asarray(row) for row in rows]), *trees)


def equal(left: Any, right: Any, rtol: float) -> bool:
    left, right = np.asarray(left), np.asarray(right)
    if rtol == 0 or left.dtype.kind != "f":
        return bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))
    scale = np.abs(right[np.isfinite(right)]).max(initial=1.0)
    return bool(np.allclose(left, right, rtol=rtol, atol=rtol * float(scale), equal_nan=True))


def _unchanged(left: Any, right: Any) -> bool:
    def same(one: Any, other: Any) -> bool:
        return isinstance(one, jax.Array) or equal(one, other, 0)  # those cannot be changed

    return all(jax.tree.leaves(jax.tree.map(same, left, right)))


def _type(leaf: Any) -> str:
    if not isinstance(leaf, ARRAYS):
        return type(leaf).__name__
    return f"{leaf.dtype}{list(leaf.shape)}"


def _article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'aeiou' else 'a'} {kind.__name__}"
