"""Ed25519 keys (RFC 8032) in the files that OpenSSL writes: PEM, PKCS 8."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.regular_file import open_regular

# A PEM of an Ed25519 key has some 120 bytes; others may hold longer keys and comments.
_LARGEST_FILE = 65_536
_BYTES_PER_LINE = 8


def new_private_key() -> bytes:
    """Return a new private key as PEM, not encrypted."""
    key = Ed25519PrivateKey.generate()
    content: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return content


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises
    ------
    InputError
        If there is no such file, or it holds none of Ed25519, or is encrypted.
    """
    expected = "a private Ed25519 key in PEM"
    content = _pem(path, expected)
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise InputError(f"{path}: is encrypted, expected {expected} without passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{path}: holds no private key, expected {expected}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: is a key of another algorithm, expected {expected}")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key; of a private one, that which belongs to it.

    Raises
    ------
    InputError
        If there is no such file, or it holds no key of Ed25519, or an encrypted one.
    """
    expected = "an Ed25519 key in PEM"
    content = _pem(path, expected)
    if b"PRIVATE KEY-----" in content:
        return read_private_key(path).public_key()
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{path}: holds no key, expected {expected}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{path}: is a key of another algorithm, expected {expected}")
    return key


def public_bytes(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of a public key (RFC 8032, 5.1.5)."""
    content: bytes = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return content


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key as PEM."""
    content: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return content


def public_header(key: Ed25519PublicKey) -> bytes:
    """Return a public key as a C header, for the firmware that checks updates."""
    values = [f"0x{value:02x}" for value in public_bytes(key)]
    lines = [
        "    " + ", ".join(values[start : start + _BYTES_PER_LINE]) + ",\n"
        for start in range(0, len(values), _BYTES_PER_LINE)
    ]
    return (
        "/* The public key that updates are signed for; no secret. */\n"
        "#ifndef UPDATE_KEY_H\n"
        "#define UPDATE_KEY_H\n\n"
        "#include <stdint.h>\n\n"
        "static const uint8_t UPDATE_KEY[32] = {\n" + "".join(lines) + "};\n\n"
        "#endif\n"
    ).encode()


def _pem(path: Path, expected: str) -> bytes:
    with open_regular(path, expected) as file:
        content = file.read(_LARGEST_FILE + 1) or b""
    if len(content) > _LARGEST_FILE:
        raise InputError(f"{path}: has more than {_LARGEST_FILE} bytes, expected {expected}")
    return content
