"""The command ``listen`` in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from sound_server import SoundServer, wait_until

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Heard:
    """What a run of the command left."""

    status: int
    stdout: str
    stderr: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]


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
        )
        self._server = server

    def wait_until_it_hears(self) -> None:
        """Wait until the microphone is open."""
        wait_until(
            lambda: self._server.has_listeners() or self.process.poll() is not None,
            "the microphone to be opened",
        )

    def stop(self, number: int = signal.SIGINT) -> Heard:
        """End it as Ctrl-C does, and return what it said."""
        self.process.send_signal(number)
        return self.result()

    def result(self) -> Heard:
        """Wait until it has ended by itself, and return what it said."""
        try:
            stdout, stderr = self.process.communicate(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"listen hangs; it said:\n{stdout}{stderr}") from None
        return Heard(self.process.returncode, stdout, stderr)

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
