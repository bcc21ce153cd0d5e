"""``export --format pico``: UF2 by its specification, and the example with the Pico SDK."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_firmware.emulated.build import BOARDS
from lightsernet_firmware.formats.toolchains.elf_to_uf2 import (
    FAMILIES,
    FLASH,
    FLASH_END,
    ElfError,
    elf_to_uf2,
)
from lightsernet_firmware.formats.toolchains.elf_to_uf2 import main as convert
from tests.firmware.formats.emulators import (
    CLEAN_ENVIRONMENT,
    CLIP,
    MACHINES,
    PROGRAMS,
    Machine,
    build,
    expected,
    export,
    needs,
    run,
)

M0_PLUS = ("-mcpu=cortex-m0plus", "-mthumb", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("pico", tmp_path_factory.mktemp("elsewhere") / "lightsernet")


def elf(*segments: tuple[int, bytes], kind: int = 1) -> bytes:
    """Return an ELF file that loads bytes to addresses."""
    start = 52 + 32 * len(segments)
    headers, content = b"", b""
    for address, part in segments:
        place = start + len(content)
        headers += struct.pack("<8I", kind, place, 0x20000000, address, len(part), len(part), 5, 4)
        content += part
    head = struct.pack(
        "<16sHHIIIIIHHHHHH",
        b"\x7fELF\x01\x01\x01",
        *(2, 40, 1, FLASH, 52, 0, 0, 52, 32, len(segments), 40, 0, 0),
    )
    return head + headers + content


def blocks(uf2: bytes, chip: str) -> list[tuple[int, bytes]]:
    """Check what the specification says of each block; return addresses and payloads."""
    assert len(uf2) % 512 == 0
    count = len(uf2) // 512
    found = []
    for number in range(count):
        block = uf2[512 * number : 512 * number + 512]
        first, second, flags, address, size, index, total, family = struct.unpack("<8I", block[:32])
        assert (first, second) == (0x0A324655, 0x9E5D5157)
        assert struct.unpack("<I", block[508:]) == (0x0AB16F30,)
        assert flags == 0x2000
        assert family == FAMILIES[chip]
        assert (index, total) == (number, count)
        # Pages of the chip's flash.
        assert size == 256
        assert address % 256 == 0
        found.append((address, block[32 : 32 + size]))
    assert len({address for address, _ in found}) == count
    return found


def test_uf2_holds_what_the_elf_file_loads() -> None:
    first, second = bytes(range(256)) * 3, b"data"
    # Neither begins nor ends on a page; the second lies on the first one's last.
    # Nothing is loaded of what is zeroed at start-up, in RAM.
    segments = ((FLASH + 0x80, first), (FLASH + 0x80 + len(first), second), (0x20000000, b""))
    uf2 = elf_to_uf2(elf(*segments), "rp2350")
    flash = bytearray(0x600)
    for address, payload in blocks(uf2, "rp2350"):
        flash[address - FLASH : address - FLASH + 256] = payload
    assert flash == bytes(0x80) + first + second + bytes(0x600 - 0x84 - len(first))
    assert [address for address, _ in blocks(uf2, "rp2350")] == [
        FLASH + 256 * page for page in range(4)
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no 32-bit little-endian ELF file"),
        (b"\x7fELF\x02\x01" + bytes(64), "no 32-bit little-endian ELF file"),
        (elf((FLASH, b"x" * 300))[:-1], "a segment lies outside"),
        (elf((FLASH, b"x"))[:60], "program headers lie outside"),
        (elf((0x20000000, b"x")), "loads 1 bytes to 0x20000000, expected flash"),
        (elf((FLASH_END - 1, b"xx")), "expected flash"),
        (elf(), "loads nothing"),
        (elf((FLASH, b"")), "loads nothing"),
        (elf((FLASH, b"x"), kind=2), "loads nothing"),
    ],
)
def test_what_is_no_program_for_flash(content: bytes, says: str) -> None:
    with pytest.raises(ElfError, match=says):
        elf_to_uf2(content)


def test_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "a.elf", tmp_path / "a.uf2"
    source.write_bytes(elf((FLASH, b"x")))
    assert convert([str(source), str(target), "--family", "rp2040"]) == 0
    assert target.read_bytes() == elf_to_uf2(source.read_bytes(), "rp2040")
    source.write_bytes(b"mine")
    target.unlink()
    assert convert([str(source), str(target)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"elf_to_uf2.py: {source}: no 32-bit little-endian ELF file"
    assert not target.exists()


@needs("cmake")
def test_the_example_finds_the_sdk_as_others_do(folder: Path, tmp_path: Path) -> None:
    """By an argument too; without either, CMake says what is missing."""
    (tmp_path / "pico_sdk_init.cmake").write_text('message(FATAL_ERROR "found:${PICO_SDK_PATH}")\n')
    sdk = f"-DPICO_SDK_PATH={tmp_path}"
    for given, says in (((), "PICO_SDK_PATH names no"), ((sdk,), f"found:{tmp_path}")):
        command = ("cmake", "-S", folder / "examples" / "self_test", "-B", tmp_path / "build")
        done = subprocess.run(
            [*command, *given], env=CLEAN_ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert says in done.stderr


@pytest.mark.targets
@needs("arm-none-eabi-gcc")
def test_the_engine_builds_for_a_cortex_m0_plus(folder: Path, tmp_path: Path) -> None:
    sources = [*folder.glob("src/*.c"), *folder.glob("model/*.c")]
    includes = [f"-I{folder / name}" for name in ("include", "model", "src")]
    run("arm-none-eabi-gcc", *M0_PLUS, *includes, "-c", *sources, cwd=tmp_path)


@pytest.mark.targets
@needs("cmake", "arm-none-eabi-gcc", "arm-none-eabi-g++")
@pytest.mark.skipif("PICO_SDK_PATH" not in os.environ, reason="PICO_SDK_PATH names no Pico SDK")
@pytest.mark.parametrize(("board", "chip"), [("pico", "rp2040"), ("pico2", "rp2350")])
def test_the_example_with_the_pico_sdk(board: str, chip: str, folder: Path, tmp_path: Path) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PICO_SDK_PATH": os.environ["PICO_SDK_PATH"],
    }
    example, built = folder / "examples" / "self_test", tmp_path / "build"
    command = ("cmake", "-S", example, "-B", built, f"-DPICO_BOARD={board}")
    run(*command, f"-DPython3_EXECUTABLE={sys.executable}", env=environment)
    run("cmake", "--build", built, env=environment)
    flash = dict(blocks((built / "self_test.uf2").read_bytes(), chip))
    # objcopy is another's word for what the ELF file puts where.
    image = tmp_path / "image.bin"
    run("arm-none-eabi-objcopy", "-O", "binary", built / "self_test.elf", image)
    whole = image.read_bytes()
    whole += bytes(-len(whole) % 256)
    assert b"".join(flash[FLASH + start] for start in range(0, len(whole), 256)) == whole


@pytest.mark.targets
@needs("arm-none-eabi-gcc", "node")
@pytest.mark.skipif(
    not Path(os.environ.get("RP2040JS", "nowhere")).is_dir(), reason="RP2040JS names no rp2040js"
)
def test_a_uf2_file_on_an_emulated_rp2040(folder: Path, tmp_path: Path) -> None:
    """Self-test and a clip on npm's rp2040js; the Pico SDK needs a boot ROM, which it has not."""
    board = Machine(
        "node",
        "arm-none-eabi-gcc",
        (),
        M0_PLUS[:2],
        (
            "-nostartfiles",
            "--specs=nano.specs",
            f"-T{PROGRAMS / 'rp2040.ld'}",
            f"-L{BOARDS / 'common'}",
            "-Wl,--fatal-warnings",
        ),
        MACHINES["cortex-m4"].support,
        has_float_unit=False,
    )
    sources = [*folder.glob("src/*.c"), *folder.glob("model/*.c")]
    includes = [folder / name for name in ("include", "model", "src")]
    flags = ("-std=c99", "-O2", "-ffp-contract=off", "-fno-math-errno")
    program = build(board, sources, includes, flags, tmp_path)
    (tmp_path / "program.uf2").write_bytes(elf_to_uf2(program.read_bytes(), "rp2040"))
    emulator = Path(os.environ["RP2040JS"]) / "dist" / "esm" / "index.js"
    command = ("node", PROGRAMS / "run_on_rp2040.mjs", emulator, tmp_path / "program.uf2")
    assert json.loads(run(*command, "program", CLIP)) == expected(folder, has_float_unit=False)
