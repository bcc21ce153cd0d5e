"""Whenever the power fails, the next start finds the old model or the new one."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.update.conftest import Material
from tests.firmware.update.simulated_device import SECTOR, Device, Flash

pytest.importorskip("cryptography", reason="not installed: cryptography")

from tests.firmware.update.made_updates import packed_update

OK = "UPDATE_OK"
OLD, NEW = 5, 6
DAMAGES = ("none", "half", "noise")


def update_of(material: Material, version: int) -> bytes:
    return packed_update(material.key, material.blob, material.expected, version=version)


class Life:
    """A device through its starts; `flash` stays, what is in RAM does not."""

    def __init__(self, ota: ctypes.CDLL, flash: Flash, material: Material) -> None:
        self.ota, self.flash, self.material = ota, flash, material

    def start(self) -> Device:
        device = Device(self.ota, self.flash, self.material.public)
        device.boot()
        return device

    def install(self, version: int) -> str:
        return self.start().install(update_of(self.material, version))


@pytest.fixture
def life(ota: ctypes.CDLL, flash: Flash, material: Material) -> Life:
    """The old model is confirmed."""
    life = Life(ota, flash, material)
    assert life.install(OLD) == OK
    assert life.start().confirm() == OK
    return life


def whole_update(life: Life) -> list[str]:
    """Install the new model, start with it, keep it; return what was said until then."""
    said = [life.install(NEW)]
    if said == [OK]:
        device = life.start()
        said += [device.boot(), device.confirm()]
    return said


def test_a_cut_at_every_operation(life: Life) -> None:
    flash = life.flash
    before = flash.memory.copy()
    flash.power_returns()
    assert whole_update(life) == [OK, OK, OK]
    operations, sectors = flash.operations, flash.struct.slot_bytes // SECTOR
    # Each sector and page of the slot; of four records each an erasure and a page.
    assert operations >= sectors + len(update_of(life.material, NEW)) // SECTOR + 8
    found = set()
    for damage in DAMAGES:
        for at in range(operations):
            flash.memory[:] = before
            flash.power_returns()
            flash.cut_at, flash.damage = at, damage
            said = whole_update(life)
            flash.power_returns()
            device = life.start()
            version = device.version()
            assert version in ((OLD, NEW) if said else (OLD,)), (damage, at)
            if said[0] != OK and at < operations - 8:
                assert (version, device.on_trial()) == (OLD, False), (damage, at)
            found.add((version, device.on_trial()))
            # And it is as good as before: the update arrives in the end.
            if version == OLD:
                assert device.install(update_of(life.material, NEW)) == OK, (damage, at)
                device = life.start()
            assert device.confirm() == OK, (damage, at)
            assert life.start().version() == NEW, (damage, at)
    assert found >= {(OLD, False), (NEW, True)}


def test_a_cut_while_it_goes_back(life: Life) -> None:
    """The new model is damaged after it was installed, and the power fails at the next start."""
    flash = life.flash
    slot = flash.slots[1 - life.start().struct.running]
    assert life.install(NEW) == OK
    flash.memory[slot + 9000] ^= 1
    before = flash.memory.copy()
    for damage in DAMAGES:
        for at in range(6):
            flash.memory[:] = before
            flash.power_returns()
            flash.cut_at, flash.damage = at, damage
            life.start()
            flash.power_returns()
            device = life.start()
            assert (device.version(), device.on_trial()) == (OLD, False), (damage, at)


CUTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(DAMAGES), st.sampled_from(("run", "hang"))),
    max_size=8,
)


@settings(max_examples=40)
@given(cuts=CUTS)
def test_cuts_upon_cuts(
    cuts: list[tuple[int, str, str]], ota: ctypes.CDLL, material: Material
) -> None:
    flash = Flash((len(material.blob) + 1000) // SECTOR * SECTOR + SECTOR)
    life = Life(ota, flash, material)
    assert life.install(1) == OK
    assert life.start().confirm() == OK
    confirmed = newest = 1
    for at, damage, then in cuts:
        flash.power_returns()
        flash.cut_at, flash.damage = at, damage
        device = life.start()
        if then == "run" and device.struct.running != 2 and device.confirm() == OK:
            confirmed = device.version()
        device.install(update_of(material, newest + 1))
        flash.power_returns()
        device = life.start()
        newest = max(newest, device.version())
        # What was confirmed, or what is on trial and newer.
        assert device.version() >= confirmed
        assert device.on_trial() or device.version() in (confirmed, confirmed + 1)
    flash.power_returns()
    device = life.start()
    assert device.confirm() == OK
    assert device.install(update_of(material, newest + 1)) == OK
    assert life.start().version() == newest + 1
