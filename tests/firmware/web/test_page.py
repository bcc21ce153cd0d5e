"""The exported page in Chromium: a recording through the engine, and what the page may do."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import EmotionStream
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.audio.resampling import resample
from lightsernet_edge.audio.wav import wav_bytes
from lightsernet_edge.cli import main
from lightsernet_edge.live.event import Event
from lightsernet_edge.model.file import ModelFile, read_model, write_model
from lightsernet_edge.model.record import DecisionDefaults
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel
from tests.chromium import Chromium
from tests.edge.spoken_clips import RATE, speech
from tests.firmware.engine.host_listener import HostListener
from tests.firmware.web.conftest import HEARD, READY, choose, saved_events, wait_until
from tests.firmware.web.web_server import WebServer
from tests.places import GOLDEN

Pcm = NDArray[np.int16]
Figure = Callable[[str], None]
# Of posteriors, where another resampler or decoder was at work: a few steps of 1/256.
RESAMPLED = 0.025

# Runs samples through the engine, in parts of odd lengths, a gap between two of them.
RUN_ENGINE = """(async (encoded, settings, gap) => {
  const { openListener } = await import("./listener.js");
  const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
  const [engine, model] = [await bytes("engine.wasm"), await bytes("model.lsn")];
  const listener = await openListener(engine, model, settings);
  const pcm = new Int16Array(Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0)).buffer);
  const events = [];
  let start = 0;
  for (let part = 1; start < pcm.length; part = (part * 7) % 5003) {
    if (start < gap && gap <= start + part) {
      events.push(...listener.process(pcm.subarray(start, gap)), ...listener.markBroken(1234));
      start = gap;
    }
    events.push(...listener.process(pcm.subarray(start, start + part)));
    start += part;
  }
  return [...events, ...listener.finish()];
})"""


def table(page: Chromium) -> list[list[str]]:
    rows: list[list[str]] = page.evaluate(
        "[...document.querySelectorAll('#events tr')].map("
        "(row) => [...row.cells].map((cell) => (cell.querySelector('.chip') ?? cell).textContent))"
    )
    return rows


def heard(pcm: Pcm) -> list[Event]:
    with EmotionStream(engine="native") as stream:
        return [*stream.process(pcm), *stream.finish()]


@pytest.fixture(scope="module")
def spoken() -> Pcm:
    """The sample clips, some of them too soft to be sure of."""
    return np.concatenate([speech(), speech(0.004)])


def test_a_recording_gives_what_listen_gives(
    page: Chromium, spoken: Pcm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spoken clips.wav"
    path.write_bytes(wav_bytes(spoken, RATE))
    choose(page, path)
    wait_until(page, HEARD)
    assert main(["listen", "--json", "--fast", "--engine", "native", "--input", str(path)]) == 0
    listened = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(listened) >= 8
    saved = saved_events(page, tmp_path)
    for ours, theirs in zip(saved, listened, strict=True):
        assert list(ours) == list(theirs)
        approximately = {"confidence", "posteriors"}
        assert {k: v for k, v in ours.items() if k not in approximately} == {
            **{k: v for k, v in theirs.items() if k not in approximately},
            "file": path.name,
        }
        # The C listener computes them in float32.
        assert ours["confidence"] == pytest.approx(theirs["confidence"], abs=2e-6)
        assert ours["posteriors"] == pytest.approx(theirs["posteriors"], abs=2e-6)
        assert list(ours["posteriors"]) == list(theirs["posteriors"])
    head, *rows = table(page)
    assert head == [path.name]
    assert [row[2] for row in rows] == [event["label"] for event in listened]
    assert [row[0] for row in rows] == [f"{event['start_s']:.2f} s" for event in listened]


@pytest.mark.parametrize("mode", ["utterance", "provisional", "continuous"])
def test_the_integers_are_those_of_the_native_engine(
    mode: str, page: Chromium, spoken: Pcm, shipped: ModelFile
) -> None:
    encoded = base64.b64encode(spoken.astype("<i2").tobytes()).decode()
    settings = {} if mode == "utterance" else {mode: True}
    gap = len(spoken) // 2
    ours = page.evaluate(f"{RUN_ENGINE}({encoded!r}, {json.dumps(settings)}, {gap})")
    model = HostModel(FirmwareModel(shipped).blob)
    listener = HostListener(model, **{name: int(value) for name, value in settings.items()})
    theirs = [*listener.process(spoken[:gap]), *listener.mark_broken(1234)]
    theirs += [*listener.process(spoken[gap:]), *listener.finish()]
    assert len(ours) == len(theirs) >= 8
    stream = model.stream()
    for our, their in zip(ours, theirs, strict=True):
        assert (our["kind"], our["label"], our["broken"]) == (their.kind, their.label, their.broken)
        assert (our["startS"], our["endS"]) == (their.start / RATE, their.end / RATE)
        assert our["confidence"] == their.confidence
        assert tuple(our["outputs"]["posteriors"]) == their.posteriors
        if their.smoothed is not None:
            smoothed = dict(zip(model.labels, their.smoothed, strict=True))
            assert our["posteriors"] == {name: smoothed[name] for name in our["posteriors"]}
        elif their.kind == "utterance" and their.end <= gap:
            stream.reset()
            stream.push(spoken[their.start : their.end])
            stream.finish()
            result = stream.result()
            assert result is not None
            assert our["outputs"]["logits"] == result[0].tolist()


# Drops a file, and returns the rate that it is decoded at.
DROP = """(async (encoded) => {
  const { rateOf } = await import("./sample-rate.js");
  const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "x"));
  const how = { dataTransfer, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, how));
  return rateOf(bytes.buffer);
})"""


@pytest.mark.parametrize(
    ("kind", "rate"), [("WAV", 44100), ("FLAC", 16000), ("OGG", 32000), ("MP3", 44100)]
)
def test_a_dropped_recording_of_another_kind(
    kind: str, rate: int, page: Chromium, tmp_path: Path, figure: Figure
) -> None:
    # Three clips.
    one = resample(speech()[: 8 * RATE] / 40000, RATE, rate)
    # Nothing of what the channels do not share is left in their mean.
    other = 0.1 * np.sin(np.arange(len(one)) / 5)
    path = tmp_path / f"x.{kind.lower()}"
    soundfile.write(path, np.stack([one + other, one - other], 1), rate, format=kind)
    encoded = base64.b64encode(path.read_bytes()).decode()
    assert page.evaluate(f"{DROP}({encoded!r})") == rate
    wait_until(page, HEARD)
    saved = saved_events(page, tmp_path)
    expected = heard(as_pcm16(read_recording(path, RATE).samples))
    assert [event["label"] for event in saved] == [event.emotion.label for event in expected]
    worst = 0.0
    for ours, event in zip(saved, expected, strict=True):
        theirs = event.emotion
        assert ours["start_s"] == pytest.approx(theirs.start_s, abs=0.017)
        assert ours["end_s"] == pytest.approx(theirs.end_s, abs=0.017)
        for label, posterior in theirs.posteriors.items():
            worst = max(worst, abs(posterior - ours["posteriors"][label]))
    figure(f"{kind} at {rate} Hz, in stereo: posteriors off by at most {worst:.3f}")
    assert worst <= RESAMPLED


RESAMPLE = """(async (rate, frequencies) => {
  const { Resampler } = await import("./samples.js");
  return frequencies.map((frequency) => {
    const resampler = new Resampler(rate, 16000);
    const step = (2 * Math.PI * frequency) / rate;
    const tone = Float32Array.from({ length: rate / 2 }, (_, i) => Math.sin(step * i));
    const result = [];
    for (let start = 0; start < tone.length; start += 777)
      result.push(...resampler.push(tone.subarray(start, start + 777)));
    return result.slice(0, 6000);
  });
})"""


def test_the_resampler_keeps_the_band_and_nothing_else(page: Chromium) -> None:
    for rate in (8000, 22050, 44100, 48000, 96000):
        frequencies = [f for f in (100, 3500, 7000, 8200, 12000, 21000) if f < rate / 2]
        results = page.evaluate(f"{RESAMPLE}({rate}, {frequencies})")
        for frequency, result in zip(frequencies, results, strict=True):
            wanted = np.sin(2 * np.pi * frequency * np.arange(len(result)) / RATE)
            error = np.array(result) - (wanted if frequency < RATE / 2 else 0.0)
            # 90 dB below full scale: less than the step of an int16.
            assert np.sqrt(2 * np.mean(error[1000:-1000] ** 2)) < 10 ** (-90 / 20), (
                rate,
                frequency,
            )


def test_what_is_no_recording_and_what_has_no_speech(page: Chromium, tmp_path: Path) -> None:
    (tmp_path / "<b>.wav").write_text("no sound")
    choose(page, tmp_path / "<b>.wav")
    wait_until(page, "!document.getElementById('error').hidden")
    text = "document.getElementById('error').textContent"
    assert page.evaluate(text) == "<b>.wav: no recording that this browser can decode."
    (tmp_path / "quiet.wav").write_bytes(wav_bytes(np.zeros(RATE, np.int16), RATE))
    choose(page, tmp_path / "quiet.wav")
    wait_until(page, HEARD)
    assert page.evaluate("document.getElementById('error').hidden")
    assert page.evaluate("document.getElementById('says').textContent") == "No speech was found."


def test_another_model_may_take_its_place(page: Chromium, exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    shutil.copytree(exported, folder)
    other = read_model(GOLDEN / "int8.tflite")
    labels = ("<img src=x onerror=alert(1)>", "怒り", "c", "d", "e", "f", "g")
    write_model(
        tmp_path / "m.tflite",
        other.model,
        dataclasses.replace(other.record, labels=labels, decision=DecisionDefaults()),
    )
    assert (
        main(["export", str(tmp_path / "m.tflite"), "--format", "c", "--out", str(tmp_path / "c")])
        == 0
    )
    shutil.copy(tmp_path / "c" / "model.lsn", folder / "model.lsn")
    with WebServer(folder) as server:
        page.open(server.address)
        wait_until(page, READY)
        names = "[...document.querySelectorAll('.bars .name')].map(e => e.textContent)"
        assert page.evaluate(names) == list(labels)
        # What is said of the other model is not said of this one.
        facts = page.evaluate("document.getElementById('facts').textContent")
        assert "Learned from" not in facts
    page.requests.clear()


def test_damaged_or_missing_files_are_named(page: Chromium, exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    shutil.copytree(exported, folder)
    blob = bytearray((folder / "model.lsn").read_bytes())
    blob[-1] ^= 1
    (folder / "model.lsn").write_bytes(blob)
    shown = "document.getElementById('error').textContent"
    with WebServer(folder) as server:
        page.open(server.address)
        wait_until(page, f"{shown} !== ''")
        assert page.evaluate(shown) == (
            "The page cannot start: model.lsn: the engine answers BAD_CRC."
        )
        (folder / "model.lsn").unlink()
        page.open(server.address)
        wait_until(page, f"{shown} !== ''")
        assert page.evaluate(shown) == ("The page cannot start: model.lsn: the server answers 404.")
    page.requests.clear()
    page.complaints.clear()


FORBIDDEN = """(async (address) => {
  const refused = [];
  addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
  const failure = (thing) => new Promise((done) => { thing.onerror = done; });
  const add = (name, fields) => {
    const element = Object.assign(document.createElement(name), fields);
    document.body.append(element);
    return element;
  };
  const tries = [
    () => fetch(address),
    () => navigator.sendBeacon(address, "voice"),
    () => failure(add("img", { src: address })),
    () => failure(add("script", { src: address })),
    () => failure(new WebSocket(address.replace("http", "ws"))),
    () => add("form", { action: address }).submit(),
    () => add("script", { textContent: "window.evil = 1" }),
    () => setTimeout("window.evil = 1"),
  ];
  for (const attempt of tries) try { await attempt(); } catch {}
  await new Promise((done) => setTimeout(done, 300));
  return [refused, "evil" in window];
})"""


def received(listening: socket.socket) -> bytes:
    """Return what came in. Chromium connects for a form before it refuses it, and sends nothing."""
    came = b""
    with contextlib.suppress(TimeoutError):
        while True:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(TimeoutError):
                connection.settimeout(0.2)
                came += connection.recv(1024)
    return came


def test_nothing_can_be_sent_elsewhere(page: Chromium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        refused, evil = page.evaluate(f"{FORBIDDEN}({address!r})")
        assert received(elsewhere) == b""
    assert not evil
    assert set(refused) == {
        "connect-src",
        "img-src",
        "script-src-elem",
        "script-src",
        "form-action",
    }
    # What was refused was complained of, and asked of nobody.
    page.complaints.clear()
    page.requests.clear()


def test_it_works_without_a_network(page: Chromium, exported: Path, tmp_path: Path) -> None:
    with WebServer(exported) as server:
        page.open(server.address)
        wait_until(page, READY)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wait_until(page, "navigator.serviceWorker.controller !== null")
    page.open(server.address)
    wait_until(page, READY)
    path = tmp_path / "spoken.wav"
    path.write_bytes(wav_bytes(speech(), RATE))
    choose(page, path)
    wait_until(page, HEARD)
    assert len(table(page)) == 8
    page.requests.clear()
    # The browser reports what the worker's own requests came to.
    assert all("ERR_CONNECTION_REFUSED" in text for text in page.complaints)
    page.complaints.clear()
