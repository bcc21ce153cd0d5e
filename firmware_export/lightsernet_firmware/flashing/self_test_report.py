"""What a board says of its self-test, line by line: over a serial port, or from an emulator."""

from __future__ import annotations

import selectors
import subprocess
import time
from collections.abc import Callable
from typing import Any

from lightsernet_edge.errors import InputError, LightSernetError, MissingDependencyError
from lightsernet_edge.extras import installation
from lightsernet_edge.files.foreign_text import printable_text

BAUD = 115200
# How such a line begins: the programs of `export` and of `flash` say the same.
OK, FAILED = "self-test ok", "self-test: "
# What the program of `flash` says before it.
BEGINS = "self-test begins"
_POLL_S = 0.1
# A board that sends without end, and no line, is not collected.
_MOST_BYTES = 4096


class SerialPort:
    """A serial port that is listened to; open it before the board begins to speak.

    Parameters
    ----------
    name : str
        Such as ``/dev/ttyACM0``.

    Raises
    ------
    InputError
        If it cannot be opened.
    MissingDependencyError
        If pyserial is not installed.
    """

    def __init__(self, name: str) -> None:
        try:
            import serial
        except ImportError:
            raise MissingDependencyError(
                "--serial needs the package pyserial, which is not installed: "
                f"{installation('flash')}"
            ) from None
        self._name = name
        self._gone: type[Exception] = serial.SerialException
        try:
            self._port: Any = serial.Serial(name, BAUD, timeout=_POLL_S)
        except (serial.SerialException, ValueError) as error:
            raise InputError(f"{name}: cannot be opened ({_reason(error)})") from None

    def read(self) -> bytes:
        """Return what has arrived, after at most a tenth of a second."""
        try:
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        except (self._gone, OSError) as error:
            raise LightSernetError(f"{self._name}: is gone ({_reason(error)})") from None

    def forget(self) -> None:
        """Drop what has arrived so far: it is of the program before."""
        self._port.reset_input_buffer()

    def close(self) -> None:
        """Give the port back."""
        self._port.close()


class Emulator:
    """A program on an emulated board, whose console is the emulator's standard output."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        self._output = self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)

    def read(self) -> bytes:
        """Return what has arrived, after at most a tenth of a second."""
        if not self._selector.select(_POLL_S):
            return b""
        heard = self._output.read1()  # type: ignore[attr-defined]
        if not heard:
            raise LightSernetError(f"the emulator ended, status {self._process.wait()}")
        return bytes(heard)

    def close(self) -> None:
        """End the emulator."""
        self._selector.close()
        self._process.kill()
        self._process.wait()
        self._output.close()


def wait_for_verdict(
    read: Callable[[], bytes], where: str, timeout_s: float, begins: bool = True
) -> str:
    """Listen until a board says how its self-test went.

    Parameters
    ----------
    read : callable
        Returns bytes that have arrived, maybe none.
    where : str
        For messages: what is listened to.
    timeout_s : float
    begins : bool
        Whether the program says `BEGINS` first; what comes before that is of the program that
        was there before. Otherwise everything counts.

    Returns
    -------
    str
        The line, which begins with `OK`.

    Raises
    ------
    LightSernetError
        If the self-test failed, or nothing was said of it in time.
    """
    until = time.monotonic() + timeout_s
    pending, heard, begun = b"", False, not begins
    while time.monotonic() < until:
        arrived = read()
        heard = heard or bool(arrived)
        *lines, pending = (pending + arrived).split(b"\n")
        pending = pending[-_MOST_BYTES:]
        for line in lines:
            text = printable_text(line.decode("ascii", errors="replace").strip())
            begun = begun or text.startswith(BEGINS)
            if begun and text.startswith(OK):
                return text
            if begun and text.startswith(FAILED):
                raise LightSernetError(f"{where}: the board says: {text}")
    what = "nothing of a self-test" if heard else "nothing"
    raise LightSernetError(f"{where}: {what} heard within {timeout_s:g} s")


def _reason(error: Exception) -> str:
    cause = getattr(error, "strerror", None) or str(error)
    return " ".join(str(cause).split())
