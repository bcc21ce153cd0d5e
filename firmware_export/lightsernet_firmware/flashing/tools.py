"""The programs that write a board's flash, each called so that it waits for no board."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """What is written.

    Attributes
    ----------
    path : Path
    address : int or None
        Of a file of bytes alone (``.bin``, ``.lsn``, ``.lsu``), which does not know it.
    """

    path: Path
    address: int | None = None

    @property
    def is_raw(self) -> bool:
        """Whether it is bytes alone."""
        return self.path.suffix in RAW


@dataclass(frozen=True)
class FlashTool:
    """A program that writes flash.

    Attributes
    ----------
    programs : tuple of str
        Its names; the first that is found is used. None for one that only copies a file.
    package : str
        Where to get it.
    takes : tuple of str
        Suffixes of the images that it takes.
    port : str
        What ``--port`` has to name; empty if it finds the board itself.
    arguments : callable
        From the board's arguments, the image and the port to the program's arguments.
    no_board : tuple of str
        What it says, in any case of letters, where no board is attached.
    no_board_status : int or None
        Its exit status then, where that alone tells.
    """

    programs: tuple[str, ...]
    package: str
    takes: tuple[str, ...]
    port: str
    arguments: Callable[[Sequence[str], Image, str], list[str]]
    no_board: tuple[str, ...] = ()
    no_board_status: int | None = None

    def misses_board(self, status: int, output: str) -> bool:
        """Whether the program ended because no board is attached."""
        said = output.lower()
        return status == self.no_board_status or any(text in said for text in self.no_board)


RAW = (".bin", ".lsn", ".lsu")
_LINKED = (".elf", ".hex")
# What is in the root of a drive that takes UF2 files (the UF2 specification).
UF2_MARK = "INFO_UF2.TXT"


def _hex(image: Image) -> str:
    return f"0x{image.address or 0:08x}"


def _openocd(words: Sequence[str], image: Image, port: str) -> list[str]:
    at = f" {_hex(image)}" if image.is_raw else ""
    return [*words, "-c", f"program {{{image.path}}}{at} verify reset exit"]


def _pyocd(words: Sequence[str], image: Image, port: str) -> list[str]:
    # Without --no-wait it waits for a board for ever.
    at = ["--base-address", _hex(image), "--format", "bin"] if image.is_raw else []
    return ["flash", "--no-wait", *words, *at, str(image.path)]


def _st_flash(words: Sequence[str], image: Image, port: str) -> list[str]:
    return [*words, "--reset", "write", str(image.path), _hex(image)]


def _dfu_util(words: Sequence[str], image: Image, port: str) -> list[str]:
    return [*words, "-a", "0", "-s", f"{_hex(image)}:leave", "-D", str(image.path)]


def _esptool(words: Sequence[str], image: Image, port: str) -> list[str]:
    # Without --port it would talk to every serial port there is.
    return [*words, "--port", port, "write_flash", _hex(image), str(image.path)]


def _bossac(words: Sequence[str], image: Image, port: str) -> list[str]:
    at = [f"--offset={_hex(image)}"] if image.address else []
    return [
        f"--port={port}",
        *words,
        *at,
        "--erase",
        "--write",
        "--verify",
        "--reset",
        str(image.path),
    ]


def _picotool(words: Sequence[str], image: Image, port: str) -> list[str]:
    at = ["-o", _hex(image), "-t", "bin"] if image.is_raw else []
    return ["load", *words, "-v", "-x", str(image.path), *at]


def _gdb(words: Sequence[str], image: Image, port: str) -> list[str]:
    # In one command, so that none runs where the one before it failed.
    commands = (
        f"target remote {port}",
        f"load {shlex.quote(str(image.path))}",
        "compare-sections",
        "detach",
    )
    script = "; ".join(f"gdb.execute({command!r})" for command in commands)
    return [
        "-nx",
        "-batch",
        *words,
        "-iex",
        "set tcp connect-timeout 5",
        "-ex",
        f"file {shlex.quote(str(image.path))}",
        "-ex",
        f"python {script}",
    ]


def _west(words: Sequence[str], image: Image, port: str) -> list[str]:
    return ["flash", "--build-dir", str(image.path), *words]


def _copy(words: Sequence[str], image: Image, port: str) -> list[str]:
    return ["copy", str(image.path), port]


TOOLS = {
    "openocd": FlashTool(
        ("openocd",),
        "Debian: apt-get install openocd",
        (*_LINKED, *RAW),
        "",
        _openocd,
        ("open failed", "unable to find a matching", "no device found", "unable to open"),
    ),
    "pyocd": FlashTool(
        ("pyocd",),
        "pip install pyocd",
        (*_LINKED, *RAW),
        "",
        _pyocd,
        ("no connected debug probes", "no available debug probes", "no available probe"),
    ),
    "st-flash": FlashTool(
        ("st-flash",),
        "Debian: apt-get install stlink-tools",
        RAW,
        "",
        _st_flash,
        ("couldn't find any st-link", "no st-link", "couldn't locate any"),
    ),
    "dfu-util": FlashTool(
        ("dfu-util",),
        "Debian: apt-get install dfu-util",
        RAW,
        "",
        _dfu_util,
        ("no dfu capable usb device",),
    ),
    "esptool": FlashTool(
        ("esptool", "esptool.py"),
        "pip install esptool",
        RAW,
        "the board's serial port, such as /dev/ttyUSB0",
        _esptool,
        ("could not open", "no serial data received", "port doesn't exist"),
    ),
    "bossac": FlashTool(
        ("bossac",),
        "Debian: apt-get install bossa-cli",
        RAW,
        "the board's serial port, such as /dev/ttyACM0",
        _bossac,
        ("no device found",),
    ),
    "picotool": FlashTool(
        ("picotool",),
        "https://github.com/raspberrypi/picotool",
        (".uf2", ".elf", *RAW),
        "",
        _picotool,
        ("no accessible rp", "no accessible devices"),
        249,
    ),
    "uf2": FlashTool((), "", (".uf2",), "the board's drive, such as /media/me/RPI-RP2", _copy),
    "west": FlashTool(("west",), "pip install west", ("",), "", _west),
    "gdb": FlashTool(
        ("gdb-multiarch", "arm-none-eabi-gdb"),
        "Debian: apt-get install gdb-multiarch",
        (".elf",),
        "a GDB server, such as localhost:3333",
        _gdb,
        ("connection refused", "could not connect", "connection timed out", "no such file"),
    ),
}
