"""The command ``listen`` in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.microphone.sound_server import SoundServer, wait_until

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Heard:
    """What a run of the command left."""

    status: int
    stdout: str
    stderr: str
    # When each line of stdout arrived, by the monotonic clock.
    arrived_s: tuple[float, ...] = ()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class _Reader(threading.Thread):
    """Reads lines as they come."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self.arrived_s: list[float] = []
        self._file = file
        self.start()

    def run(self) -> None:
        for line in self._file:
            self.arrived_s.append(time.monotonic())
            self.lines.append(line)

    def text(self) -> str:
        self.join()
        return "".join(self.lines)


class Listening:
    """A run of ``listen`` on the sound server's microphone.

    Parameters
    ----------
    server : SoundServer
    arguments : str
        After ``listen``.
    environment : str
        Variables besides the server's.
    """

    def __init__(self, server: SoundServer, *arguments: object, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lightsernet_edge", "listen", *map(str, arguments)],
            env={**server.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What is started in the background of a shell ignores SIGINT, and hands that down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self._server = server
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._stdout, self._stderr = _Reader(self.process.stdout), _Reader(self.process.stderr)

    def wait_until_it_hears(self) -> None:
        """Wait until the microphone is open."""
        wait_until(
            lambda: self._server.has_listeners() or self.process.poll() is not None,
            "the microphone to be opened",
        )

    def wait_until_it_says(self, words: str) -> None:
        """Wait for a line on stderr."""
        wait_until(
            lambda: (
                any(words in line for line in self._stderr.lines) or self.process.poll() is not None
            ),
            words,
        )

    def wait_until_it_asks(self) -> None:
        """Wait until PortAudio is loaded, which happens in the call that may hang."""
        maps = Path(f"/proc/{self.process.pid}/maps")
        wait_until(lambda: "libportaudio" in maps.read_text(), "PortAudio to be loaded")

    def stop(self, number: int = signal.SIGINT) -> Heard:
        """End it as Ctrl-C does, and return what it said."""
        self.process.send_signal(number)
        return self.result()

    def result(self) -> Heard:
        """Wait until it has ended by itself, and return what it said."""
        try:
            self.process.wait(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            said = self._stdout.text() + self._stderr.text()
            raise AssertionError(f"listen hangs; it said:\n{said}") from None
        stdout, stderr = self._stdout.text(), self._stderr.text()
        return Heard(self.process.returncode, stdout, stderr, tuple(self._stdout.arrived_s))

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader, file in (
            (self._stdout, self.process.stdout),
            (self._stderr, self.process.stderr),
        ):
            reader.join()
            assert file is not None
            file.close()
