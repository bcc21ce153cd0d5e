"""Profiles in use: the stream, files and the verb `classify` judge with them; adapting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from lightsernet_edge import EmotionRecognizer, EmotionStream, FrontEnd, Profile
from lightsernet_edge.cli import main
from lightsernet_edge.profiles.enrolment import Enrolment
from lightsernet_edge.profiles.profile import RunningProfile
from tests.edge.spoken_clips import RATE, RECORD, SPEC, speech
from tests.places import CLIP_FILES


@pytest.fixture
def enrolled(tmp_path: Path) -> Path:
    """A profile with a bias, as the verb makes it from two recordings."""
    profile = tmp_path / "me.json"
    recordings = map(str, (CLIP_FILES[0], CLIP_FILES[3]))
    assert main(["enrol", "--output", str(profile), "--input", *recordings]) == 0
    return profile


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
    engine: str | None, enrolled: Path, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "talk.wav", speech(), RATE)
    profile = Profile.load(enrolled)
    assert profile.bias
    # Rows of features in Python; the engine's own front end may be off by one.
    stream = EmotionStream(profile=profile)
    events = stream.process(speech()) + stream.finish()
    plain = EmotionRecognizer(engine=engine).classify_utterances(tmp_path / "talk.wav")
    for given_profile in (profile, enrolled):
        recognizer = EmotionRecognizer(engine=engine, profile=given_profile)
        found = recognizer.classify_utterances(tmp_path / "talk.wav")
        assert found == [event.emotion for event in events] != plain


def test_the_verb_classifies_with_a_profile(
    enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    classify = ["classify", "--json", str(CLIP_FILES[1])]
    confidences = []
    for profile in ([], ["--profile", str(enrolled)]):
        assert main([*classify, *profile]) == 0
        confidences.append(json.loads(capsys.readouterr().out)["confidence"])
    expected = EmotionRecognizer(profile=enrolled).classify(CLIP_FILES[1])
    assert confidences[1] == expected.confidence != confidences[0]


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
