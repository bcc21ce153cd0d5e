"""`flash`, end to end onto an emulated board, and where there is none."""

from __future__ import annotations

import json
import os
import pty
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.flashing.flash import board_named
from lightsernet_firmware.flashing.program import build_self_test
from lightsernet_firmware.flashing.self_test_report import SerialPort, wait_for_verdict
from lightsernet_firmware.flashing.tools import TOOLS, UF2_MARK
from lightsernet_firmware.known_boards import known_boards
from tests.firmware.cli.command_output import json_of
from tests.firmware.flashing.attached_board import AttachedBoard, attached_board
from tests.firmware.planner.networks import VARIANTS, Network

BOARD = "NUCLEO-F411RE"
needs_compiler = pytest.mark.skipif(
    not shutil.which("arm-none-eabi-gcc"), reason="needs gcc-arm-none-eabi"
)
needs_board = pytest.mark.skipif(
    not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm", "gdb-multiarch"))),
    reason="needs gcc-arm-none-eabi, qemu-system-arm and gdb-multiarch",
)


@pytest.fixture
def desk() -> Iterator[AttachedBoard]:
    with attached_board() as board:
        yield board


def refusal(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """Return the one line that a refused command prints."""
    capsys.readouterr()
    assert main(["flash", *arguments]) == status
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert printed.out == ""
    return line.removeprefix("lightsernet-edge: error: ")


@needs_board
def test_a_model_is_written_and_heard(
    desk: AttachedBoard, smallest: ModelFile, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--tool", "gdb", "--port", desk.gdb, "--serial", desk.serial)
    facts = json_of(capsys, "flash", "--board", BOARD, str(smallest.path), *where)
    assert facts["self_test"] == f"self-test ok: {smallest.record.sha256}"
    assert facts["board"] == BOARD


@needs_board
def test_the_program_that_was_there_before_is_not_heard(
    desk: AttachedBoard,
    smallest: ModelFile,
    model_for: Callable[[Network | None], ModelFile],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says once a second that its own self-test went well."""
    where = ("--tool", "gdb", "--port", desk.gdb, "--serial", desk.serial)
    for file in (smallest, model_for(VARIANTS[2])):
        facts = json_of(capsys, "flash", "--board", BOARD, str(file.path), *where)
        assert facts["self_test"] == f"self-test ok: {file.record.sha256}"
        time.sleep(1.5)


@needs_board
def test_a_damaged_model_is_written_and_refuses(
    desk: AttachedBoard,
    smallest: ModelFile,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One bit of a weight, in an image that was built elsewhere."""
    model, board = FirmwareModel(smallest), board_named(BOARD)
    assert board.program is not None
    elf = build_self_test(model, board, board.program).read_bytes()
    at = elf.index(model.blob) + len(model.blob) // 2
    image = tmp_path / "damaged.elf"
    image.write_bytes(elf[:at] + bytes([elf[at] ^ 64]) + elf[at + 1 :])
    where = ("--tool", "gdb", "--port", desk.gdb, "--serial", desk.serial)
    line = refusal(capsys, 1, "--board", BOARD, "--firmware", str(image), *where)
    assert line.startswith(f"{desk.serial}: the board says: self-test: the model does not open")


@needs_board
def test_a_board_that_says_nothing(
    desk: AttachedBoard,
    smallest: ModelFile,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its program speaks on another port."""
    silent, wire = pty.openpty()
    try:
        where = ("--tool", "gdb", "--port", desk.gdb, "--serial", os.ttyname(wire))
        line = refusal(capsys, 1, "--board", BOARD, str(smallest.path), *where, "--timeout", "0.5")
        assert line == f"{os.ttyname(wire)}: nothing heard within 0.5 s"
    finally:
        os.close(silent)
        os.close(wire)


@needs_board
@pytest.mark.parametrize("name", [board.name for board in known_boards() if board.program])
def test_every_program_runs_on_such_a_chip(
    name: str, smallest: ModelFile, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json_of(capsys, "flash", "--board", name, str(smallest.path), "--simulate")
    assert facts["self_test"] == f"self-test ok: {smallest.record.sha256}"


@needs_board
def test_no_board_is_one_line(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens at port 9, and none of these tools has a probe."""
    tools = [
        name for name in ("gdb", "openocd", "st-flash") if shutil.which(TOOLS[name].programs[0])
    ]
    for tool in tools:
        arguments = ("--board", BOARD, str(smallest.path), "--tool", tool, "--port", "localhost:9")
        line = refusal(capsys, 2, *arguments)
        name = TOOLS[tool].programs[0]
        assert line == f"{BOARD}: {name} found no board; is it attached, and switched on?"


@needs_compiler
def test_commands(
    smallest: ModelFile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As each tool's own documents have them; none may wait for a board, or try every port."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS.values():
        for name in tool.programs:
            (tools / name).write_text("#!/bin/sh\nexit 3\n")
            (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    raw = tmp_path / "own.bin"
    raw.write_bytes(bytes(64))

    def command(board: str, *arguments: str) -> list[str]:
        facts = json_of(capsys, "flash", "--dry-run", "--board", board, *arguments)
        program, *rest = facts["command"]
        assert facts["self_test"] is None
        return [Path(program).name, *rest]

    assert command(BOARD, str(smallest.path))[:5] == [
        "openocd",
        "-f",
        "interface/stlink.cfg",
        "-f",
        "target/stm32f4x.cfg",
    ]
    st_flash = command(BOARD, str(smallest.path), "--tool", "st-flash")
    assert st_flash[1:3] == ["--reset", "write"]
    assert st_flash[3].endswith(".bin")
    assert st_flash[4] == "0x08000000"
    own = ("--firmware", str(raw), "--address", "0x10000")
    assert command(BOARD, *own, "--tool", "pyocd") == [
        "pyocd",
        "flash",
        "--no-wait",
        "-t",
        "stm32f411re",
        "--base-address",
        "0x00010000",
        "--format",
        "bin",
        str(raw),
    ]
    assert command("ESP32-S3-DevKitC-1", *own, "--port", "/dev/ttyUSB0") == [
        "esptool",
        "--chip",
        "esp32s3",
        "--port",
        "/dev/ttyUSB0",
        "write_flash",
        "0x00010000",
        str(raw),
    ]
    assert command("Arduino Portenta H7", *own)[-4:] == [
        "-s",
        "0x00010000:leave",
        "-D",
        str(raw),
    ]
    model_only = command(BOARD, "--model-only", "0x08040000", str(smallest.path))
    assert model_only[-1].endswith("model.lsn} 0x08040000 verify reset exit")
    # A tool that fails says so in one line.
    line = refusal(capsys, 1, "--board", BOARD, *own, "--tool", "pyocd")
    assert line == "pyocd: failed, status 3: it says nothing"


def test_a_drive_that_takes_uf2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = tmp_path / "own.uf2"
    image.write_bytes(b"UF2\n" * 128)
    drive = tmp_path / "RPI-RP2"
    drive.mkdir()
    pico = ("--board", "Raspberry Pi Pico", "--firmware", str(image), "--tool", "uf2")
    assert UF2_MARK in refusal(capsys, 2, *pico, "--port", str(drive))
    assert "needs --port" in refusal(capsys, 2, *pico)
    (drive / UF2_MARK).write_text("UF2 Bootloader")
    assert main(["flash", *pico, "--port", str(drive)]) == 0
    assert (drive / "own.uf2").read_bytes() == image.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--board", "Amiga"), "found 'Amiga', expected a board that 'info --boards' lists"),
        (("--board", "NUCLEO-L432KC"), "no program for it is built here"),
        (("--board", BOARD, "--tool", "bossac"), "found 'bossac', expected one for"),
        (("--board", BOARD, "--firmware", "nowhere.elf"), "nowhere.elf: no such file"),
        (("--board", BOARD, "--address", "0"), "--address: found no --firmware"),
        (("--board", BOARD, "--simulate", "--dry-run"), "--dry-run: found --simulate too"),
    ],
)
def test_one_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refusal(capsys, 2, *arguments)


def test_no_room_is_one_line(
    shipped: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a board of one's own, with a program of this family's."""
    board = {
        "board": "Small one",
        "chip": "STM32F401CB",
        "core": "cortex-m4",
        "clock_mhz": 84,
        "flash_kb": 128,
        "ram_kb": 64,
        "source": "ST DS9716",
        "tools": {"openocd": []},
        "program": {
            "console": "stm32f4",
            "flash_origin": "0x08000000",
            "ram_origin": "0x20000000",
            "ram_kb": 64,
            "machine": "netduinoplus2",
            "serial": 1,
        },
    }
    path = tmp_path / "boards.json"
    path.write_text(json.dumps({"boards": [board]}))
    line = refusal(capsys, 2, "--board", "small one", "--board-file", str(path))
    assert line.startswith("Small one: the model needs 5")
    assert "found 131,072" in line


class TestHearing:
    """A pseudo-terminal plays the board."""

    @pytest.fixture
    def wire(self) -> Iterator[tuple[int, SerialPort]]:
        board, port = pty.openpty()
        serial = SerialPort(os.ttyname(port))
        yield board, serial
        serial.close()
        for end in (board, port):
            os.close(end)

    def say(self, board: int, *parts: bytes) -> Callable[[], None]:
        def run() -> None:
            for part in parts:
                os.write(board, part)
                time.sleep(0.05)

        thread = threading.Thread(target=run)
        thread.start()
        return thread.join

    def test_a_line_in_pieces_behind_noise(self, wire: tuple[int, SerialPort]) -> None:
        board, serial = wire
        wait = self.say(board, b"\xff\x00boot\r\nself-te", b"st ok: ab", b"c\r\nmore")
        assert wait_for_verdict(serial.read, "here", 5.0, begins=False) == "self-test ok: abc"
        wait()

    def test_what_a_terminal_would_obey_is_escaped(self, wire: tuple[int, SerialPort]) -> None:
        board, serial = wire
        wait = self.say(board, b"self-test: \x1b[2J\n")
        with pytest.raises(LightSernetError, match=r"self-test: \\x1b\[2J$"):
            wait_for_verdict(serial.read, "here", 5.0, begins=False)
        wait()

    def test_what_was_said_before_it_begins(self, wire: tuple[int, SerialPort]) -> None:
        board, serial = wire
        wait = self.say(board, b"self-test ok: old\nself-test begins\n", b"self-test: new\n")
        with pytest.raises(LightSernetError, match="self-test: new"):
            wait_for_verdict(serial.read, "here", 5.0)
        wait()

    def test_endless_babble_ends(self, wire: tuple[int, SerialPort]) -> None:
        board, serial = wire
        wait = self.say(board, *[b"x" * 512] * 8)
        with pytest.raises(LightSernetError, match=r"here: nothing of a self-test heard"):
            wait_for_verdict(serial.read, "here", 0.6)
        wait()

    def test_no_such_port(self) -> None:
        with pytest.raises(InputError, match=r"/dev/ttyUSB99: cannot be opened"):
            SerialPort("/dev/ttyUSB99")
