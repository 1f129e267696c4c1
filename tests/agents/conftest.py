"""Files as others store their agents, made without the libraries that they use."""

import io
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest


class Named(NamedTuple):
    """A class or function in a pickle."""

    path: str


class Called(NamedTuple):
    """In a pickle, what that returns for those arguments."""

    function: Named
    arguments: tuple[Any, ...]


class Outside(NamedTuple):
    """In a pickle, a part that is kept outside of it."""

    identity: tuple[Any, ...]


def _assembled(value: Any) -> bytes:
    match value:
        case Named(path):
            return f"c{path.rpartition('.')[0]}\n{path.rpartition('.')[2]}\n".encode()
        case Called(function, arguments):
            return _assembled(function) + _assembled(tuple(arguments)) + b"R"
        case Outside(identity):
            return _assembled(identity) + b"Q"
        case dict():
            return (
                b"}(" + b"".join(_assembled(part) for item in value.items() for part in item) + b"u"
            )
        case list():
            return b"](" + b"".join(map(_assembled, value)) + b"e"
        case tuple():
            return b"(" + b"".join(map(_assembled, value)) + b"t"
        case bool() | None:
            return {True: b"\x88", False: b"\x89", None: b"N"}[value]
        case int():
            return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)
        case str():
            return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()
        case bytes():
            return b"B" + len(value).to_bytes(4, "little") + value
    raise TypeError(value)


def _pickled(value: Any) -> bytes:
    return b"\x80\x02" + _assembled(value) + b"."


def _tensor(
    key: str, entries: int, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Called:
    storage = Outside(("storage", Named("torch.FloatStorage"), key, "cuda:0", entries))
    hooks = Called(Named("collections.OrderedDict"), ())
    rebuild = Named("torch._utils._rebuild_tensor_v2")
    return Called(rebuild, (storage, offset, shape, strides, False, hooks))


def _torch_archive(value: Any, storages: dict[str, bytes], compression: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("agent/data.pkl", _pickled(value))
        archive.writestr("agent/byteorder", "little")
        for key, content in storages.items():
            archive.writestr(f"agent/data/{key}", content)
        archive.writestr("agent/version", "3\n")
    return file.getvalue()


def _saved_by_torch(arrays: dict[str, np.ndarray]) -> bytes:
    """As ``torch.save({"actor_critic": arrays, "optimizer": {}})`` stores it."""
    tensors, storages = {}, {}
    for number, (name, array) in enumerate(arrays.items()):
        array = np.ascontiguousarray(array)
        strides = tuple(step // array.itemsize for step in array.strides)
        tensors[name] = _tensor(str(number), array.size, 0, array.shape, strides)
        storages[str(number)] = array.tobytes()
    return _torch_archive({"actor_critic": tensors, "optimizer": {}}, storages)


class Writer(NamedTuple):
    named: type = Named
    called: type = Called
    outside: type = Outside
    pickled: Callable[..., bytes] = _pickled
    tensor: Callable[..., Called] = _tensor
    torch_archive: Callable[..., bytes] = _torch_archive
    saved_by_torch: Callable[..., bytes] = _saved_by_torch


@pytest.fixture(scope="session")
def write() -> Writer:
    return Writer()
