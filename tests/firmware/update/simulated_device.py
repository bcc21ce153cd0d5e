"""The C code of `examples/ota` on a flash of arrays, whose power can be cut at any operation."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np

from lightsernet_firmware.engine_files import include_flags
from lightsernet_firmware.host.build import host_library
from lightsernet_firmware.host.stream import ModelStruct, aligned_bytes
from tests.places import EXAMPLES

OTA = EXAMPLES / "ota"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-pedantic")
PAGE = SECTOR = 4096
NONE = 2
STATUS_NAMES = tuple(
    line.split()[0].rstrip(",")
    for line in (OTA / "update.h").read_text().split("typedef enum")[1].splitlines()
    if line.startswith("    UPDATE_")
)
# Whoever has Monocypher's sources names them, as for other things that are no packages.
MONOCYPHER = os.environ.get("MONOCYPHER")

_ERASE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)
_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32
)


class _FlashStruct(ctypes.Structure):
    """``slots_flash``."""

    _fields_ = (
        ("memory", ctypes.c_void_p),
        ("slot", ctypes.c_uint32 * 2),
        ("slot_bytes", ctypes.c_uint32),
        ("record", ctypes.c_uint32 * 2),
        ("erase", _ERASE),
        ("write", _WRITE),
        ("context", ctypes.c_void_p),
    )


class _HeaderStruct(ctypes.Structure):
    """``update_header``."""

    _fields_ = (
        *(
            (name, ctypes.c_uint32)
            for name in ("size", "version", "product", "blob_version", "blob_size", "rows")
        ),
        ("hash", ctypes.c_void_p),
    )


class _RecordStruct(ctypes.Structure):
    """``slots_record``."""

    _fields_ = tuple(
        (name, ctypes.c_uint32)
        for name in (
            *("magic", "sequence", "confirmed", "trial", "starts_left", "newest"),
            *("reserved", "crc"),
        )
    )


class _SlotsStruct(ctypes.Structure):
    """``slots_state``."""

    _fields_ = (
        ("flash", ctypes.POINTER(_FlashStruct)),
        ("key", ctypes.c_char_p),
        ("product", ctypes.c_uint32),
        ("ram_bytes", ctypes.c_void_p),
        ("ram_count", ctypes.c_size_t),
        ("record", _RecordStruct),
        ("running", ctypes.c_uint32),
        ("receiving", ctypes.c_int),
        ("header", _HeaderStruct),
        ("received", ctypes.c_uint32),
        ("page", ctypes.c_uint8 * PAGE),
    )


def has_sodium() -> bool:
    """Whether Debian's libsodium-dev, or the like, is installed."""
    found = subprocess.run(
        ["cc", "-E", "-include", "sodium.h", "-x", "c", os.devnull],
        capture_output=True,
        check=False,
    )
    return found.returncode == 0


def missing_for(library: str) -> str | None:
    """Say what is not installed of what the C code needs; None if nothing."""
    if not shutil.which("cc"):
        return "needs a C compiler"
    if library == "monocypher":
        return None if MONOCYPHER else "needs Monocypher's sources, named by MONOCYPHER"
    return None if has_sodium() else "needs libsodium-dev"


def signature_flags(library: str, folder: Path) -> list[str]:
    """Return what the compiler takes to check signatures with a library.

    Monocypher is compiled into the folder, as others' code without our warnings.
    """
    if library == "sodium":
        return [str(OTA / "signature_sodium.c"), "-lsodium"]
    assert MONOCYPHER is not None
    sources = Path(MONOCYPHER) / "src"
    flags = [f"-I{place}" for place in (sources, sources / "optional")]
    files = [sources / "monocypher.c", sources / "optional" / "monocypher-ed25519.c"]
    subprocess.run(["cc", "-O2", "-fPIC", *flags, "-c", *files], cwd=folder, check=True)
    objects = [str(folder / f"{file.stem}.o") for file in files]
    return [*flags, str(OTA / "signature_monocypher.c"), *objects]


def build_library(folder: Path, library: str) -> ctypes.CDLL:
    """Compile the example for this machine, but for its main."""
    engine, built = host_library(), folder / f"libota_{library}.so"
    subprocess.run(
        [
            *("cc", *STRICT, "-Werror", "-O1", "-g", "-fPIC", "-shared", f"-DSLOTS_PAGE={PAGE}"),
            *("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"),
            *(*include_flags(), f"-I{OTA}", str(OTA / "slots.c"), str(OTA / "update.c")),
            *(*signature_flags(library, folder), str(engine), f"-Wl,-rpath,{engine.parent}"),
            *("-o", str(built)),
        ],
        check=True,
    )
    return ctypes.CDLL(str(built))


