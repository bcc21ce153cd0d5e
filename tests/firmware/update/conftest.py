"""A small model, keys, and the example's C code with each library for signatures."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lightsernet_edge.model.file import read_model
from lightsernet_firmware.c_export.self_test import expected_integers
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.update.simulated_device import SECTOR, Device, Flash, build_library, missing_for

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class Material:
    """What updates are made of, and what checks them."""

    key: Ed25519PrivateKey
    other_key: Ed25519PrivateKey
    public: bytes
    blob: bytes
    expected: bytes
    ram_bytes: int


@pytest.fixture(scope="session")
def material() -> Material:
    """A blob with half of the smallest model's filters, whose answers mean nothing."""
    ed25519 = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.ed25519", reason="not installed: cryptography"
    )
    from lightsernet_firmware.update.keys import public_bytes

    key, other_key = (
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes([value] * 32)) for value in (1, 2)
    )
    blob = FirmwareModel(read_model("edge-s")).narrowed(0.5).blob
    model = HostModel(blob)
    expected = b"".join(values.tobytes() for values in expected_integers(model))
    return Material(key, other_key, public_bytes(key.public_key()), blob, expected, model.ram_bytes)


@pytest.fixture(scope="session", params=["sodium", "monocypher"])
def ota(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The example with one of the libraries that it can check signatures with."""
    missing = missing_for(request.param)
    if missing:
        pytest.skip(missing)
    return build_library(tmp_path_factory.mktemp("ota"), request.param)


@pytest.fixture
def flash(material: Material) -> Flash:
    """A new device's, with little more room than the model takes."""
    return Flash((len(material.blob) + 1000) // SECTOR * SECTOR + SECTOR)


@pytest.fixture
def device(ota: ctypes.CDLL, flash: Flash, material: Material) -> Device:
    """A device that has not started yet."""
    return Device(ota, flash, material.public)
