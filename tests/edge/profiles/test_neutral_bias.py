"""What a model is off by on a voice: its arithmetic, its place in profiles and decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax

from lightsernet_edge import EmotionStream, FrontEnd, InputError, ModelError, Profile
from lightsernet_edge.cli import main
from lightsernet_edge.decision import LEAST_POSTERIOR, Emotion, with_temperature
from lightsernet_edge.model.file import default_model_path, read_model, write_model
from lightsernet_edge.profiles.enrolment import profile_of
from lightsernet_edge.profiles.neutral_bias import (
    FLOOR,
    MAX_BIAS,
    PRIOR_BIAS_S,
    mean_log_posteriors,
    neutral_bias,
)
from lightsernet_edge.profiles.profile import RunningProfile
from tests.places import CLIP_FILES

SHIPPED = read_model(default_model_path())
LABELS = SHIPPED.record.outputs
SPEC = SHIPPED.record.features
RATE = SPEC.sample_rate
# As if the training speakers' neutral speech had always been told from all else.
CERTAIN = {label: 0.0 if label == "neutral" else -6.0 for label in LABELS}

values = st.lists(st.floats(-8, 0), min_size=len(LABELS), max_size=len(LABELS))


def knowing(reference: dict[str, float]) -> Any:
    decision = replace(SHIPPED.record.decision, neutral_log_posteriors=reference)
    return replace(SHIPPED.record, decision=decision)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    return write_model(path, SHIPPED.model, knowing(CERTAIN)).path


def speech(clips: Sequence[Path] = CLIP_FILES) -> NDArray[np.int16]:
    parts = [part for clip in clips for part in (np.zeros(RATE), soundfile.read(clip)[0])]
    return (32767 * np.concatenate([*parts, np.zeros(RATE)])).astype(np.int16)


@given(
    values,
    st.lists(st.floats(-2, 2), min_size=len(LABELS), max_size=len(LABELS)),
    st.floats(0.25, 4.0),
)
def test_a_bias_is_taken_off_the_logits(
    logits: list[float], bias: list[float], temperature: float
) -> None:
    posteriors = softmax(logits)
    expected = softmax(
        (np.log(np.maximum(posteriors, LEAST_POSTERIOR)) - np.array(bias)) / temperature
    )
    found = with_temperature(posteriors, temperature, bias)
    assert found == pytest.approx(expected, abs=1e-12) or not any(bias)


def test_no_bias_leaves_the_posteriors_as_they_are() -> None:
    posteriors = np.array([0.0, 0.25, 0.75])
    assert with_temperature(posteriors, 1.0, (0.0, 0.0, 0.0)) is posteriors
    assert with_temperature(posteriors, 1.0) is posteriors


@given(values, values, st.integers(-1, len(LABELS) - 1), st.floats(0, 100))
def test_a_bias_is_bounded_and_never_speaks_for_neutral(
    found: list[float], reference: list[float], neutral: int, seconds: float
) -> None:
    bias = np.array(neutral_bias(np.array(found), np.array(reference), neutral, seconds))
    assert np.abs(bias).max() <= MAX_BIAS
    if neutral >= 0:
        assert bias[neutral] >= 0.0
    others = np.arange(len(LABELS)) != neutral
    more = np.array(found) > np.array(reference)
    # Against what is said more than of others' neutral speech, for what is said less.
    assert (bias[others & more] >= 0.0).all()
    assert (bias[others & ~more] <= 0.0).all()
    longer = np.array(neutral_bias(np.array(found), np.array(reference), neutral, seconds + 1))
    assert (np.abs(longer) >= np.abs(bias)).all()


def test_what_is_hardly_ever_said_counts_little() -> None:
    """A posterior of 1/512 or of 1/128 is a step of an int8 output."""
    reference = np.log([0.9, 1 / 512, 0.01])
    often = neutral_bias(np.log([0.5, 1 / 512, 0.4]), reference, 0, 10.0)
    seldom = neutral_bias(np.log([0.9, 1 / 128, 0.01]), reference, 0, 10.0)
    assert often[0] == 0.0
    assert often[2] == MAX_BIAS
    assert 0.0 < seldom[1] < 0.25


def test_longer_utterances_say_more() -> None:
    answers = {10: np.array([0.5, 0.5, 0.0]), 30: np.array([0.25, 0.25, 0.5])}
    found = mean_log_posteriors(
        [np.zeros((10, 2)), np.zeros((30, 2))], lambda rows: answers[len(rows)]
    )
    expected = [np.log(0.5) * 0.25 + np.log(0.25) * 0.75] * 2
    expected.append(np.log(LEAST_POSTERIOR) * 0.25 + np.log(0.5) * 0.75)
    assert found == pytest.approx(np.array(expected))


def test_what_is_always_said_of_a_voice_is_taken_off_its_answers() -> None:
    """A model that calls a voice bored half of the time, whatever it says."""
    rows = [np.random.default_rng(i).normal(np.array(SPEC.mean), 1.0, (100, 40)) for i in range(6)]
    answer = np.array([0.5 if label == "boredom" else 0.5 / (len(LABELS) - 1) for label in LABELS])
    record = knowing({label: float(np.log(1 / len(LABELS))) for label in LABELS})
    profile = profile_of(rows, record, lambda _: answer)
    assert profile.model == record.sha256
    bias = dict(zip(LABELS, profile.bias, strict=True))
    assert max(bias, key=bias.__getitem__) == "boredom"
    share = profile.seconds / (profile.seconds + PRIOR_BIAS_S)
    chance = 1 / len(LABELS) + FLOOR
    assert bias["boredom"] == pytest.approx(share * np.log((0.5 + FLOOR) / chance))
    rest = 0.5 / (len(LABELS) - 1) + FLOOR
    assert bias["anger"] == pytest.approx(share * np.log(rest / chance))
    assert bias["neutral"] == 0.0
    assert profile_of(rows, record).bias == ()
    assert profile_of(rows, knowing({}), lambda _: answer).bias == ()


def test_what_is_too_short_to_be_judged_is_not() -> None:
    rows = np.tile(np.array(SPEC.mean), (100, 1))
    asked = []

    def posteriors(standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        asked.append(len(standardised))
        return np.full(len(LABELS), 1 / len(LABELS))

    assert profile_of([rows, rows[:3]], knowing(CERTAIN), posteriors).bias
    assert asked == [100]
    assert profile_of([rows[:3]], knowing(CERTAIN), posteriors).bias == ()


def test_a_profile_keeps_its_bias(tmp_path: Path) -> None:
    bias = tuple(0.1 * i - 0.3 for i in range(len(LABELS)))
    start = replace(RunningProfile(SPEC).profile(), seconds=10.0, bias=bias, model="abc")
    start.save(tmp_path / "me.json")
    assert Profile.load(tmp_path / "me.json") == start
    running = RunningProfile(SPEC, start)
    running.add(np.tile(np.array(SPEC.mean), (50, 1)))
    assert (running.profile().bias, running.profile().model) == (bias, "abc")
    assert start.bias_of("abc", len(LABELS)) == bias
    assert start.bias_of("another", len(LABELS)) == ()
    with pytest.raises(InputError, match=f"bias holds {len(LABELS)} values, expected 5"):
        start.bias_of("abc", 5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bias": [3.0] * 7}, "expected numbers from -2 to 2"),
        ({"bias": ["0"] * 7}, "expected numbers from -2 to 2"),
        ({"bias": 1.0}, "bias is .*, expected a list of numbers"),
        ({"model": ""}, "model is '', expected that of the bias"),
        ({"model": 3}, "model is 3, expected a string"),
        ({"bias": []}, "model is 'abc', expected that of the bias"),
    ],
)
def test_a_bias_that_makes_no_sense_is_refused(
    changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "me.json"
    replace(RunningProfile(SPEC).profile(), bias=(0.1,) * 7, model="abc").save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(InputError, match=words) as caught:
        Profile.load(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ({"neutral": -0.1}, "names neutral, expected anger, "),
        (CERTAIN | {"neutral": 0.5}, "expected a number of at most 0 for each label"),
        (CERTAIN | {"neutral": float("nan")}, "expected a number of at most 0 for each label"),
        ([1.0], "expected a number of at most 0 for each label"),
    ],
)
def test_a_record_with_another_reference_is_refused(reference: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        knowing(reference)


def all_outputs(emotion: Emotion) -> NDArray[np.float64]:
    """The posteriors of the labels, and what is left for none of them."""
    of_labels = np.array(list(emotion.posteriors.values()))
    return np.append(of_labels, 1.0 - of_labels.sum())


@pytest.mark.parametrize("engine", [None, "native"])
def test_enrolled_at_the_command_line_and_heard_by_the_stream(
    engine: str | None, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "me.wav", speech(CLIP_FILES[:2]), RATE)
    me = tmp_path / "me.json"
    arguments = ["--model", str(model), "--output", str(me), "--input", str(tmp_path / "me.wav")]
    assert main(["enrol", *arguments]) == 0
    capsys.readouterr()
    profile = Profile.load(me)
    assert profile.model == SHIPPED.record.sha256
    assert len(profile.bias) == len(LABELS)
    assert np.ptp(profile.bias) > 0.1
    without = replace(profile, bias=(), model="")
    of_another = replace(profile, model="of another")
    plain, same, shifted = (
        stream.process(speech()) + stream.finish()
        for used in (without, of_another, profile)
        for stream in [EmotionStream(model, engine=engine, profile=used)]
    )
    assert plain == same != shifted
    rule = SHIPPED.record.decision
    for before, after in zip(plain, shifted, strict=True):
        # Undo the temperature, to take off the bias before it.
        calibrated = np.log(all_outputs(before.emotion))
        expected = softmax(calibrated - np.array(profile.bias) / rule.temperature)
        found = all_outputs(after.emotion)
        assert found == pytest.approx(expected, abs=1e-9)
        assert after.emotion.confidence == found[:-1].max()
        assert (after.emotion.start_s, after.emotion.end_s) == (
            before.emotion.start_s, before.emotion.end_s,
        )  # fmt: skip


def test_the_bias_is_of_what_the_model_says_with_the_profile(model: Path) -> None:
    record = knowing(CERTAIN)
    front_end = FrontEnd(replace(SPEC, mean=None, scale=None, clip_value=None))
    rows = [front_end.features(soundfile.read(clip)[0]) for clip in CLIP_FILES]
    heard: list[NDArray[np.float64]] = []

    def posteriors(standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        heard.append(standardised)
        return np.full(len(LABELS), 1 / len(LABELS))

    profile = profile_of(rows, record, posteriors)
    enrolled = FrontEnd(profile.applied_to(SPEC))
    assert all(
        np.array_equal(found, enrolled.standardize(each))
        for found, each in zip(heard, rows, strict=True)
    )
