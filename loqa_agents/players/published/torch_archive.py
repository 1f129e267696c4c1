"""Reads the zip archives in which torch keeps what ``torch.save`` is given, without torch."""

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loqa_agents.players.published.restricted_pickle import STORAGES, read_pickle

MAX_MEMBERS = 4096
"""Files in an archive; the published agents have 139."""


def read_torch(content: bytes) -> Any:
    """What was saved; tensors become read-only arrays.

    The archive holds ``NAME/data.pkl``, a pickle, and ``NAME/data/KEY``, the bytes of each storage
    that the pickle refers to, neither compressed nor encrypted.

    Raises:
        ValueError: if the content is no whole archive of that kind, if its parts are not as large
            as it says, or if its pickle is none that `read_pickle` reads.
    """
    # zipfile makes an object for each entry of the directory; each has this signature.
    if content.count(b"PK\x01\x02") > MAX_MEMBERS:
        raise ValueError(f"a torch archive must have at most {MAX_MEMBERS} members")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive, len(content))
    except ValueError:
        raise
    except Exception as error:  # zipfile raises many kinds over a broken archive
        reason = str(error) or type(error).__name__
        raise ValueError(f"it is no whole torch archive: {reason.rstrip('.')}") from None


def _read(archive: zipfile.ZipFile, size: int) -> Any:
    members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("the members of a torch archive must not be compressed")
    # With each member no larger than it is stored and all of them within the file, reading them
    # makes nothing larger than the file.
    promised = sum(max(member.file_size, member.compress_size) for member in members)
    if promised > size:
        raise ValueError(
            "the members of a torch archive must be no larger than the file, which has "
            f"{size} bytes; they claim {promised}"
        )
    names = {member.filename for member in members}
    pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise ValueError(f"a torch archive must have one data.pkl, got {len(pickles)}")
    root = pickles[0].removesuffix("data.pkl")
    if f"{root}byteorder" in names and archive.read(f"{root}byteorder") != b"little":
        raise ValueError("the numbers of a torch archive must be little-endian")
    storages: dict[str, bytes] = {}

    def read_storage(kind: str, key: str, entries: int) -> NDArray[Any]:
        member = f"{root}data/{key}"
        if member not in names:
            raise ValueError(f"a torch archive must hold what it refers to, not so {member[:60]!r}")
        if key not in storages:
            storages[key] = archive.read(member)
        dtype = np.dtype(STORAGES[kind]).newbyteorder("<")
        if entries * dtype.itemsize != len(storages[key]):
            raise ValueError(
                f"a storage of {entries} entries of {dtype} must have "
                f"{entries * dtype.itemsize} bytes, {member!r} has {len(storages[key])}"
            )
        return np.frombuffer(storages[key], dtype)

    return read_pickle(archive.read(pickles[0]), read_storage, limit=size)
