"""A desktop of the test's own, with a screen reader on it: Xvfb, D-Bus, AT-SPI, Orca.

Nothing of the user's is touched: home, runtime folder and sockets lie in a folder of the
test's, the display's number is a free one, and everything ends by the id of what was started.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_PATIENCE_S = 120.0
_LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")
# The bindings of AT-SPI are Debian's, for its own Python.
_PYTHON = "/usr/bin/python3"
_BINDINGS = Path("/usr/lib/python3/dist-packages/pyatspi")
_TOOLS = {
    "orca": "orca",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "dbus-daemon": "dbus-daemon",
    "speech-dispatcher": "speech-dispatcher",
    str(_LAUNCHER): "at-spi2-core",
}
_HERE = Path(__file__).parent
# It would read a page aloud as soon as it is loaded, and end itself where it starts slowly.
_ORCA = """\
import signal
from orca import settings
settings.sayAllOnLoad = False
settings.timeoutTime = 0
signal.alarm(0)
"""
_SPEECH = """\
LogLevel 1
LogDir "{folder}/speech-log"
AddModule "writer" "{folder}/writer" ""
DefaultModule writer
"""


def missing_packages() -> list[str]:
    """Name the Debian packages that are not installed and that the desktop needs."""
    missing = {package for tool, package in _TOOLS.items() if shutil.which(tool) is None}
    if not _BINDINGS.exists():
        missing.add("python3-pyatspi")
    return sorted(missing)


class Desktop:
    """The desktop, from entering it until it is left.

    Attributes
    ----------
    environment : dict of str to str
        For the programs that shall be on it.
    """

    def __init__(self) -> None:
        # A socket's path is short, and pytest's folders are not.
        self._folder = Path(tempfile.mkdtemp(prefix="lightsernet-desktop-"))
        self._said = self._folder / "said"
        self._said.touch()
        self._running: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **os.environ,
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder),
            **{
                f"XDG_{kind}_HOME": str(self._folder / kind.lower())
                for kind in ("CONFIG", "DATA", "CACHE", "STATE")
            },
            # Settings that nobody else sees, and that last as long as a program.
            "GSETTINGS_BACKEND": "memory",
            "GNOME_ACCESSIBILITY": "1",
            "ACCESSIBILITY_ENABLED": "1",
            "GTK_USE_PORTAL": "0",
            "NO_AT_BRIDGE": "0",
            "LC_ALL": "C.UTF-8",
            "SPEECHD_ADDRESS": f"unix_socket:{self._folder}/speech",
        }
        for name in ("AT_SPI_BUS_ADDRESS", "WAYLAND_DISPLAY", "XAUTHORITY"):
            self.environment.pop(name, None)

    def __enter__(self) -> Desktop:
        try:
            self._start_display()
            self._start_buses()
            self._start_speech()
            # What AT-SPI starts when it is first asked, Orca waits for no longer than ten seconds.
            self._ask_tree()
            (self._folder / "data" / "orca").mkdir(parents=True)
            (self._folder / "data" / "orca" / "orca-customizations.py").write_text(_ORCA)
            # The names of the keys pressed are not asked for, and nobody feels Braille here.
            self._start("orca", "--disable", "key-echo,braille")
            self.wait_for(lambda: any("Screen reader on" in text for text in self.spoken()))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything, the last that was started first."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def spoken(self) -> list[str]:
        """Return what the screen reader has said since it was started."""
        whole, _, _ = self._said.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, by the names that X has for them."""
        self._control("key", "--clearmodifiers", *keys)

    def tree(self, program: str) -> dict[str, Any]:
        """Return the document that a program shows, as AT-SPI has it."""
        done = self._ask_tree(program)
        assert done.returncode == 0, done.stderr
        tree: dict[str, Any] = json.loads(done.stdout)
        return tree

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened; all that runs here has to run on."""
        until = time.monotonic() + _PATIENCE_S
        while not happened():
            for process in self._running:
                assert process.poll() is None, self._log(process.args)
            assert time.monotonic() < until, self.spoken()
            time.sleep(0.05)

    def _ask_tree(self, *program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_PYTHON, _HERE / "accessible_tree.py", *program],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )

    def _log(self, args: Any) -> str:
        return f"{args[0]} ended: " + self._log_of(args[0]).read_text(errors="replace")

    def _log_of(self, program: str) -> Path:
        return self._folder / f"{Path(program).name}.output"

    def _start(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        with self._log_of(command[0]).open("wb") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stderr=log,
                **{"stdout": log, **options},
            )
        self._running.append(process)
        return process

    def _start_and_ask(self, *command: str) -> str:
        """Start a program that tells its address on descriptor 3, and return that."""
        read, write = os.pipe()
        start = f'exec "$0" "$@" 3>&{write}'
        self._start("/bin/bash", "-c", start, *command, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as told:
            address = told.readline().strip()
        assert address, self._log(("/bin/bash",))
        return address

    def _start_display(self) -> None:
        number = self._start_and_ask(
            "Xvfb",
            "-displayfd",
            "3",
            "-screen",
            "0",
            "1280x1000x24",
            "-nolisten",
            "tcp",
            "-noreset",
        )
        self.environment["DISPLAY"] = f":{number}"

    def _start_buses(self) -> None:
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._start_and_ask(
            "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=3",
            f"--address=unix:path={self._folder}/bus",
        )  # fmt: skip
        self._start(str(_LAUNCHER), "--launch-immediately", "--a11y=1", "--screen-reader=1")

    def _start_speech(self) -> None:
        (self._folder / "speech-log").mkdir()
        (self._folder / "speechd.conf").write_text(_SPEECH.format(folder=self._folder))
        writer = self._folder / "writer"
        writer.write_text(f'#!/bin/sh\nexec {_PYTHON} "{_HERE}/synthesizer.py" "{self._said}"\n')
        writer.chmod(0o700)
        (self._folder / "modules").mkdir()
        self._start(
            "speech-dispatcher", "--run-single", "--timeout=0",
            "--communication-method=unix_socket", f"--socket-path={self._folder}/speech",
            f"--config-dir={self._folder}", f"--module-dir={self._folder}",
            f"--pid-file={self._folder}/speech.pid",
        )  # fmt: skip
        self.wait_for((self._folder / "speech").exists)

    def _control(self, *command: str) -> None:
        subprocess.run(["xdotool", *command], env=self.environment, check=True, timeout=_PATIENCE_S)
