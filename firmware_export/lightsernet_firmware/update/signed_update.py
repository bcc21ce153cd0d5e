"""The file of an update: a header, signed; the blob; what its self-test must give.

The layout is written down in ``docs/reference/update-format.md``; a device's own view of it
is ``examples/ota/update.c``.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lightsernet_edge.errors import InputError, LightSernetError, MissingDependencyError
from lightsernet_edge.files.regular_file import open_regular

from ..blob.build import MAGIC as BLOB_MAGIC
from ..blob.build import OLDEST_VERSION as OLDEST_BLOB
from ..blob.build import VERSION as NEWEST_BLOB
from ..c_export.self_test import ROWS, expected_integers
from ..host.stream import HostModel

MAGIC = b"LSU1"
FORMAT = 1
# Of versions and products.
LARGEST_NUMBER = 2**32 - 1

# Magic, then format, size, version, product, version and size of the blob, rows of the
# self-test; eight words that are 0.
_WORDS = struct.Struct("<4s7I32x")
_HASH_BYTES = SIGNATURE_BYTES = 64
# What is signed: the words and the SHA-512 of all that follows the header.
SIGNED_BYTES = _WORDS.size + _HASH_BYTES
HEADER_BYTES = SIGNED_BYTES + SIGNATURE_BYTES
# The largest blob has 64 MiB.
_LARGEST_UPDATE = 2**26 + 2**16


@dataclass(frozen=True)
class Update:
    """An update whose signature holds.

    Parameters
    ----------
    version : int
        Of the model, 1 .. 2^32 - 1: a device installs only a larger one than it has.
    product : int
        For which devices it is, 0 .. 2^32 - 1.
    blob : bytes
        As `lightsernet_firmware.FirmwareModel.blob`.
    labels : tuple of str
        In the order of the network's output.
    """

    version: int
    product: int
    blob: bytes
    labels: tuple[str, ...]


def signed_update(blob: bytes, key: Ed25519PrivateKey, version: int, product: int = 0) -> bytes:
    """Make an update.

    Parameters
    ----------
    blob : bytes
        As `lightsernet_firmware.FirmwareModel.blob`.
    key : Ed25519PrivateKey
    version, product : int
        As in `Update`.

    Returns
    -------
    bytes
        The same for the same arguments: Ed25519 draws no random numbers.

    Raises
    ------
    InputError
        If a number is out of range.
    ModelError
        If the engine refuses the blob.
    MissingDependencyError
        If there is no C compiler.
    """
    if not 1 <= version <= LARGEST_NUMBER:
        raise InputError(f"version: found {version}, expected 1 to {LARGEST_NUMBER}")
    if not 0 <= product <= LARGEST_NUMBER:
        raise InputError(f"product: found {product}, expected 0 to {LARGEST_NUMBER}")
    content = blob + _expected(HostModel(blob))
    size = HEADER_BYTES + len(content)
    (blob_version,) = struct.unpack_from("<I", blob, len(BLOB_MAGIC))
    words = _WORDS.pack(MAGIC, FORMAT, size, version, product, blob_version, len(blob), ROWS)
    signed = words + hashlib.sha512(content).digest()
    signature: bytes = key.sign(signed)
    return signed + signature + content


def read_update(path: Path, key: Ed25519PublicKey) -> Update:
    """Check a whole update: all that a device checks, but for its own version and product.

    Raises
    ------
    InputError
        If the file cannot be read.
    LightSernetError
        If it is no update, or not signed with this key, or anything in it is not as it
        should be.
    MissingDependencyError
        If there is no C compiler.
    """
    with open_regular(path, "an update") as file:
        content = file.read(_LARGEST_UPDATE + 1) or b""
    try:
        return checked_update(content, key)
    except MissingDependencyError:
        raise
    except InputError as error:
        # The engine's: the update was read, and is refused.
        raise LightSernetError(f"{path}: {error}") from None
    except LightSernetError as error:
        raise type(error)(f"{path}: {error}") from None


def checked_update(content: bytes, key: Ed25519PublicKey) -> Update:
    """Check the bytes of an update, as `read_update` does."""
    if len(content) < HEADER_BYTES or not content.startswith(MAGIC):
        raise LightSernetError("is no update")
    signed, signature = content[:SIGNED_BYTES], content[SIGNED_BYTES:HEADER_BYTES]
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise LightSernetError("the signature does not hold for this key") from None
    words: tuple[int, ...] = _WORDS.unpack(signed[: _WORDS.size])[1:]
    found_format, size, version, product, blob_version, blob_bytes, rows = words
    if found_format != FORMAT:
        raise LightSernetError(f"has format {found_format}, expected {FORMAT}")
    if size != len(content):
        raise LightSernetError(f"has {len(content)} bytes, expected {size}")
    if hashlib.sha512(content[HEADER_BYTES:]).digest() != signed[_WORDS.size :]:
        raise LightSernetError("is damaged: its SHA-512 is another")
    if not OLDEST_BLOB <= blob_version <= NEWEST_BLOB:
        raise LightSernetError(
            f"has a blob of version {blob_version}, expected {OLDEST_BLOB} to {NEWEST_BLOB}"
        )
    blob = content[HEADER_BYTES:][:blob_bytes]
    model = HostModel(blob)
    if rows != ROWS or content[HEADER_BYTES + len(blob) :] != _expected(model):
        raise LightSernetError("its self-test expects other integers than the engine gives")
    return Update(version, product, blob, model.labels)


def _expected(model: HostModel) -> bytes:
    """Return what the self-test must give: logits, then posteriors."""
    return b"".join(values.tobytes() for values in expected_integers(model))
