"""What an ESP8266's ROM computes, beside Python's integers and NumPy's floats."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_firmware.emulated.build import BOARDS

SOURCE = BOARDS / "xtensa" / "rom_arithmetic.c"
COUNT = 5_000


@pytest.fixture(scope="module")
def rom(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The functions, compiled for this machine."""
    if not shutil.which("cc"):
        pytest.skip("needs cc")
    library = tmp_path_factory.mktemp("rom") / "rom.so"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    subprocess.run(["cc", *flags, str(SOURCE), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


def pairs(bits: int) -> list[tuple[int, int]]:
    """Integers of all lengths, and those at the ends of the range."""
    random = np.random.default_rng(bits)
    lengths = random.integers(0, bits + 1, (COUNT, 2))
    edges = [0, 1, 2, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1]
    found = [
        tuple(int.from_bytes(random.bytes(8), "little") & ((1 << n) - 1) for n in map(int, row))
        for row in lengths
    ]
    return [(a, b) for a, b in [*found, *((a, b) for a in edges for b in edges)] if b != 0]


def signed(value: int, bits: int) -> int:
    return value - (value >> (bits - 1) << bits)


@pytest.mark.parametrize(
    ("name", "bits", "expected"),
    [
        ("__muldi3", 64, lambda a, b: a * b),
        ("__udivsi3", 32, lambda a, b: a // b),
        ("__umodsi3", 32, lambda a, b: a % b),
        ("__udivdi3", 64, lambda a, b: a // b),
        ("__umoddi3", 64, lambda a, b: a % b),
    ],
)
def test_integers(rom: Any, name: str, bits: int, expected: Callable[[int, int], int]) -> None:
    kind = {32: ctypes.c_uint32, 64: ctypes.c_uint64}[bits]
    function = rom[name]
    function.restype, function.argtypes = kind, [kind, kind]
    for a, b in pairs(bits):
        assert function(a, b) == expected(a, b) & ((1 << bits) - 1), (a, b)


@pytest.mark.parametrize(("name", "bits"), [("__divsi3", 32), ("__divdi3", 64)])
def test_signed_quotients(rom: Any, name: str, bits: int) -> None:
    kind = {32: ctypes.c_int32, 64: ctypes.c_int64}[bits]
    function = rom[name]
    function.restype, function.argtypes = kind, [kind, kind]
    for a, b in ((signed(a, bits), signed(b, bits)) for a, b in pairs(bits)):
        # C rounds towards 0; the lowest integer has no opposite.
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        assert function(a, b) == signed(quotient & ((1 << bits) - 1), bits), (a, b)


def floats() -> NDArray[np.float32]:
    """Two rows: any bits, exponents that are close, halves to be rounded, and what is special."""
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, (2, COUNT), np.uint32)
    close = (bits & 0x807FFFFF) | (random.integers(100, 130, bits.shape, np.uint32) << 23)
    few = bits & 0xFFF80000
    tiny = bits & 0x80FFFFFF
    special = np.array(
        [0, 1, 0x7FFFFF, 0x800000, 0x3F800000, 0x3F800001, 0x7F7FFFFF, 0x7F800000, 0x7FC00000],
        np.uint32,
    )
    special = np.concatenate([special, special | 0x80000000])
    grid = np.stack([each.ravel() for each in np.meshgrid(special, special)])
    return np.concatenate([bits, close, few, tiny, grid], axis=1).view(np.float32)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("__addsf3", np.add), ("__subsf3", np.subtract), ("__mulsf3", np.multiply)],
)
def test_floats(rom: Any, name: str, expected: Any) -> None:
    function = rom[name]
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float, ctypes.c_float]
    a, b = floats()
    with np.errstate(all="ignore"):
        wanted = expected(a, b)
    found = np.array(
        [function(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)], np.float32
    )
    both = np.isnan(wanted) & np.isnan(found)
    np.testing.assert_array_equal(found.view(np.uint32)[~both], wanted.view(np.uint32)[~both])


@pytest.mark.parametrize(
    ("name", "kind", "dtype"),
    [
        ("__floatsisf", ctypes.c_int32, np.int32),
        ("__floatunsisf", ctypes.c_uint32, np.uint32),
    ],
)
def test_integers_to_floats(rom: Any, name: str, kind: Any, dtype: Any) -> None:
    function = rom[name]
    function.restype, function.argtypes = ctypes.c_float, [kind]
    random = np.random.default_rng(2)
    values = np.array([a for a, _ in pairs(32)], np.uint32).view(dtype)
    values = np.concatenate([values, random.integers(-(2**25), 2**25, COUNT).astype(dtype)])
    found = np.array([function(value) for value in values.tolist()], np.float32)
    np.testing.assert_array_equal(found, values.astype(np.float32))
