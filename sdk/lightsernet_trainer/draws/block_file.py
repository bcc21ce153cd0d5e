"""Files of draws: eight of a clip each, every one with a checksum.

A file begins with eight bytes that name its format; a table follows with the number of rows and
the CRC-32 of each draw, and then the rows one after another, float16, little-endian.

Draws are read one at a time, not mapped into memory: a map a file would use up a process's
descriptors, and reading the 15 kB of a draw out of the system's cache costs some 0.05 ms.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically

HalfRows = NDArray[np.float16]

# Draws that are made together: enough that reading the clip counts for little, few enough that
# training soon begins.
BLOCK = 8
SUFFIX = ".draws"

_MAGIC = b"LSNDRAW1"
_TABLE = np.dtype([("rows", "<u4"), ("crc32", "<u4")])
_ROW_TYPE = np.dtype("<f2")
HEADER_BYTES = len(_MAGIC) + BLOCK * _TABLE.itemsize


def write_block(path: Path, draws: Sequence[HalfRows]) -> None:
    """Write the draws of a block under a temporary name, then rename it.

    Parameters
    ----------
    path : Path
    draws : sequence of ndarray of float16, each of shape (n_frames, n_coefficients)
        `BLOCK` of them.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    contents = [np.ascontiguousarray(rows, dtype=_ROW_TYPE).tobytes() for rows in draws]
    table = np.array(
        [(len(rows), zlib.crc32(content)) for rows, content in zip(draws, contents, strict=True)],
        dtype=_TABLE,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made ({error.strerror})") from None
    write_atomically(path, b"".join([_MAGIC, table.tobytes(), *contents]))


def read_draw(path: Path, place: int, n_coefficients: int) -> HalfRows | None:
    """Read one draw of a block.

    Parameters
    ----------
    path : Path
    place : int
        In 0..`BLOCK` - 1.
    n_coefficients : int

    Returns
    -------
    ndarray of float16, shape (n_frames, n_coefficients), or None
        None, if there is no such file or it is damaged.
    """
    row_bytes = n_coefficients * _ROW_TYPE.itemsize
    try:
        with path.open("rb", buffering=0) as file:
            header = file.read(HEADER_BYTES)
            if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
                return None
            table = np.frombuffer(header, _TABLE, offset=len(_MAGIC))
            rows = table["rows"].astype(np.int64)
            file.seek(HEADER_BYTES + int(rows[:place].sum()) * row_bytes)
            content = file.read(int(rows[place]) * row_bytes)
    except (OSError, OverflowError, MemoryError):
        return None
    # No draw is empty, but what a crash left may be.
    if not rows[place] or zlib.crc32(content) != table["crc32"][place]:
        return None
    return np.frombuffer(content, _ROW_TYPE).reshape(-1, n_coefficients)
