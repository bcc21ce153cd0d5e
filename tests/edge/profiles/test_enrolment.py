"""Enrolment: its warnings, gaps, clipping, and the verb `enrol`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import AudioError, FrontEnd, InputError, Profile
from lightsernet_edge.audio.resampling import resample
from lightsernet_edge.capture import AudioBlock, Faults
from lightsernet_edge.cli import main
from lightsernet_edge.profiles.enrolment import Enrolment
from tests.edge.spoken_clips import RATE, RECORD, SPEC, speech
from tests.places import CLIP_FILES


def test_the_verb_takes_several_recordings(tmp_path: Path) -> None:
    profile = tmp_path / "me.json"
    enrolment = Enrolment(RECORD)
    for clip in CLIP_FILES[:3]:
        enrolment.push(np.clip(np.rint(32768 * soundfile.read(clip)[0]), -32768, 32767) / 32768)
        enrolment.mark_broken()
    expected = enrolment.finish().profile
    assert main(["enrol", "--output", str(profile), "--input", *map(str, CLIP_FILES[:3])]) == 0
    assert replace(Profile.load(profile), bias=(), model="") == expected


def test_enrolment_in_chunks() -> None:
    whole = Enrolment(RECORD)
    whole.push(speech())
    chunked = Enrolment(RECORD)
    for start in range(0, speech().size, 1000):
        chunked.push(speech()[start : start + 1000])
    assert chunked.finish() == whole.finish()
    assert whole.finish().seconds == whole.speech_s


@pytest.mark.parametrize(
    ("gain", "until_s", "kinds"),
    [
        (1.0, None, []),
        (1.0, 6.0, ["short"]),
        (0.002, None, ["quiet"]),
        (60.0, None, ["clipped"]),
        (60.0, 6.0, ["short", "clipped"]),
    ],
)
def test_warnings(gain: float, until_s: float | None, kinds: list[str]) -> None:
    enrolment = Enrolment(RECORD)
    samples = speech(gain)
    enrolment.push(samples if until_s is None else samples[: int(until_s * RATE)])
    assert [warning.kind for warning in enrolment.finish().warnings] == kinds


@pytest.mark.parametrize(("share", "kinds"), [(0.0, []), (0.0009, []), (0.0011, ["clipped"])])
def test_clipping_before_the_channels_were_averaged(share: float, kinds: list[str]) -> None:
    enrolment = Enrolment(RECORD)
    for block in np.array_split(speech(), 800):
        enrolment.push(block, share)
    assert [warning.kind for warning in enrolment.finish().warnings] == kinds


def test_clipping_between_the_utterances_is_none_of_the_speech() -> None:
    enrolment = Enrolment(RECORD)
    # The speech begins after a second of silence.
    enrolment.push(speech()[: RATE // 2], 1.0)
    enrolment.push(speech()[RATE // 2 :], 0.0)
    assert enrolment.finish().warnings == ()
    with pytest.raises(InputError, match=r"clipped_share: found 1\.5"):
        enrolment.push(speech(), 1.5)


def gap_in_an_utterance() -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Speech before and after a second that was lost, in the middle of a hop of an utterance."""
    at = next(at for at in range(2 * RATE + 77, speech().size) if np.abs(speech()[at]) > 5000)
    return speech()[:at], speech()[at + RATE :]


def test_no_row_spans_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[bytes] = []

    def features(front_end: FrontEnd, samples: NDArray[np.int16]) -> NDArray[np.float64]:
        computed.append(samples.tobytes())
        return np.zeros((len(samples) // SPEC.hop_length, SPEC.n_coefficients))

    monkeypatch.setattr(FrontEnd, "features", features)
    before, after = gap_in_an_utterance()
    enrolment = Enrolment(RECORD)
    enrolment.push(before)
    assert enrolment.speech_s > 0
    enrolment.mark_broken()
    enrolment.push(after)
    seconds = enrolment.finish().seconds
    assert sum(map(len, computed)) / 2 / RATE == pytest.approx(seconds)
    for samples in computed:
        assert samples in before.tobytes() or samples in after.tobytes()
    # What follows the gap has to be loud enough to begin an utterance; little else is lost.
    unbroken = Enrolment(RECORD)
    unbroken.push(np.concatenate([before, after]))
    assert seconds == pytest.approx(unbroken.finish().seconds, abs=1.0)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(10 * RATE), speech()[: RATE + 9000]])
def test_too_little_speech(samples: NDArray[np.float64]) -> None:
    enrolment = Enrolment(RECORD)
    enrolment.push(samples.astype(np.int16))
    with pytest.raises(AudioError, match="of speech in"):
        enrolment.finish()


class BrokenSource:
    """Audio in which a second is missing."""

    name = "a microphone"
    sample_rate = RATE

    def __init__(self) -> None:
        self.faults = Faults()

    def blocks(self) -> Iterator[AudioBlock]:
        before, after = gap_in_an_utterance()
        yield AudioBlock(before)
        yield AudioBlock(after, "overflow: samples were lost", RATE)

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_the_verb_tells_of_gaps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "lightsernet_edge.capture.opening.open_source", lambda *_, **__: BrokenSource()
    )
    profile = tmp_path / "me.json"
    assert main(["enrol", "--output", str(profile), "--seconds", "60", "--json"]) == 0
    assert "samples were lost" in capfd.readouterr().err
    before, after = gap_in_an_utterance()
    told, untold = Enrolment(RECORD), Enrolment(RECORD)
    told.push(before)
    told.mark_broken()
    told.push(after)
    untold.push(np.concatenate([before, after]))
    found = replace(Profile.load(profile), bias=(), model="")
    assert found == told.finish().profile != untold.finish().profile


@pytest.mark.parametrize("rate", [RATE, 44100])
@pytest.mark.parametrize("gain", [1.0, 60.0])
def test_the_verb_hears_one_clipped_channel_of_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rate: int, gain: float
) -> None:
    path = tmp_path / "stereo.wav"
    louder = np.clip(gain * resample(speech() / 32768, RATE, rate), -1.0, 32767 / 32768)
    soundfile.write(path, np.stack([np.zeros_like(louder), louder], axis=1), rate)
    assert (
        main(["enrol", "--output", str(tmp_path / "me.json"), "--json", "--input", str(path)]) == 0
    )
    assert json.loads(capsys.readouterr().out)["warnings"] == (["clipped"] if gain > 1 else [])


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "me.wav", speech(), RATE)
    soundfile.write(tmp_path / "quiet.wav", speech(0.002), RATE)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    profile = tmp_path / "me.json"
    enrol = ["enrol", "--output", str(profile), "--json", "--input"]
    assert main([*enrol, str(tmp_path / "me.wav")]) == 0
    out, err = capsys.readouterr()
    facts = json.loads(out)
    assert facts["profile"] == str(profile)
    assert facts["seconds"] == pytest.approx(Profile.load(profile).seconds, abs=0.5)
    assert facts["warnings"] == []
    assert err == ""
    assert main([*enrol, str(tmp_path / "quiet.wav")]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["warnings"] == ["quiet"]
    assert "too quiet" in err
    profile.unlink()
    assert main([*enrol, str(tmp_path / "silence.wav")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "silence.wav: found 0.0 s of speech" in err
    assert not profile.exists()
