"""`flash`: firmware, or a model alone, onto a board, and the self-test heard."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lightsernet_edge.errors import InputError, LightSernetError

from ..board_fit import require_room
from ..firmware_model import FirmwareModel
from ..known_boards import KnownBoard, known_boards
from .program import build_self_test, write_raw
from .self_test_report import Emulator, SerialPort, wait_for_verdict
from .tools import TOOLS, UF2_MARK, FlashTool, Image

# Longer than any tool takes to write a megabyte.
_TOOL_TIMEOUT_S = 300
_EMULATOR = "qemu-system-arm"


@dataclass(frozen=True)
class Request:
    """What is to be written, and how.

    Attributes
    ----------
    board : KnownBoard
    firmware : Path or None
        An image that was built elsewhere; None to build the self-test here.
    address : int or None
        Where `firmware` goes, if it is bytes alone, or where the model goes.
    model_only : bool
        Whether the model's blob alone is written, to `address`.
    tool : str or None
        A key of `TOOLS`; by default the board's first that is installed.
    port : str
        What the tool takes the board to be at.
    """

    board: KnownBoard
    firmware: Path | None = None
    address: int | None = None
    model_only: bool = False
    tool: str | None = None
    port: str = ""


def board_named(name: str, more: Path | None = None) -> KnownBoard:
    """Return a board by its name, whatever the case of its letters.

    Raises
    ------
    InputError
        If there is none, or `more` cannot be read.
    """
    boards = known_boards(more)
    for board in boards:
        if board.name.casefold() == name.casefold():
            return board
    built = ", ".join(board.name for board in boards if board.program is not None)
    raise InputError(
        f"--board: found {name!r}, expected a board that 'info --boards' lists, such as {built}"
    )


def prepared(request: Request, model: FirmwareModel, folder: Path) -> Image:
    """Return what will be written, built if it has to be.

    Parameters
    ----------
    request : Request
    model : FirmwareModel
    folder : Path
        For files that are made.

    Raises
    ------
    InputError
        If the board has no room, no program is built for it here, or an image is not one that
        its tool takes.
    """
    if request.model_only:
        blob = folder / "model.lsn"
        blob.write_bytes(model.blob)
        return Image(blob, request.address)
    if request.firmware is not None:
        if not request.firmware.exists():
            raise InputError(f"{request.firmware}: no such file, expected firmware")
        return Image(request.firmware.resolve(), request.address)
    board = request.board
    if board.program is None:
        raise InputError(
            f"{board.name}: no program for it is built here; export a folder for its toolchain, "
            "build it there, and give the result as --firmware"
        )
    require_room(model, board)
    elf = build_self_test(model, board, board.program)
    return Image(elf, board.program.flash_origin)


def command_for(request: Request, image: Image, folder: Path) -> tuple[FlashTool, list[str]]:
    """Return the tool and its command line; an ELF file is converted if the tool needs that.

    Raises
    ------
    InputError
        If the tool is not one for the board, is not installed, does not take such an image, or
        needs a port or an address.
    """
    for known in request.board.tools:
        if known not in TOOLS:
            raise InputError(
                f"{request.board.name}: tools has {known!r}, expected of {', '.join(TOOLS)}"
            )
    name = request.tool or _installed(request.board)
    if name not in request.board.tools:
        tools = ", ".join(request.board.tools) or "none"
        raise InputError(f"--tool: found {name!r}, expected one for {request.board.name}: {tools}")
    tool = TOOLS[name]
    program = next(filter(None, map(shutil.which, tool.programs)), None)
    if tool.programs and program is None:
        raise InputError(f"--tool {name}: {tool.programs[0]} is not found ({tool.package})")
    if tool.port and not request.port:
        raise InputError(f"--tool {name}: needs --port, {tool.port}")
    if image.path.suffix == ".elf" and ".elf" not in tool.takes and ".bin" in tool.takes:
        raw = folder / f"{image.path.stem}.bin"
        write_raw(image.path, raw)
        image = replace(image, path=raw)
    if image.path.suffix not in tool.takes:
        kinds = " or ".join(suffix or "a build folder" for suffix in tool.takes)
        raise InputError(f"{image.path}: found no image that {name} takes, expected {kinds}")
    if image.is_raw and image.address is None:
        raise InputError(f"{image.path}: needs --address, as it does not say where it belongs")
    arguments = tool.arguments(request.board.tools[name], image, request.port)
    return tool, [*([program] if program else []), *arguments]


def run_tool(board: KnownBoard, tool: FlashTool, command: list[str]) -> None:
    """Write the flash.

    Raises
    ------
    InputError
        If no board is attached.
    LightSernetError
        If the tool fails, or does not end.
    """
    if not tool.programs:
        _copy_to_drive(Path(command[1]), Path(command[2]))
        return
    name = tool.programs[0]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=_TOOL_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise LightSernetError(f"{name}: did not end within {_TOOL_TIMEOUT_S} s") from None
    if done.returncode == 0 and not tool.misses_board(0, done.stdout):
        return
    if tool.misses_board(done.returncode, done.stdout):
        raise InputError(f"{board.name}: {name} found no board; is it attached, and switched on?")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines() if line.strip()]
    raise LightSernetError(
        f"{name}: failed, status {done.returncode}: {lines[-1] if lines else 'it says nothing'}"
    )


def flash(
    request: Request,
    model: FirmwareModel,
    serial: str | None,
    timeout_s: float,
    tell: Callable[[str], None] = lambda step: None,
) -> str | None:
    """Write a board's flash and hear its self-test.

    Parameters
    ----------
    request : Request
    model : FirmwareModel
    serial : str or None
        Serial port on which the board speaks; None not to listen.
    timeout_s : float
        How long to wait for the self-test.
    tell : callable
        Called with each step, in words.

    Returns
    -------
    str or None
        What the board said; None if nobody listened.

    Raises
    ------
    InputError
        As `prepared` and `command_for`, or if no board is attached or `serial` cannot be opened.
    LightSernetError
        If the tool or the self-test fails, or nothing is heard.
    """
    with tempfile.TemporaryDirectory() as name:
        tell("building")
        image = prepared(request, model, Path(name))
        tool, command = command_for(request, image, Path(name))
        # Before anything is written: the board speaks as soon as it has been.
        port = None if serial is None else SerialPort(serial)
        try:
            if port is not None:
                port.forget()
            tell(f"writing with {Path(command[0]).name}")
            run_tool(request.board, tool, command)
            if port is None or serial is None:
                return None
            tell(f"listening to {serial}")
            is_built_here = request.firmware is None and not request.model_only
            return wait_for_verdict(port.read, serial, timeout_s, begins=is_built_here)
        finally:
            if port is not None:
                port.close()


def simulate(board: KnownBoard, model: FirmwareModel, timeout_s: float) -> str:
    """Run the self-test that would be written on an emulated board with such a chip.

    Returns
    -------
    str
        What the board said.

    Raises
    ------
    InputError
        If the board cannot be emulated, has no room, or the emulator is not installed.
    LightSernetError
        If the self-test fails, or nothing is heard.
    """
    if board.program is None:
        raise InputError(
            f"{board.name}: cannot be emulated, expected a board that is built for here"
        )
    require_room(model, board)
    emulator = shutil.which(_EMULATOR)
    if emulator is None:
        raise InputError(
            f"--simulate: {_EMULATOR} is not found (Debian: apt-get install qemu-system-arm)"
        )
    elf = build_self_test(model, board, board.program)
    command = [emulator, "-machine", board.program.machine, "-nographic", "-monitor", "none"]
    command += ["-kernel", str(elf), *["-serial", "null"] * board.program.serial]
    running = Emulator([*command, "-serial", "stdio"])
    try:
        return wait_for_verdict(running.read, board.program.machine, timeout_s)
    finally:
        running.close()


def _installed(board: KnownBoard) -> str:
    """Return the board's first tool that is installed, or its first."""
    for name in board.tools:
        if any(map(shutil.which, TOOLS[name].programs)):
            return name
    if not board.tools:
        raise InputError(f"{board.name}: no tool is known that writes its flash")
    return next(iter(board.tools))


def _copy_to_drive(image: Path, drive: Path) -> None:
    if not (drive / UF2_MARK).is_file():
        raise InputError(f"{drive}: found no {UF2_MARK}, expected the drive of a board that waits")
    try:
        shutil.copyfile(image, drive / image.name)
    except OSError as error:
        raise LightSernetError(f"{drive}: cannot be written ({error.strerror})") from None
