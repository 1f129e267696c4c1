"""A file that someone else wrote is read as data; whatever it asks for, nothing of it is run."""

import functools
import io
import os
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from flax.core import FrozenDict

from loqa_agents.players.published.restricted_pickle import MAX_OPERATIONS, read_pickle
from loqa_agents.players.published.torch_archive import MAX_MEMBERS, read_torch


def assert_same(read, expected):
    assert type(read) is type(expected)
    if isinstance(expected, dict):
        assert list(read) == list(expected)
        for key in expected:
            assert_same(read[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(read) == len(expected)
        for one, other in zip(read, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray):
        assert read.dtype == expected.dtype
        np.testing.assert_array_equal(read, expected)
    else:
        assert read == expected


PLAIN = {
    "array": np.arange(6, dtype=np.float32).reshape(2, 3),
    "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "no axes": np.array(7, np.int64),
    "others": [np.ones(2, bool), np.ones(3, np.uint8), np.ones(1, np.float16)],
    "numbers": (1, -(2**40), 300, 70_000, 0.5, True, False, None),
    "text": "äöü" * 100,
    4: {"nested": [[], {}, ()]},
}


@pytest.mark.parametrize("protocol", [3, 4])
def test_plain_data_is_read_as_it_was_written(protocol):
    assert_same(read_pickle(pickle.dumps(PLAIN, protocol)), PLAIN)


def test_arrays_are_read_as_older_numpy_named_them():
    content = pickle.dumps(PLAIN, 4)
    new, old = b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"
    assert new in content
    assert_same(read_pickle(content.replace(new, old)), PLAIN)


def test_other_dicts_become_dicts():
    frozen = FrozenDict({"a": {"b": np.ones(2)}})
    ordered = OrderedDict(c=1)
    ordered.note = "left out"
    expected = [{"a": {"b": np.ones(2)}}, {"c": 1}]
    assert_same(read_pickle(pickle.dumps([frozen, ordered], 4)), expected)


def test_what_is_written_once_is_read_everywhere():
    array, pair = np.ones(3), (1, 2)
    content = pickle.dumps([array, array, pair, pair], 4)
    assert_same(read_pickle(content), [array, array, pair, pair])


class Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ((os.system, "touch taken"), "system"),
        ((eval, "open('taken', 'w')"), "builtin.*eval"),
        ((exec, "open('taken', 'w')"), "builtin.*exec"),
        ((open, "taken", "w"), "io.open"),
        ((getattr, (), "__class__"), "builtin.*getattr"),
        ((functools.partial, os.system, "touch taken"), "functools.partial"),
        ((np.save, "taken.npy", 1), "numpy"),
        ((bytearray, 10**10), "builtin.*bytearray"),
    ],
)
@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_is_called(call, name, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"agent0": Calls(*call)}, protocol)
    with pytest.raises(ValueError, match=f"it names .*{name}"):
        read_pickle(content)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("protocol", [2, 4])
def test_no_method_of_an_admitted_class_is_reached(protocol):
    content = pickle.dumps(Calls(np.ndarray.tofile, np.ones(1), "taken"), protocol)
    with pytest.raises(ValueError, match="it names"):
        read_pickle(content)


def test_admitted_names_are_called_in_the_known_way_only(write):
    def refused(content, message):
        with pytest.raises(ValueError, match=message):
            read_pickle(content)

    for path, arguments in [
        ("numpy.ndarray", ((10**10,),)),
        ("numpy.dtype", ()),
        ("collections.OrderedDict", ([("a", 1)],)),
        ("flax.core.frozen_dict.FrozenDict", (3,)),
        ("torch._utils._rebuild_tensor_v2", (3, 0, (1,), (1,))),
        ("torch.FloatStorage", (10**10,)),
        ("numpy.core.multiarray._reconstruct", (write.named("numpy.ndarray"), (10**10,), b"b")),
    ]:
        refused(write.pickled(write.called(write.named(path), arguments)), f"it calls {path}")
    refused(write.pickled(write.called("os.system", ("true",))), "no whole pickle")
    refused(write.pickled(write.outside(("storage", "x"))), "no torch storage")
    refused(write.pickled({(1,): 2}), "keys of a dict")
    refused(write.pickled({2**40: 2}), "keys of a dict")


