"""A board on the desk: QEMU's STM32F405, stopped, with a GDB server and a serial port."""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MACHINE = "netduinoplus2"
# An endless loop behind a vector table: what a board runs that nobody has written yet.
_BLANK = """\
    .syntax unified
    .cpu cortex-m4
    .thumb
    .section .vectors, "a"
    .word 0x20020000
    .word begin
    .text
    .thumb_func
    .global begin
begin:
    b begin
"""


@dataclass(frozen=True)
class AttachedBoard:
    """Where the board is found.

    Attributes
    ----------
    gdb : str
        HOST:PORT of its GDB server.
    serial : str
        Its serial port.
    """

    gdb: str
    serial: str


@contextmanager
def attached_board() -> Iterator[AttachedBoard]:
    """Attach a board whose flash is blank."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = _blank(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["qemu-system-arm", "-machine", MACHINE, "-display", "none", "-monitor", "none"]
        command += ["-kernel", str(blank), "-S", "-gdb", f"tcp:127.0.0.1:{port}"]
        command += ["-serial", "null", "-serial", "pty"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as board:
            try:
                assert board.stdout is not None
                # "char device redirected to /dev/pts/3 (label serial1)"
                serial = re.search(r"/dev/\S+", board.stdout.readline())
                assert serial is not None
                yield AttachedBoard(f"127.0.0.1:{port}", serial[0])
            finally:
                board.kill()


def _blank(folder: Path) -> Path:
    source, elf = folder / "blank.s", folder / "blank.elf"
    source.write_text(_BLANK)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-nostdlib", "-Wl,-e,begin"]
    command += ["-Wl,--section-start=.vectors=0x08000000", "-Wl,-Ttext=0x08000100"]
    subprocess.run([*command, str(source), "-o", str(elf)], check=True)
    return elf
