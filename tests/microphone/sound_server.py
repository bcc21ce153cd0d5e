"""A PulseAudio of the test's own, with a loudspeaker that a microphone hears.

Nothing of the user's is touched: runtime folder, configuration and socket lie in a
folder of the test's, and everything ends by the id of what was started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# The null sink's own rate: neither the model's nor a clip's.
SINK_RATE = 48000
MICROPHONE = "room"
# A microphone that the sound system lists and then refuses to open at any rate.
REFUSING = "refusing"
_TIMEOUT_S = 60.0

_PULSE = f"""\
load-module module-native-protocol-unix socket={{socket}} auth-anonymous=1
load-module module-null-sink sink_name=speaker rate={SINK_RATE} channels=2
set-default-sink speaker
set-default-source speaker.monitor
"""
# PortAudio lists the names defined here; without a `default` it gives up.
_ALSA = f"""\
pcm.{MICROPHONE} {{{{ type pulse server "unix:{{socket}}" device "speaker.monitor" }}}}
pcm.{REFUSING} {{{{ type pulse server "unix:{{socket}}" device "missing.monitor" }}}}
pcm.default {{{{ type pulse server "unix:{{socket}}" device "speaker.monitor" }}}}
"""


class SoundServer:
    """The server, its folder, and the environment in which programs reach it.

    Attributes
    ----------
    environment : dict of str to str
        For the processes that shall hear or play.
    """

    def __init__(self) -> None:
        # A socket's path is short, and pytest's folders are not.
        self.folder = Path(tempfile.mkdtemp(prefix="lightsernet-sound-"))
        socket = self.folder / "native"
        (self.folder / "server.pa").write_text(_PULSE.format(socket=socket))
        (self.folder / "alsa.conf").write_text(_ALSA.format(socket=socket))
        own = {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_STATE_PATH": str(self.folder),
            "PULSE_COOKIE": str(self.folder / "cookie"),
        }
        self.environment = {
            **os.environ,
            **own,
            "PULSE_SERVER": f"unix:{socket}",
            "ALSA_CONFIG_PATH": str(self.folder / "alsa.conf"),
        }
        server_environment = {**os.environ, **own}
        server_environment.pop("PULSE_SERVER", None)
        with (self.folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no"),
                    *("--exit-idle-time=-1", "--realtime=no", "--high-priority=no"),
                    *("--log-target=stderr", f"--file={self.folder / 'server.pa'}"),
                ],
                env=server_environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self._answers, "PulseAudio to answer")
        except AssertionError as error:
            self.close()
            raise AssertionError(f"{error}\n{self.log}") from None

    @property
    def log(self) -> str:
        """What the server has printed."""
        return (self.folder / "log").read_text() if self.folder.exists() else ""

    def start_playing(self, recording: Path) -> subprocess.Popen[bytes]:
        """Start to play a recording into the sink, in real time."""
        return subprocess.Popen(
            ["paplay", "--device=speaker", str(recording)],
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )

    def play(self, recording: Path) -> None:
        """Play a recording into the sink, in real time, to its end."""
        assert self.start_playing(recording).wait(600) == 0

    def has_listeners(self) -> bool:
        """Whether somebody records the monitor."""
        return bool(self._pactl("list", "short", "source-outputs").stdout.strip())

    def freeze(self) -> None:
        """Stop the server's clock: it answers nobody and delivers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a farewell."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "PulseAudio ended"
        return self._pactl("info").returncode == 0

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = _TIMEOUT_S) -> None:
    """Wait until `condition` holds.

    Raises
    ------
    AssertionError
        If it does not in time.
    """
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"waited {timeout_s:g} s for {what}"
        time.sleep(0.05)