@pytest.mark.parametrize("code", ["O", "V8", "S4", "U4", "M8[s]", "c8"])
def test_arrays_are_of_numbers_only(code):
    with pytest.raises(ValueError, match="floats, integers or booleans"):
        read_pickle(pickle.dumps(np.zeros(2, code), 4))


def test_arrays_of_the_other_byte_order_are_refused():
    with pytest.raises(ValueError, match="state that is not known"):
        read_pickle(pickle.dumps(np.zeros(2, ">f4"), 4))


def array_pickle(write, shape, raw):
    """An array that says it has that shape."""
    function = write.named("numpy.core.multiarray._reconstruct")
    announced = write.called(function, (write.named("numpy.ndarray"), (0,), b"b"))
    dtype = write.called(write.named("numpy.dtype"), ("f4", False, True))
    parts = (write.pickled(part)[2:-1] for part in (announced, (1, shape, dtype, False, raw)))
    return b"\x80\x02" + b"".join(parts) + b"b."


SMALL = 2**23
"""Bytes of memory that a refusal, the error's own traceback and all, does not need."""


def quietly(read, content):
    """Refuse content, and return the reason and how many bytes of memory that took at most."""
    tracemalloc.start()
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        read(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return str(caught.value), peak


@pytest.mark.parametrize("shape", [(2_500_000_000,), (50_000, 50_000), (2**40, 2**40), (300,)])
def test_an_array_is_no_larger_than_its_file(write, shape):
    content = array_pickle(write, shape, bytes(900))
    assert len(content) < 1100
    reason, peak = quietly(read_pickle, content)
    assert "larger than the file" in reason or "must have 1200 bytes, it has 900" in reason
    assert peak < SMALL


@pytest.mark.parametrize("shape", [(-1,), (2**60,), ("a",), (True,), (1,) * 9, (4, -1)])
def test_a_shape_is_of_sizes(write, shape):
    with pytest.raises(ValueError, match="at most 8 integers"):
        read_pickle(array_pickle(write, shape, bytes(4)))


@pytest.mark.parametrize(("number", "message"), [(1, None), (9, "larger than the file")])
def test_arrays_that_share_their_bytes_are_together_no_larger_than_the_file(write, number, message):
    whole = array_pickle(write, (300,), bytes(1200))
    raw = b"B" + (1200).to_bytes(4, "little") + bytes(1200)
    array = whole[2:-1].replace(raw, b"h\x00")  # what the memo has at 0
    content = b"\x80\x02]" + raw + b"q\x00a" + (array + b"a") * number + b"."
    if message is None:
        assert_same(read_pickle(content), [bytes(1200), np.zeros(300, np.float32)])
    else:
        with pytest.raises(ValueError, match=message):
            read_pickle(content)


LIES = {
    "bytes": b"\x80\x04\x8e" + (10**10).to_bytes(8, "little") + b"ab.",
    "text": b"\x80\x04\x8d" + (10**10).to_bytes(8, "little") + b"ab.",
    "bytearray": b"\x80\x05\x96" + (10**10).to_bytes(8, "little") + b"ab.",
    "integer": b"\x80\x04\x8b" + (2**31 - 1).to_bytes(4, "little") + b"ab.",
    "frame": b"\x80\x04\x95" + (10**10).to_bytes(8, "little") + b"].]",
    "memo": b"\x80\x04]r" + (2**32 - 1).to_bytes(4, "little") + b"a.",
    "mark": b"\x80\x04e.",
    "nothing": b"\x80\x04.",
    "unknown": b"\x80\x04\xff.",
    "no such memo": b"\x80\x04h\x07.",
    "list as dict": b"\x80\x04]NNs.",
    "unhashable": b"\x80\x04}]Ns.",
    "extension": b"\x80\x04\x82\x01.",
    "instance": b"\x80\x04(ios\nsystem\n.",
    "object": b"\x80\x04cos\nsystem\n)\x81.",
    "pop": b"\x80\x04]]0.",
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
def test_an_operation_that_lies_is_refused(content):
    if content == LIES["frame"]:  # a length that nothing depends on
        assert read_pickle(content) == []
        return
    _, peak = quietly(read_pickle, content)
    assert peak < SMALL


DEEP = {
    "lists": b"]" * 50_000 + b"a" * 49_999,
    "tuples": b")" + b"\x85" * 100_000,
    "marks": b"(" * 100_000,
    "twice": b")" + b"\x94h\x00\x86" + b"".join(
        b"\x94h" + bytes([i]) + b"\x86" for i in range(1, 200)
    ),
    "itself": b"]\x94h\x00a",
    "dict in itself": b"}\x94X\x01\x00\x00\x00ah\x00s",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("operations", DEEP.values(), ids=DEEP)
def test_containers_lie_in_each_other_only_so_deep(operations):
    reason, peak = quietly(read_pickle, b"\x80\x04" + operations + b".")
    assert "deep" in reason or "no whole pickle" in reason
    assert peak < 2**25


def test_a_pickle_has_only_so_many_operations():
    with pytest.raises(ValueError, match=f"at most {MAX_OPERATIONS} operations"):
        read_pickle(b"\x80\x04" + b"N" * MAX_OPERATIONS + b".")


def test_a_pickle_that_was_cut_off_anywhere_is_refused():
    content = pickle.dumps(PLAIN, 4)
    for length in range(len(content)):
        with pytest.raises(ValueError):  # noqa: PT011
            read_pickle(content[:length])


def test_a_pickle_that_was_changed_anywhere_is_read_or_refused():
    random = np.random.default_rng(0)
    content = np.frombuffer(pickle.dumps(PLAIN, 4), np.uint8)
    refused = 0
    for _ in range(2000):
        changed = content.copy()
        changed[random.integers(2, len(content), 2)] = random.integers(0, 256, 2)
        try:
            read_pickle(changed.tobytes())
        except ValueError:
            refused += 1
    assert 0 < refused < 2000


NUMBERS = np.arange(24, dtype=np.float32)


def archive(write, shape, strides, offset=0, entries=24, **settings):
    tensor = write.tensor("0", entries, offset, shape, strides)
    return write.torch_archive([tensor], {"0": NUMBERS.tobytes()}, **settings)


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "expected"),
    [
        ((4, 6), (6, 1), 0, NUMBERS.reshape(4, 6)),
        ((6, 4), (1, 6), 0, NUMBERS.reshape(4, 6).T),
        ((2, 3), (12, 4), 1, NUMBERS[1:].reshape(-1)[[0, 4, 8, 12, 16, 20]].reshape(2, 3)),
        ((), (), 23, NUMBERS[23]),
    ],
)
def test_a_tensor_is_a_view_of_its_storage(write, shape, strides, offset, expected):
    (tensor,) = read_torch(archive(write, shape, strides, offset))
    np.testing.assert_array_equal(tensor, expected)
    assert not tensor.flags.writeable


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((25,), (1,), 0),
        ((24,), (1,), 1),
        ((1,), (1,), 24),
        ((1,), (1,), -1),
        ((4, 6), (6, 2), 0),
        ((2,), (2**40,), 0),
        ((5, 5), (1, 0), 0),
        ((0,), (1,), 0),
    ],
)
def test_a_tensor_lies_within_its_storage(write, shape, strides, offset):
    with pytest.raises(ValueError, match="must lie within its storage"):
        read_torch(archive(write, shape, strides, offset))


