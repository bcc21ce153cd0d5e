"""A microphone that fails: always said, always counted, never a traceback, never a hang."""

from __future__ import annotations

import re
import signal
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.microphone.listening import Heard, Listening
from tests.microphone.sound_server import MICROPHONE, REFUSING, SoundServer, wait_until
from tests.places import CLIPS

RATE = 16000
CLIP = CLIPS / "sadness_15a02Ta.wav"

Listen = Callable[..., Listening]


@pytest.fixture
def endless_voice(tmp_path: Path) -> Path:
    """Twelve seconds of a voice without a pause."""
    clip = np.frombuffer(CLIP.read_bytes()[44:], "<i2")
    loud = clip[RATE // 4 : RATE]
    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.resize(loud, 12 * RATE).astype("<i2").tobytes())
    return path


def one_line(heard: Heard, status: int = 1) -> str:
    """The only line of stderr, after a check that it is one, and of which kind."""
    assert heard.status == status, heard.stderr
    (line,) = heard.stderr.splitlines()
    assert line.startswith("lightsernet-edge: error: ")
    return line


@pytest.mark.parametrize("wanted", ["attic", "99"])
def test_missing_device(listen: Listen, wanted: str) -> None:
    line = one_line(listen("--device", wanted).result())
    assert wanted in line
    assert MICROPHONE in line


def test_part_of_a_name_that_fits_several(listen: Listen) -> None:
    line = one_line(listen("--device", "r").result(), status=2)
    assert MICROPHONE in line
    assert REFUSING in line


def test_device_that_refuses_every_rate(listen: Listen) -> None:
    line = one_line(listen("--device", REFUSING).result())
    assert REFUSING in line
    assert "48000" in line


def test_no_sound_server(sound_server: SoundServer, listen: Listen) -> None:
    sound_server.kill()
    assert "no audio input" in one_line(listen().result())


def test_unplugged_in_an_utterance(
    sound_server: SoundServer, listen: Listen, endless_voice: Path
) -> None:
    run = listen("--device", MICROPHONE, "--json")
    run.wait_until_it_hears()
    player = sound_server.start_playing(endless_voice)
    time.sleep(4.0)
    sound_server.kill()
    player.wait()
    heard = run.result()
    line = one_line(heard)
    assert "gone" in line
    assert "utterances 1, broken 1" in line
    # What had been heard of it is judged, and said to be broken.
    (event,) = heard.events
    assert event["event"] == "utterance"
    assert event["broken"]
    assert event["end_s"] - event["start_s"] > 1.0


def test_stall_that_passes(sound_server: SoundServer, listen: Listen, endless_voice: Path) -> None:
    run = listen("--device", MICROPHONE, "--json")
    run.wait_until_it_hears()
    player = sound_server.start_playing(endless_voice)
    time.sleep(3.0)
    sound_server.freeze()
    run.wait_until_it_says("stalled")
    sound_server.thaw()
    time.sleep(3.0)
    player.kill()
    player.wait()
    time.sleep(2.0)
    heard = run.stop()
    assert heard.status == 0, heard.stderr
    *warnings, summary = heard.stderr.splitlines()
    assert any("stalled" in warning for warning in warnings)
    # A machine that stands still for a second is one more.
    assert re.search("stalls [1-9]", summary)
    assert any(event["broken"] for event in heard.events)
    assert heard.events[-1]["stalls"] >= 1


def test_stall_that_lasts(sound_server: SoundServer, listen: Listen) -> None:
    run = listen("--device", MICROPHONE)
    run.wait_until_it_hears()
    time.sleep(3.0)
    sound_server.freeze()
    heard = run.result()
    assert heard.status == 1
    assert heard.stdout == ""
    assert "Traceback" not in heard.stderr
    assert "given up" in heard.stderr.splitlines()[-1]
    assert re.search("stalls [1-9]", heard.stderr.splitlines()[-1])


def test_frozen_before_it_is_opened(sound_server: SoundServer, listen: Listen) -> None:
    sound_server.freeze()
    line = one_line(listen("--device", MICROPHONE).result())
    assert "does not answer" in line


def test_a_signal_while_it_does_not_answer(sound_server: SoundServer, listen: Listen) -> None:
    sound_server.freeze()
    run = listen("--device", MICROPHONE)
    run.wait_until_it_asks()
    heard = run.stop()
    assert heard.status == 130
    assert heard.stdout == heard.stderr == ""


def test_overflow_flagged_by_portaudio(
    sound_server: SoundServer,
    listen: Listen,
    limited_device: str,
    endless_voice: Path,
    tmp_path: Path,
) -> None:
    overrun = tmp_path / "overrun"
    run = listen(
        *("--device", MICROPHONE, "--json"), LD_PRELOAD=limited_device, OVERRUN_FILE=str(overrun)
    )
    run.wait_until_it_hears()
    player = sound_server.start_playing(endless_voice)
    time.sleep(4.0)
    overrun.touch()
    wait_until(lambda: not overrun.exists(), "the overrun")
    time.sleep(2.0)
    player.kill()
    player.wait()
    time.sleep(2.0)
    heard = run.stop()
    assert heard.status == 0, heard.stderr
    # The sound system may take a moment to begin anew.
    *warnings, summary = heard.stderr.splitlines()
    assert any("overflow" in warning for warning in warnings)
    # A machine that stands still may add one of its own.
    assert re.search("overflows [1-9]", summary)
    broken = [event for event in heard.events if event["broken"]]
    assert broken
    assert broken[0]["overflows"] >= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_with_a_summary(listen: Listen, number: int) -> None:
    run = listen("--device", MICROPHONE, "--json")
    run.wait_until_it_hears()
    time.sleep(1.0)
    heard = run.stop(number)
    assert heard.status == 0
    assert heard.stdout == ""
    (summary,) = heard.stderr.splitlines()
    for word in ("heard ", "utterances 0", "overflows 0"):
        assert word in summary
