"""What the example installs, what it refuses and why, and when it goes back."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from tests.firmware.update.conftest import Material
from tests.firmware.update.simulated_device import PAGE, Device, Flash

pytest.importorskip("cryptography", reason="not installed: cryptography")

from tests.firmware.update.made_updates import HEADER, flipped, packed_update

OK, NO_MODEL = "UPDATE_OK", "UPDATE_NO_MODEL"
TRIALS = 3
Restart = Callable[[], Device]


@pytest.fixture
def restart(ota: ctypes.CDLL, flash: Flash, material: Material) -> Restart:
    """Start anew on the same flash, which has to find a model."""

    def start() -> Device:
        device = Device(ota, flash, material.public)
        assert device.boot() == OK
        return device

    return start


@pytest.fixture
def update_of(material: Material) -> Callable[[int], bytes]:
    return lambda version: packed_update(
        material.key, material.blob, material.expected, version=version
    )


@pytest.fixture
def running(device: Device, restart: Restart, update_of: Callable[[int], bytes]) -> Device:
    """A device on which version 5 was confirmed."""
    assert device.boot() == NO_MODEL
    assert device.install(update_of(5)) == OK
    device = restart()
    assert device.on_trial()
    assert device.confirm() == OK
    return device


@pytest.mark.parametrize("piece", [1, 100, 191, 192, 193, PAGE, 10**6])
def test_an_update_in_pieces(
    piece: int, running: Device, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    assert (running.version(), running.on_trial()) == (5, False)
    assert running.install(update_of(6), piece) == OK
    device = restart()
    assert (device.version(), device.on_trial()) == (6, True)
    assert device.confirm() == OK
    assert not device.on_trial()
    for _ in range(TRIALS + 2):
        assert (restart().version(), restart().on_trial()) == (6, False)


def test_the_model_is_opened_where_it_lies(running: Device, material: Material) -> None:
    assert running.model.blob_size == len(material.blob)
    assert ctypes.string_at(running.model.blob, len(material.blob)) == material.blob


def wrong_updates(material: Material) -> dict[str, tuple[str, bytes]]:
    key, blob, expected = material.key, material.blob, material.expected
    damaged_blob = flipped(blob, len(blob) // 2)

    def packed(**changes: int | bytes) -> bytes:
        return packed_update(key, blob, expected, **{"version": 6, **changes})  # type: ignore[arg-type]

    right = packed()
    return {
        "magic": ("UPDATE_NO_UPDATE", packed(magic=b"LSU2")),
        "zeros": ("UPDATE_NO_UPDATE", bytes(len(right))),
        "format": ("UPDATE_BAD_FORMAT", packed(update_format=2)),
        "size": ("UPDATE_BAD_FORMAT", packed(size=HEADER - 1)),
        "other key": (
            "UPDATE_NOT_SIGNED",
            packed_update(material.other_key, blob, expected, version=6),
        ),
        "no signature": ("UPDATE_NOT_SIGNED", right[:128] + bytes(64) + right[HEADER:]),
        "product": ("UPDATE_OTHER_PRODUCT", packed(product=1)),
        "newer blob": ("UPDATE_OTHER_ENGINE", packed(blob_version=6)),
        "older blob": ("UPDATE_OTHER_ENGINE", packed(blob_version=3)),
        "the same": ("UPDATE_TOO_OLD", packed(version=5)),
        "older": ("UPDATE_TOO_OLD", packed(version=4)),
        "huge": ("UPDATE_NO_ROOM", packed(size=2**32 - 1)),
        "empty": ("UPDATE_TRUNCATED", b""),
        "half a header": ("UPDATE_TRUNCATED", right[:100]),
        "header alone": ("UPDATE_TRUNCATED", right[:HEADER]),
        "half": ("UPDATE_TRUNCATED", right[: len(right) // 2]),
        "one byte short": ("UPDATE_TRUNCATED", right[:-1]),
        "one byte long": ("UPDATE_TOO_LONG", right + b"\0"),
        "twice": ("UPDATE_TOO_LONG", right + right),
        "bad blob": ("UPDATE_BAD_MODEL", packed_update(key, damaged_blob, expected, version=6)),
        "blob beyond the end": ("UPDATE_BAD_MODEL", packed(blob_size=len(right))),
        "blob of no size": ("UPDATE_BAD_MODEL", packed(blob_size=0)),
        "no self-test": ("UPDATE_BAD_MODEL", packed_update(key, blob, b"", version=6)),
        "longer self-test": (
            "UPDATE_BAD_MODEL",
            packed_update(key, blob, expected + b"\0", version=6),
        ),
        "no rows": ("UPDATE_SELF_TEST", packed(rows=0)),
        "fewer rows": ("UPDATE_SELF_TEST", packed(rows=3)),
        "other logit": (
            "UPDATE_SELF_TEST",
            packed_update(key, blob, flipped(expected, 0), version=6),
        ),
        "other posterior": (
            "UPDATE_SELF_TEST",
            packed_update(key, blob, flipped(expected, len(expected) - 1), version=6),
        ),
    }


# Found before the slot is erased.
BY_THE_HEADER = {
    "UPDATE_NO_UPDATE",
    "UPDATE_BAD_FORMAT",
    "UPDATE_NOT_SIGNED",
    "UPDATE_OTHER_PRODUCT",
    "UPDATE_OTHER_ENGINE",
    "UPDATE_TOO_OLD",
    "UPDATE_NO_ROOM",
}


def test_wrong_updates_are_refused_each_by_its_name(
    running: Device, flash: Flash, restart: Restart, material: Material
) -> None:
    for name, (status, update) in wrong_updates(material).items():
        before = flash.memory.copy()
        assert running.install(update) == status, name
        assert running.receive(b"\0") != OK, name
        assert running.finish() != OK, name
        if status in BY_THE_HEADER:
            assert np.array_equal(flash.memory, before), name
        assert (restart().version(), restart().on_trial()) == (5, False), name


def test_every_bit_of_the_header_is_signed(
    running: Device, flash: Flash, update_of: Callable[[int], bytes]
) -> None:
    update, before = update_of(6), flash.memory.copy()
    for at in range(HEADER):
        for bit in range(8):
            status = running.install(flipped(update, at, bit)[:HEADER])
            assert status == ("UPDATE_NO_UPDATE" if at < 4 else "UPDATE_NOT_SIGNED"), (at, bit)
    assert np.array_equal(flash.memory, before)


def test_a_bit_behind_the_header(
    running: Device, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    update = update_of(6)
    places = [HEADER, len(update) - 1, *range(HEADER, len(update), len(update) // 40)]
    for at in places:
        assert running.install(flipped(update, at, at % 8)) == "UPDATE_DAMAGED", at
    assert restart().version() == 5
    assert running.install(update) == OK
    assert restart().version() == 6


def test_a_model_that_takes_more_ram(
    ota: ctypes.CDLL, flash: Flash, material: Material, update_of: Callable[[int], bytes]
) -> None:
    device = Device(ota, flash, material.public, ram=material.ram_bytes - 1)
    assert device.boot() == NO_MODEL
    assert device.install(update_of(1)) == "UPDATE_NO_RAM"
    assert device.boot() == NO_MODEL


def test_a_slot_too_small(
    ota: ctypes.CDLL, material: Material, update_of: Callable[[int], bytes]
) -> None:
    update = update_of(1)
    flash = Flash((len(update) - 1) // PAGE * PAGE)
    device = Device(ota, flash, material.public)
    assert device.boot() == NO_MODEL
    assert device.install(update) == "UPDATE_NO_ROOM"
    assert flash.operations == 0


def test_flash_that_does_not_keep_what_is_written(
    running: Device, flash: Flash, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    flash.power_returns()
    flash.cut_at = len(update_of(6)) // PAGE + 5
    assert running.install(update_of(6)) == "UPDATE_FLASH"
    flash.power_returns()
    # The driver says that all went well.
    last = len(update_of(6)) - 1
    flash.stuck_at = flash.slots[1 - running.struct.running] + last
    assert flash.memory[flash.stuck_at] != update_of(6)[last]
    assert running.install(update_of(6)) == "UPDATE_FLASH"
    flash.stuck_at = None
    assert restart().version() == 5


def test_out_of_turn(running: Device, restart: Restart, update_of: Callable[[int], bytes]) -> None:
    assert running.receive(update_of(6)) == "UPDATE_NOT_BEGUN"
    assert running.finish() == "UPDATE_NOT_BEGUN"
    assert running.install(update_of(6)) == OK
    assert running.install(update_of(7)) == "UPDATE_ON_TRIAL"
    device = restart()
    assert device.install(update_of(7)) == "UPDATE_ON_TRIAL"
    assert device.version() == 6
    assert device.confirm() == OK
    assert device.install(update_of(7)) == OK


def test_back_where_nobody_confirms(
    running: Device, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    """The program hangs, or crashes, or its listener does not open."""
    assert running.install(update_of(6)) == OK
    for _ in range(TRIALS):
        assert restart().version() == 6
    device = restart()
    assert (device.version(), device.on_trial()) == (5, False)
    assert device.confirm() == OK
    assert restart().version() == 5
    # It was never confirmed, so it may be tried again.
    assert device.install(update_of(6)) == OK
    assert restart().confirm() == OK
    assert restart().version() == 6


def test_back_at_once_where_the_self_test_fails(
    running: Device, flash: Flash, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    assert running.install(update_of(6)) == OK
    flash.memory[flash.slots[1 - running.struct.running] + 9000] ^= 4
    device = restart()
    assert (device.version(), device.on_trial()) == (5, False)
    assert device.struct.record.trial == 2


def test_other_integers_at_the_start(
    running: Device,
    flash: Flash,
    restart: Restart,
    material: Material,
    update_of: Callable[[int], bytes],
) -> None:
    """All is signed and whole, but the engine gives other integers: it was built anew since."""
    assert running.install(update_of(6)) == OK
    other = packed_update(material.key, material.blob, flipped(material.expected, 3, 1), version=6)
    at = flash.slots[1 - running.struct.running]
    flash.memory[at : at + len(other)] = np.frombuffer(other, np.uint8)
    assert restart().version() == 5


def test_the_other_slot_is_the_last_resort(
    running: Device, flash: Flash, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    assert running.install(update_of(6)) == OK
    assert restart().confirm() == OK
    flash.memory[flash.slots[restart().struct.running] + 9000] ^= 4
    device = restart()
    assert device.version() == 5
    # What was once confirmed stays the least that is taken.
    assert device.install(update_of(6)) == "UPDATE_TOO_OLD"
    assert device.install(update_of(7)) == OK
    assert restart().version() == 7


def test_records_that_are_lost(
    running: Device, flash: Flash, restart: Restart, update_of: Callable[[int], bytes]
) -> None:
    assert running.install(update_of(6)) == OK
    assert restart().confirm() == OK
    flash.memory[: flash.slots[0]] = 0x5A
    device = restart()
    assert (device.version(), device.on_trial()) == (6, True)
    assert device.confirm() == OK
    assert (restart().version(), restart().on_trial()) == (6, False)


def test_a_model_that_was_written_with_the_program(
    ota: ctypes.CDLL,
    flash: Flash,
    restart: Restart,
    material: Material,
    update_of: Callable[[int], bytes],
) -> None:
    assert Device(ota, flash, material.public).boot() == NO_MODEL
    factory = update_of(3)
    flash.memory[flash.slots[0] : flash.slots[0] + len(factory)] = np.frombuffer(factory, np.uint8)
    for _ in range(2 * TRIALS):
        device = restart()
        assert device.version() == 3
    assert device.confirm() == OK
    assert device.install(update_of(3)) == "UPDATE_TOO_OLD"
    assert device.install(update_of(4)) == OK
    assert restart().version() == 4