@pytest.mark.parametrize(
    ("shape", "strides", "message"),
    [
        ((10**10,), (0,), "larger than the file"),
        ((24,), (-1,), "at most 8 integers"),
        ((4, 6), (6,), "as many strides"),
    ],
)
def test_a_tensor_is_of_sizes(write, shape, strides, message):
    with pytest.raises(ValueError, match=message):
        read_torch(archive(write, shape, strides))


def test_a_storage_is_as_large_as_it_says(write):
    with pytest.raises(ValueError, match="100000000000 entries of float32 must have 400000000000"):
        read_torch(archive(write, (24,), (1,), entries=10**11))


def test_a_storage_must_be_there(write):
    content = write.torch_archive([write.tensor("../1", 24, 0, (24,), (1,))], {"0": b""})
    with pytest.raises(ValueError, match=r"agent/data/\.\./1"):
        read_torch(content)


def test_tensors_share_a_storage_that_is_read_once(write):
    tensors = [write.tensor("0", 24, i, (), ()) for i in range(24)]
    read = read_torch(write.torch_archive(tensors, {"0": NUMBERS.tobytes()}))
    assert [float(one) for one in read] == NUMBERS.tolist()
    starts = [one.__array_interface__["data"][0] for one in read]
    assert set(np.diff(starts)) == {4}