class Flash:
    """Two records, a sector each, and two slots; a write clears bits and sets none.

    Parameters
    ----------
    slot_bytes : int
        A multiple of `SECTOR`.

    Attributes
    ----------
    operations : int
        Sectors erased and pages written so far.
    cut_at : int or None
        The operation in which the power fails; what comes after it does not happen.
    damage : {"none", "half", "noise"}
        What of that operation happens: nothing, the first half of it, or random bits.
    stuck_at : int or None
        Address of a byte that never changes.
    wrong_use : list of str
        What a real flash would not have taken.
    """

    def __init__(self, slot_bytes: int) -> None:
        self.slots = (2 * SECTOR, 2 * SECTOR + slot_bytes)
        self.memory = aligned_bytes(2 * SECTOR + 2 * slot_bytes)
        self.memory[:] = 0xFF
        self.operations = 0
        self.cut_at: int | None = None
        self.damage = "none"
        self.stuck_at: int | None = None
        self.wrong_use: list[str] = []
        self._random = random.Random(0)
        # Kept, as C calls them.
        self._calls = _ERASE(self._erase), _WRITE(self._write)
        self.struct = _FlashStruct(
            self.memory.ctypes.data,
            (ctypes.c_uint32 * 2)(*self.slots),
            slot_bytes,
            (ctypes.c_uint32 * 2)(0, SECTOR),
            *self._calls,
        )

    def power_returns(self) -> None:
        """Count operations anew, with no cut ahead."""
        self.operations, self.cut_at = 0, None

    def _erase(self, _: int, address: int, count: int) -> int:
        if address % SECTOR:
            self.wrong_use.append(f"erase at {address}")
        for start in range(address, address + count, SECTOR):
            if not self._happens(start, np.full(SECTOR, 0xFF, np.uint8)):
                return -1
        return 0

    def _write(self, _: int, address: int, bytes_at: int, count: int) -> int:
        values = np.frombuffer(ctypes.string_at(bytes_at, count), np.uint8)
        before = self.memory[address : address + count]
        if count not in (PAGE, 32) or address % count or not (before == 0xFF).all():
            self.wrong_use.append(f"write of {count} bytes at {address}")
        return 0 if self._happens(address, before & values) else -1

    def _happens(self, address: int, after: np.ndarray) -> bool:
        index = self.operations
        self.operations += 1
        if self.cut_at is None or index < self.cut_at:
            stuck = None if self.stuck_at is None else self.memory[self.stuck_at]
            self.memory[address : address + after.size] = after
            if stuck is not None:
                self.memory[self.stuck_at] = stuck
            return True
        if index == self.cut_at:
            place = self.memory[address : address + after.size]
            if self.damage == "half":
                place[: after.size // 2] = after[: after.size // 2]
            elif self.damage == "noise":
                # Each bit is as before or as after.
                mask = np.frombuffer(self._random.randbytes(after.size), np.uint8)
                place[:] = (place & mask) | (after & ~mask)
        return False


class Device:
    """A device from one start to the next."""

    def __init__(
        self, library: ctypes.CDLL, flash: Flash, key: bytes, ram: int = 65_536, product: int = 0
    ) -> None:
        self._library, self._flash = library, flash
        self._ram, self.model = aligned_bytes(ram), ModelStruct()
        self.struct = _SlotsStruct(
            ctypes.pointer(flash.struct), key, product, self._ram.ctypes.data, ram
        )

    def boot(self) -> str:
        return self._call("slots_boot", ctypes.byref(self.model))

    def confirm(self) -> str:
        return self._call("slots_confirm")

    def on_trial(self) -> bool:
        return bool(self._library.slots_on_trial(ctypes.byref(self.struct)))

    def begin(self) -> str:
        return self._call("slots_begin")

    def receive(self, content: bytes) -> str:
        return self._call("slots_receive", content, ctypes.c_size_t(len(content)))

    def finish(self) -> str:
        return self._call("slots_finish")

    def install(self, update: bytes, piece: int = 5000) -> str:
        """Receive a whole update in pieces; return the first status that refuses it."""
        status = self.begin()
        for start in range(0, len(update), piece):
            if status == "UPDATE_OK":
                status = self.receive(update[start : start + piece])
        return self.finish() if status == "UPDATE_OK" else status

    def version(self) -> int:
        """Return the version of the model that runs, as its slot has it."""
        assert self.struct.running != NONE
        at = self._flash.slots[self.struct.running]
        assert self.model.blob == self._flash.memory.ctypes.data + at + 192
        return int.from_bytes(self._flash.memory[at + 12 : at + 16].tobytes(), "little")

    def _call(self, name: str, *arguments: object) -> str:
        status = getattr(self._library, name)(ctypes.byref(self.struct), *arguments)
        assert self._flash.wrong_use == []
        return STATUS_NAMES[status]
