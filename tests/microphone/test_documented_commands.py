"""What README and guide do with a microphone, run as it stands there.

The person who speaks is a recording that is played into the sound server.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge import Profile
from tests.docs.commands import ON_A_MICROPHONE
from tests.docs.markdown import Block, blocks
from tests.docs.scratch import environment, run_in
from tests.docs.test_python_blocks import OPENS_A_MICROPHONE
from tests.microphone.sound_server import SoundServer, wait_until
from tests.places import CLIPS, DOCS

TIMEOUT_S = 60
VOICE = CLIPS / "sadness_15a02Ta.wav"
NEUTRAL = CLIPS / "neutral_11a02Nc.wav"
ENROL = "lightsernet-edge enrol --output me.json"
DEVICES = "lightsernet-edge devices"
PROGRAMS = [
    block
    for page in sorted((DOCS / "guide").glob("*.md"))
    for block in blocks(page)
    if block.language == "python" and OPENS_A_MICROPHONE in block.text
]


@contextlib.contextmanager
def started(server: SoundServer, folder: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """Start a program that hears the sound server; it ends with the block."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**environment(), **server.environment, "PATH": environment()["PATH"]}
        | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What is started in the background of a shell ignores SIGINT, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def says_a_label(server: SoundServer, process: subprocess.Popen[str], voice: Path) -> str:
    """Speak once the program listens, and return the first line that it prints."""
    assert process.stdout is not None
    wait_until(
        lambda: server.has_listeners() or process.poll() is not None, "the microphone to be opened"
    )
    server.play(voice)
    return process.stdout.readline()


@pytest.mark.parametrize("command", [one for one in ON_A_MICROPHONE if one not in (ENROL, DEVICES)])
def test_listening_until_ctrl_c(command: str, sound_server: SoundServer, tmp_path: Path) -> None:
    enrolment = ("enrol", "--input", str(NEUTRAL), "--output", "me.json")
    assert run_in(tmp_path, "lightsernet-edge", *enrolment).returncode == 0
    with started(sound_server, tmp_path, "bash", "-c", f"exec {command}") as process:
        line = says_a_label(sound_server, process, VOICE)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_S)
    assert "sadness" in line, errors
    assert process.returncode == 0, errors


def test_enrolling(sound_server: SoundServer, tmp_path: Path) -> None:
    assert ENROL in ON_A_MICROPHONE
    clips = [soundfile.read(path, dtype="int16") for path in sorted(CLIPS.glob("*.wav"))]
    rate = clips[0][1]
    talk = tmp_path / "talk.wav"
    soundfile.write(talk, np.concatenate([samples for samples, _ in clips]), rate)
    with started(sound_server, tmp_path, "bash", "-c", f"exec {ENROL}") as process:
        wait_until(sound_server.has_listeners, "the microphone to be opened")
        sound_server.play(talk)
        _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, errors
    assert Profile.load(tmp_path / "me.json").seconds > 9.0


def test_listing_devices(sound_server: SoundServer, tmp_path: Path) -> None:
    with started(sound_server, tmp_path, "bash", "-c", f"exec {DEVICES}") as process:
        printed, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, errors
    assert "default" in printed


@pytest.mark.parametrize("program", PROGRAMS, ids=range(1, len(PROGRAMS) + 1))
def test_programs(program: Block, sound_server: SoundServer, tmp_path: Path) -> None:
    with started(sound_server, tmp_path, sys.executable, "-c", program.text) as process:
        assert says_a_label(sound_server, process, VOICE) == "sadness\n"


def test_there_are_programs() -> None:
    assert PROGRAMS
