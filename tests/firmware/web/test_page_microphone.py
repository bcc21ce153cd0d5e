"""The exported page hears a microphone: its events are those of `listen`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import EmotionStream
from lightsernet_edge.audio.resampling import resample
from lightsernet_edge.decision import Emotion
from tests.chromium import Chromium
from tests.firmware.web.conftest import HEARD, READY, Browser, saved_events, wait_until
from tests.firmware.web.web_server import WebServer
from tests.microphone.test_twelve_clips import choose_clips, most_likely, samples_of

RATE = 16000
# Of the fake device, so that the browser leaves the sound as it is.
DEVICE_RATE = 48000
BEFORE_S, PAUSE_S = 0.8, 0.9
TOLERANCE_S = 0.033
# Two at a time: a clip takes as long as it lasts.
BROWSERS = 2
UTTERANCES = "document.querySelectorAll('#events tr:not(.source):not(.empty)').length"
STATE = "document.getElementById('state').textContent"
ALLOW = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def write_concert(path: Path, clips: list[Path]) -> NDArray[np.int16]:
    """Write the clips with pauses between them, and return the samples at the model's rate."""
    pieces = [np.zeros(round(BEFORE_S * RATE), np.int16)]
    for clip in clips:
        pieces += [samples_of(clip), np.zeros(round(PAUSE_S * RATE), np.int16)]
    pcm = np.concatenate(pieces)
    played = resample(pcm / 32768, RATE, DEVICE_RATE)
    soundfile.write(path, np.clip(played, -1, 1), DEVICE_RATE, subtype="PCM_16")
    return pcm


def listened(pcm: NDArray[np.int16]) -> list[Emotion]:
    with EmotionStream(engine="native") as stream:
        return [event.emotion for event in [*stream.process(pcm), *stream.finish()]]


def compare(heard: list[dict[str, Any]], expected: list[Emotion]) -> tuple[float, int]:
    """Return how far a start or end is off at most, in seconds, and how many labels agree."""
    assert [event["event"] for event in heard] == ["utterance"] * len(expected)
    assert not any(event["broken"] for event in heard)
    pairs = list(zip(heard, expected, strict=True))
    # The device begins to play before the page hears it, or after.
    shift = float(np.median([ours["start_s"] - theirs.start_s for ours, theirs in pairs]))
    off = [
        abs(ours - theirs - shift)
        for event, emotion in pairs
        for ours, theirs in (
            (event["start_s"], emotion.start_s),
            (event["end_s"], emotion.end_s),
        )
    ]
    agree = sum(
        most_likely(event["posteriors"]) == most_likely(emotion.posteriors)
        for event, emotion in pairs
    )
    return max(off), agree


def test_twelve_clips(
    browser: Browser,
    server: WebServer,
    emodb: Path,
    tmp_path: Path,
    figure: Callable[[str], None],
) -> None:
    clips = choose_clips(emodb, 12)
    pages, spoken = [], []
    for index in range(BROWSERS):
        path = tmp_path / f"concert{index}.wav"
        spoken.append(write_concert(path, clips[index::BROWSERS]))
        page = browser(*ALLOW, f"--use-file-for-fake-audio-capture={path}%noloop")
        page.open(server.address)
        wait_until(page, READY)
        pages.append(page)
    for page in pages:
        page.click("#listen")
    results = []
    for index, (page, pcm) in enumerate(zip(pages, spoken, strict=True)):
        expected = listened(pcm)
        assert len(expected) == len(clips) / BROWSERS
        wait_until(page, f"{UTTERANCES} >= {len(expected)}")
        page.click("#listen")
        wait_until(page, HEARD)
        (tmp_path / str(index)).mkdir()
        results.append(compare(saved_events(page, tmp_path / str(index)), expected))
        summary = page.evaluate(STATE)
        assert "overflows 0, stalls 0" in summary
        assert page.complaints == []
        assert [a for a in page.requests if not a.startswith((server.address, "blob:"))] == []
    off, agree = max(off for off, _ in results), sum(agree for _, agree in results)
    figure(
        f"Chromium, {len(clips)} clips: {agree} labels as listen's, starts and ends off by at most "
        f"{off:.3f} s; {summary}"
    )
    assert off <= TOLERANCE_S
    # The line's resampling moves a clip that lies between two emotions.
    assert agree >= len(clips) - 1


def test_a_microphone_that_is_refused(browser: Browser, server: WebServer) -> None:
    page = browser("--use-fake-device-for-media-stream")
    page.open(server.address)
    wait_until(page, READY)
    page.ask("Browser.setPermission", permission={"name": "microphone"}, setting="denied")
    page.click("#listen")
    wait_until(page, "!document.getElementById('error').hidden")
    shown = "document.getElementById('error').textContent"
    assert page.evaluate(shown).startswith("The microphone was refused")
    # It can be asked for again.
    page.ask("Browser.setPermission", permission={"name": "microphone"}, setting="granted")
    page.click("#listen")
    wait_until(page, f"{STATE}.startsWith('Listening')")
    assert page.evaluate("document.getElementById('error').hidden")
    assert page.complaints == []


# Runs the code of the sound thread here: quanta of 128 frames, each its own number in all samples.
TAP = """(async (quanta) => {
  const sent = [];
  const postMessage = ({ samples, late, silent }) => sent.push([[...samples], late, silent]);
  let Tap = null;
  globalThis.AudioWorkletProcessor = class { port = { postMessage }; };
  globalThis.registerProcessor = (name, processor) => { Tap = processor; };
  globalThis.sampleRate = 1024;
  await import("./microphone-worklet.js");
  const tap = new Tap();
  for (const [frame, channels] of quanta) {
    globalThis.currentFrame = 128 * frame;
    tap.process([channels.map((value) => new Float32Array(128).fill(value))]);
  }
  return sent;
})"""


def test_what_is_missing_is_told_before_the_samples_that_follow(page: Chromium) -> None:
    quanta: list[tuple[int, list[float]]] = [(0, [])]
    # The first quarter of a second is not heard.
    quanta += [(frame, [frame]) for frame in range(1, 13)]
    # Three were lost, one of two channels comes, then the device gives nothing for two.
    quanta += [(16, [16, 18]), (17, []), (18, [])]
    quanta += [(frame, [frame]) for frame in range(19, 27)]
    sent = page.evaluate(f"{TAP}({json.dumps(quanta)})")
    numbers = [[samples[i] for i in range(0, len(samples), 128)] for samples, _, _ in sent]
    assert numbers == [list(range(3, 11)), [11, 12], [17], list(range(19, 27))]
    assert [(late, silent) for _, late, silent in sent] == [(0, 0), (0, 0), (384, 0), (0, 256)]
