"""Profiles: their arithmetic, their file, enrolment."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import (
    AudioError,
    EmotionRecognizer,
    EmotionStream,
    FrontEnd,
    InputError,
    Profile,
)
from lightsernet_edge.audio import resample
from lightsernet_edge.capture import AudioBlock, Faults
from lightsernet_edge.cli import main
from lightsernet_edge.enrolment import Enrolment
from lightsernet_edge.features import recipe
from lightsernet_edge.model_file import default_model_path, read_model
from lightsernet_edge.profile import (
    MEMORY_S,
    PRIOR_MEAN_S,
    PRIOR_SCALE_S,
    RunningProfile,
    fingerprint,
)

CLIPS = sorted((Path(__file__).parents[2] / "examples" / "clips").glob("*.wav"))
RATE = 16000
RECORD = read_model(default_model_path()).record
SPEC = RECORD.features
ROWS_PER_S = SPEC.sample_rate / SPEC.hop_length
MEAN, SCALE = np.array(SPEC.mean), np.array(SPEC.scale)


def rows_of(mean: float, deviation: float, count: int, seed: int = 0) -> NDArray[np.float64]:
    """Rows that lie so far from the training set's, in units of its scale."""
    units = np.random.default_rng(seed).normal(mean, deviation, (count, MEAN.size))
    return MEAN + SCALE * units


def test_without_rows_it_is_the_training_set() -> None:
    profile = RunningProfile(SPEC).profile()
    assert profile.mean == SPEC.mean
    assert profile.scale == SPEC.scale
    assert profile.seconds == 0.0


@given(st.floats(-1, 1), st.floats(0.6, 1.4), st.integers(2, 3000), st.integers(0, 99))
def test_it_is_the_weighted_mean_of_the_formula(
    mean: float, deviation: float, count: int, seed: int
) -> None:
    rows = rows_of(mean, deviation, count, seed)
    running = RunningProfile(SPEC)
    # In whatever portions they come.
    for part in np.array_split(rows, 1 + seed % 7):
        running.add(part)
    mean_weight = count / (count + PRIOR_MEAN_S * ROWS_PER_S)
    scale_weight = count / (count + PRIOR_SCALE_S * ROWS_PER_S)
    expected = MEAN + mean_weight * (rows.mean(axis=0) - MEAN)
    variance = SCALE**2 + scale_weight * (rows.var(axis=0) - SCALE**2)
    profile = running.profile()
    np.testing.assert_allclose(profile.mean, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(profile.scale, np.sqrt(variance), rtol=1e-6)
    assert profile.seconds == pytest.approx(count / ROWS_PER_S)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(0, 200)), max_size=20)
)
def test_it_is_bounded_whatever_comes(parts: list[tuple[float, float, int]]) -> None:
    running = RunningProfile(SPEC)
    for seed, (mean, deviation, count) in enumerate(parts):
        running.add(rows_of(mean, deviation, count, seed))
    profile = running.profile()
    assert (np.abs(np.array(profile.mean) - MEAN) <= 2.0 * SCALE * (1 + 1e-9)).all()
    ratio = np.array(profile.scale) / SCALE
    assert (ratio >= 0.5 - 1e-9).all()
    assert (ratio <= 2.0 + 1e-9).all()


def test_it_forgets() -> None:
    running = RunningProfile(SPEC)
    minute = round(MEMORY_S * ROWS_PER_S)
    for seed in range(5):
        running.add(rows_of(-1.0, 1.0, minute, seed))
    for seed in range(8):
        running.add(rows_of(+1.0, 1.0, minute, seed))
    shift = (np.array(running.profile().mean) - MEAN) / SCALE
    weight = MEMORY_S / (MEMORY_S + PRIOR_MEAN_S)
    assert np.abs(shift - weight).max() < 0.1


def test_going_on_from_a_profile_is_going_on_from_its_rows() -> None:
    first, second = rows_of(0.4, 0.9, 700, 1), rows_of(-0.2, 1.1, 500, 2)
    straight = RunningProfile(SPEC)
    straight.add(first)
    resumed = RunningProfile(SPEC, straight.profile())
    straight.add(second)
    resumed.add(second)
    for name in ("mean", "scale", "seconds"):
        np.testing.assert_allclose(
            getattr(resumed.profile(), name), getattr(straight.profile(), name), rtol=1e-6
        )


@pytest.mark.parametrize(
    "rows", [np.zeros(40), np.zeros((3, 39)), np.full((3, 40), np.nan), np.full((3, 40), np.inf)]
)
def test_wrong_rows(rows: NDArray[np.float64]) -> None:
    with pytest.raises(InputError, match="rows"):
        RunningProfile(SPEC).add(rows)


def test_front_ends_without_standardisation_have_no_profile() -> None:
    with pytest.raises(InputError, match="does not standardise"):
        RunningProfile(recipe("psf"))


def example() -> Profile:
    running = RunningProfile(SPEC)
    running.add(rows_of(0.3, 1.2, 600))
    return running.profile()


def test_a_file_holds_it_exactly(tmp_path: Path) -> None:
    example().save(tmp_path / "me.json")
    assert Profile.load(tmp_path / "me.json") == example()
    assert (tmp_path / "me.json").stat().st_size < 5000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "lightsernet-edge profile 2"}, "schema"),
        ({"schema": None}, "schema"),
        ({"mean": [0.0] * 39}, "39 means and 40 scales"),
        ({"mean": [0.0] * 39 + ["1"]}, "mean"),
        ({"mean": [0.0] * 39 + [math.inf]}, "mean"),
        ({"mean": [0.0] * 39 + [10**400]}, "mean"),
        ({"mean": []}, "mean"),
        ({"mean": "long"}, "lists"),
        ({"scale": [1.0] * 39 + [0.0]}, "above 0"),
        ({"scale": [1.0] * 39 + [True]}, "scale"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": None}, "seconds"),
        ({"front_end": 3}, "front_end"),
    ],
)
def test_damaged_files(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    example().save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=rf"me\.json.*{message}"):
        Profile.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * 2**21])
