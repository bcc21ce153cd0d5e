"""Files of features: the rows of one clip, with a checksum.

A file begins with eight bytes that name its format; the CRC-32 of the rows follows, and then the
rows, float32, little-endian.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically

SUFFIX = ".rows"
_MAGIC = b"LSNROWS1"
_CHECKSUM = np.dtype("<u4")
_HEADER_BYTES = len(_MAGIC) + _CHECKSUM.itemsize
_VALUE = np.dtype("<f4")


def write_rows(path: Path, rows: NDArray[np.float32]) -> None:
    """Write the rows of a clip under a temporary name, then rename it.

    Parameters
    ----------
    path : Path
    rows : ndarray of float32, shape (n_frames, n_coefficients)

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    content = np.ascontiguousarray(rows, _VALUE).tobytes()
    checksum = np.array(zlib.crc32(content), _CHECKSUM).tobytes()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made ({error.strerror})") from None
    write_atomically(path, _MAGIC + checksum + content)


def read_rows(path: Path, n_coefficients: int) -> NDArray[np.float32] | None:
    """Read the rows of a clip.

    Parameters
    ----------
    path : Path
    n_coefficients : int

    Returns
    -------
    ndarray of float32, shape (n_frames, n_coefficients), or None
        None, if there is no such file or it is damaged.
    """
    try:
        file = path.read_bytes()
    except OSError:
        return None
    content = memoryview(file)[_HEADER_BYTES:]
    row_bytes = n_coefficients * _VALUE.itemsize
    if not file.startswith(_MAGIC) or not content or len(content) % row_bytes:
        return None
    if zlib.crc32(content) != np.frombuffer(file, _CHECKSUM, 1, len(_MAGIC))[0]:
        return None
    return np.frombuffer(content, _VALUE).astype(np.float32).reshape(-1, n_coefficients)
