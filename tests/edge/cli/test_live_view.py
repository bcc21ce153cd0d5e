"""The live view of ``listen`` in a terminal: tmux draws it, and is asked for its screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.places import CLIP_FILES

LABELS = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")
TIMEOUT_S = 60.0


class Terminal:
    """A tmux server of the test's own."""

    def __init__(self, folder: Path, width: int = 90, height: int = 30) -> None:
        self._socket = folder / "tmux"
        self._size = ("-x", str(width), "-y", str(height))

    def run(self, *command: str) -> None:
        """Run a command in a new terminal; its exit status is shown at the end."""
        line = " ".join(command) + "; echo ended with $?; sleep 600"
        self._tmux("-f", "/dev/null", "new-session", "-d", *self._size, line)

    def screen(self) -> str:
        """What it shows, earlier lines included."""
        return self._tmux("capture-pane", "-p", "-S", "-").stdout

    def press(self, key: str) -> None:
        """Press a key."""
        self._tmux("send-keys", key)

    def wait_for(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait until the screen shows something, and return it."""
        end = time.monotonic() + TIMEOUT_S
        while not condition(screen := self.screen()):
            assert time.monotonic() < end, f"waited for {what} in\n{screen}"
            time.sleep(0.05)
        return screen

    def close(self) -> None:
        """End the server and what runs in it."""
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        return subprocess.run(
            ["tmux", "-u", "-S", str(self._socket), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=TIMEOUT_S,
        )


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("not installed: tmux")
    with tempfile.TemporaryDirectory(prefix="lightsernet-") as folder:
        terminal = Terminal(Path(folder))
        yield terminal
        terminal.close()


def test_view(terminal: Terminal, tmp_path: Path, figure: Callable[[str], None]) -> None:
    # Two seconds of silence between the two, so that there is time to look.
    pieces = [soundfile.read(clip, dtype="int16")[0] for clip in (CLIP_FILES[0], CLIP_FILES[-1])]
    path = tmp_path / "talk.wav"
    silence = np.zeros(32000, np.int16)
    soundfile.write(path, np.concatenate([pieces[0], silence, pieces[1], *[silence] * 30]), 16000)
    terminal.run(sys.executable, "-m", "lightsernet_edge", "listen", "--input", str(path))

    speaking = terminal.wait_for(
        lambda screen: any("speaking" in line and "█" in line for line in screen.splitlines()),
        "an utterance in progress",
    )
    assert str(path)[:20] in speaking
    assert "█" in next(line for line in speaking.splitlines() if line.startswith("level"))
    # Bars while the utterance lasts, then its line.
    bars = terminal.wait_for(
        lambda screen: all(f"\n {label} " in screen for label in LABELS), "posteriors as bars"
    )
    assert bars.count("%") >= len(LABELS)
    done = terminal.wait_for(lambda screen: screen.count(" sadness ") >= 2, "both utterances")
    quiet = terminal.wait_for(lambda screen: "silent" in screen, "silence")
    figure("the view:\n" + "\n".join(line for line in quiet.splitlines() if line.strip()))
    assert " anger " in done
    # One screen, drawn anew in its place.
    assert quiet.count("level ") == 1

    terminal.press("C-c")
    end = terminal.wait_for(lambda screen: "ended with" in screen, "the end")
    assert "ended with 0" in end
    assert "utterances 2" in end
    assert "Traceback" not in end
