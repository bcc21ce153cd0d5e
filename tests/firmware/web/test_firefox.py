"""The exported page in Firefox: a recording, and a microphone by way of PulseAudio."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightsernet_edge.audio.wav import wav_bytes
from tests.edge.spoken_clips import RATE, speech
from tests.firefox import Firefox
from tests.firmware.web.conftest import HEARD, READY, saved_events, wait_until
from tests.firmware.web.test_page_microphone import (
    STATE,
    TOLERANCE_S,
    UTTERANCES,
    compare,
    listened,
    write_concert,
)
from tests.firmware.web.web_server import WebServer
from tests.microphone.conftest import missing_packages
from tests.microphone.sound_server import SoundServer
from tests.microphone.test_twelve_clips import choose_clips


@pytest.fixture(scope="module")
def sound() -> Iterator[SoundServer]:
    if missing := missing_packages():
        pytest.skip(f"not installed: {', '.join(missing)}")
    server = SoundServer()
    yield server
    server.close()


@pytest.fixture
def firefox(
    sound: SoundServer, server: WebServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Firefox]:
    executable = shutil.which("firefox-esr") or shutil.which("firefox")
    if executable is None:
        pytest.skip("no browser: Debian's package firefox-esr is not installed")
    profile = tmp_path_factory.mktemp("browser") / "profile"
    profile.mkdir()
    with Firefox(executable, profile, sound.environment) as opened:
        opened.open(server.address)
        wait_until(opened, READY)
        yield opened
        assert opened.complaints == []
        assert [a for a in opened.requests if not a.startswith((server.address, "blob:"))] == []


def test_a_recording(firefox: Firefox, tmp_path: Path) -> None:
    path = tmp_path / "spoken.wav"
    path.write_bytes(wav_bytes(speech(), RATE))
    firefox.choose("#file", path)
    wait_until(firefox, HEARD)
    saved = saved_events(firefox, firefox.downloads)
    for ours, theirs in zip(saved, listened(speech()), strict=True):
        assert (ours["label"], ours["start_s"], ours["end_s"]) == (
            theirs.label,
            theirs.start_s,
            theirs.end_s,
        )
        assert ours["posteriors"] == pytest.approx(theirs.posteriors, abs=2e-6)


def test_twelve_clips_by_a_microphone(
    firefox: Firefox,
    sound: SoundServer,
    emodb: Path,
    tmp_path: Path,
    figure: Callable[[str], None],
) -> None:
    clips = choose_clips(emodb, 12)
    concert = tmp_path / "concert.wav"
    expected = listened(write_concert(concert, clips))
    firefox.evaluate("document.getElementById('listen').click()")
    wait_until(firefox, f"{STATE}.startsWith('Listening')")
    # The sink takes its time to wake.
    time.sleep(1.0)
    sound.play(concert)
    wait_until(firefox, f"{UTTERANCES} >= {len(expected)}")
    firefox.evaluate("document.getElementById('listen').click()")
    wait_until(firefox, HEARD)
    off, agree = compare(saved_events(firefox, firefox.downloads), expected)
    figure(
        f"Firefox, {len(clips)} clips: {agree} labels as listen's, starts and ends off by at most "
        f"{off:.3f} s; {firefox.evaluate(STATE)}"
    )
    assert off <= TOLERANCE_S
    # As in Chromium: a clip may lie between two emotions.
    assert agree >= len(expected) - 1 == len(clips) - 1