def test_files_that_are_no_profile(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"me\.json"):
        Profile.load(path)
    for name, words in (("no.json", "no such file"), ("", "is a directory")):
        with pytest.raises(InputError, match=f"{words}, expected a profile"):
            Profile.load(tmp_path / name)


def test_a_profile_of_another_front_end_is_refused() -> None:
    other = replace(SPEC, n_mels=60)
    assert fingerprint(other) != fingerprint(SPEC)
    with pytest.raises(InputError, match="another front end"):
        example().check_fits(other)
    # Trained again on other data: the same rows, standardised otherwise.
    example().check_fits(replace(SPEC, mean=tuple(MEAN + 1), name="mine", clip_value=4.0))


def test_a_profile_replaces_mean_and_scale_before_quantisation() -> None:
    samples = soundfile.read(CLIPS[0])[0]
    profile = example()
    plain = FrontEnd(replace(SPEC, mean=None, scale=None, clip_value=None)).features(samples)
    expected = np.clip((plain - profile.mean) / np.array(profile.scale), -5, 5)
    found = FrontEnd(profile.applied_to(SPEC)).features(samples)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def speech(gain: float = 1.0) -> NDArray[np.int16]:
    parts = []
    for clip in CLIPS:
        parts += [np.zeros(RATE), 32768 * soundfile.read(clip)[0]]
    joined = np.concatenate([*parts, np.zeros(RATE)])
    return np.clip(np.rint(gain * joined), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("engine", [None, "native"])
def test_the_stream_uses_a_profile(engine: str | None, tmp_path: Path) -> None:
    enrolment = Enrolment(RECORD)
    enrolment.push(speech())
    profile = enrolment.finish().profile
    profile.save(tmp_path / "me.json")
    events = []
    for given_profile in (None, profile, tmp_path / "me.json"):
        stream = EmotionStream(engine=engine, profile=given_profile)
        events.append(stream.process(speech()) + stream.finish())
    assert events[1] == events[2] != events[0]
    assert [e.emotion.start_s for e in events[0]] == [e.emotion.start_s for e in events[1]]


@pytest.mark.parametrize("engine", [None, "native"])
def test_files_are_judged_with_a_profile_as_the_stream_judges(
    engine: str | None, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "talk.wav", speech(), RATE)
    enrol = [
        "enrol",
        "--input",
        str(CLIPS[0]),
        str(CLIPS[3]),
        "--output",
        str(tmp_path / "me.json"),
    ]
    assert main(enrol) == 0
    profile = Profile.load(tmp_path / "me.json")
    assert profile.bias
    # Rows of features in Python; the engine's own front end may be off by one.
    stream = EmotionStream(profile=profile)
    events = stream.process(speech()) + stream.finish()
    plain = EmotionRecognizer(engine=engine).classify_utterances(tmp_path / "talk.wav")
    for given_profile in (profile, tmp_path / "me.json"):
        recognizer = EmotionRecognizer(engine=engine, profile=given_profile)
        found = recognizer.classify_utterances(tmp_path / "talk.wav")
        assert found == [event.emotion for event in events] != plain


def test_the_verb_classifies_with_a_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol = [
        "enrol",
        "--input",
        str(CLIPS[0]),
        str(CLIPS[3]),
        "--output",
        str(tmp_path / "me.json"),
    ]
    assert main(enrol) == 0
    capsys.readouterr()
    classify = ["classify", "--json", str(CLIPS[1])]
    confidences = []
    for profile in ([], ["--profile", str(tmp_path / "me.json")]):
        assert main([*classify, *profile]) == 0
        confidences.append(json.loads(capsys.readouterr().out)["confidence"])
    expected = EmotionRecognizer(profile=tmp_path / "me.json").classify(CLIPS[1])
    assert confidences[1] == expected.confidence != confidences[0]


def test_the_verb_takes_several_recordings(tmp_path: Path) -> None:
    profile = tmp_path / "me.json"
    enrolment = Enrolment(RECORD)
    for clip in CLIPS[:3]:
        enrolment.push(np.clip(np.rint(32768 * soundfile.read(clip)[0]), -32768, 32767) / 32768)
        enrolment.mark_broken()
    expected = enrolment.finish().profile
    assert main(["enrol", "--output", str(profile), "--input", *map(str, CLIPS[:3])]) == 0
    assert replace(Profile.load(profile), bias=(), model="") == expected


def test_adapting_follows_finished_utterances_alone() -> None:
    plain, adapting = EmotionStream(), EmotionStream(adapt=True)
    expected = plain.process(speech()) + plain.finish()
    events = adapting.process(speech()) + adapting.finish()
    assert events[0] == expected[0]
    assert all(a != b for a, b in zip(events[1:], expected[1:], strict=True))
    # The second utterance is judged with what the first one taught.
    running = RunningProfile(SPEC)
    first = expected[0].emotion
    start, end = round(first.start_s * RATE), round(first.end_s * RATE)
    front_end = FrontEnd(replace(SPEC, mean=None, scale=None, clip_value=None))
    running.add(front_end.features(speech()[start:end]))
    taught = EmotionStream(profile=running.profile())
    again = taught.process(speech()) + taught.finish()
    assert list(events[1].emotion.posteriors.values()) == pytest.approx(
        list(again[1].emotion.posteriors.values()), abs=0.01
    )


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