def test_a_pickle_in_an_archive_is_no_less_restricted(write):
    with pytest.raises(ValueError, match=r"it names 'os\.system'"):
        read_torch(write.torch_archive(write.named("os.system"), {}))


def test_a_compressed_archive_is_refused(write):
    bomb = write.torch_archive([], {"0": bytes(10**7)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 200_000
    reason, peak = quietly(read_torch, bomb)
    assert "must not be compressed" in reason
    assert peak < SMALL


def test_an_archive_with_a_lying_size_is_refused(write):
    content = archive(write, (24,), (1,))
    entry = content.index(b"agent/data/0", content.index(b"PK\x01\x02")) - 46
    claim = (4 * 10**9).to_bytes(4, "little")
    for where, message in [
        (slice(24, 28), "they claim 40000"),  # what it has when unpacked
        (slice(20, 24), "they claim 40000"),  # what is stored of it
        (slice(20, 28), "they claim 40000"),
    ]:
        lying = bytearray(content)
        lying[entry + where.start : entry + where.stop] = claim * ((where.stop - where.start) // 4)
        reason, peak = quietly(read_torch, bytes(lying))
        assert message in reason
        assert peak < SMALL


def test_members_that_overlap_are_refused(write):
    file = io.BytesIO(archive(write, (24,), (1,)))
    with zipfile.ZipFile(file, "a") as old:
        first = old.infolist()[0]
        for i in range(30):
            copy = zipfile.ZipInfo(f"agent/copy{i}")
            copy.header_offset, copy.CRC = first.header_offset, first.CRC
            copy.file_size = copy.compress_size = 1000
            old.filelist.append(copy)
            old._didModify = True
    with pytest.raises(ValueError, match="no larger than the file"):
        read_torch(file.getvalue())


def test_an_archive_has_only_so_many_members():
    with pytest.raises(ValueError, match=f"at most {MAX_MEMBERS} members"):
        read_torch(b"PK\x03\x04" + b"PK\x01\x02" * (MAX_MEMBERS + 1))


def test_an_archive_of_the_other_byte_order_is_refused(write):
    content = archive(write, (24,), (1,)).replace(b"little", b"biggie")
    with pytest.raises(ValueError, match=r"Bad CRC|little-endian"):
        read_torch(content)


def test_an_archive_that_was_cut_off_anywhere_is_refused(write):
    content = archive(write, (24,), (1,))
    for length in range(0, len(content), 3):
        with pytest.raises(ValueError):  # noqa: PT011
            read_torch(content[:length])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_was_changed_anywhere_is_read_or_refused(write):
    random = np.random.default_rng(0)
    content = np.frombuffer(archive(write, (24,), (1,)), np.uint8)
    refused = 0
    for _ in range(1000):
        changed = content.copy()
        changed[random.integers(4, len(content), 2)] = random.integers(0, 256, 2)
        try:
            read_torch(changed.tobytes())
        except ValueError:
            refused += 1
    assert 0 < refused < 1000


def test_what_torch_saves_is_read(tmp_path):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.GRU(4, 5))
    torch.save({"actor_critic": module.state_dict()}, tmp_path / "agent.pth")
    read = read_torch((tmp_path / "agent.pth").read_bytes())["actor_critic"]
    assert list(read) == list(module.state_dict())
    for name, tensor in module.state_dict().items():
        np.testing.assert_array_equal(read[name], tensor.numpy())
