"""Names of audio devices that are not UTF-8: ALSA and PortAudio themselves, no sound server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_DEVICES = (
    b'pcm.k\xfcche { type plug slave.pcm "null" }\npcm.usbmic { type plug slave.pcm "null" }\n'
)


def test_a_name_that_is_not_utf8_hides_no_other(tmp_path: Path) -> None:
    try:
        import sounddevice  # noqa: F401
    except OSError:
        pytest.skip("not installed: libportaudio2")
    (tmp_path / ".asoundrc").write_bytes(_DEVICES)
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "devices", "--json"],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "usbmic" in [json.loads(line)["name"] for line in done.stdout.splitlines()]
    (line,) = done.stderr.splitlines()
    assert line.startswith(r"lightsernet-edge: warning: audio device k\xfcche: left out")
