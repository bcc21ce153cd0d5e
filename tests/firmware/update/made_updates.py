"""Updates packed by the words of docs/reference/update-format.md, right or wrong in one."""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HEADER = 192


def packed_update(
    key: Ed25519PrivateKey,
    blob: bytes,
    expected: bytes,
    *,
    magic: bytes = b"LSU1",
    update_format: int = 1,
    size: int | None = None,
    version: int = 1,
    product: int = 0,
    blob_version: int | None = None,
    blob_size: int | None = None,
    rows: int = 40,
) -> bytes:
    """Pack and sign an update; `expected` is what its self-test has to give."""
    content = blob + expected
    if blob_version is None:
        blob_version = int.from_bytes(blob[4:8], "little")
    words = struct.pack(
        "<4s15I",
        magic,
        update_format,
        HEADER + len(content) if size is None else size,
        version,
        product,
        blob_version,
        len(blob) if blob_size is None else blob_size,
        rows,
        *[0] * 8,
    )
    signed = words + hashlib.sha512(content).digest()
    return signed + key.sign(signed) + content


def flipped(update: bytes, at: int, bit: int = 0) -> bytes:
    """Return an update with one bit turned over."""
    return update[:at] + bytes([update[at] ^ 1 << bit]) + update[at + 1 :]
