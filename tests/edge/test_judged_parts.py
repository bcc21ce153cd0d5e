"""What of a recording is judged: its speech, unless asked otherwise."""

from __future__ import annotations

import dataclasses
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import AudioWarning, EmotionRecognizer, EmotionStream, Enrolment, recipe
from lightsernet_edge.audio.recording import as_pcm16
from lightsernet_edge.classifier import Classifier, open_classifier
from lightsernet_edge.cli import main
from lightsernet_edge.decision import Emotion
from lightsernet_edge.features import FrontEnd
from lightsernet_edge.judged_parts import (
    MAX_STRETCH_S,
    NO_SPEECH,
    SPEECH,
    WHOLE,
    JudgedParts,
    judged_parts,
    judged_utterances,
)
from lightsernet_edge.model.file import write_model
from lightsernet_edge.profiles.enrolment import profile_of
from tests.places import CLIP_FILES

RATE = 16000
SILENCE = np.zeros(RATE)


def samples_of(clip: Path) -> NDArray[np.float64]:
    return np.asarray(soundfile.read(clip)[0])


def in_quiet(clips: list[Path], level: float = 1e-4) -> NDArray[np.float64]:
    """Return the clips with a second around and between, in the noise of a quiet room."""
    parts = [part for clip in clips for part in (SILENCE, samples_of(clip))]
    recording = np.concatenate([*parts, SILENCE])
    return recording + np.random.default_rng(1).normal(0.0, level, recording.size)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return open_classifier()


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer()


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_around_the_speech_says_nothing(
    level: float, recognizer: EmotionRecognizer
) -> None:
    alone, kept, whole = [], [], []
    for clip in CLIP_FILES:
        recording = in_quiet([clip], level)
        alone.append(recognizer.classify(clip).label)
        emotion = recognizer.classify_samples(recording, RATE)
        kept.append(emotion.label)
        whole.append(recognizer.classify_samples(recording, RATE, whole=True).label)
        assert emotion.judged == SPEECH
        assert emotion.judged_s < samples_of(clip).size / RATE + 0.15
        assert (emotion.start_s, emotion.end_s) == (0.0, recording.size / RATE)
    assert kept == alone
    # Or there would be nothing to leave out.
    assert np.mean(np.equal(whole, alone)) < 0.7


def said(emotion: Emotion) -> tuple[str, float, dict[str, float]]:
    """All of an emotion but its times."""
    return emotion.label, emotion.confidence, emotion.posteriors


@pytest.mark.parametrize("engine", [None, "native"])
def test_one_utterance_is_the_same_however_it_is_heard(engine: str | None, tmp_path: Path) -> None:
    recording = as_pcm16(in_quiet(CLIP_FILES[:1]))
    soundfile.write(tmp_path / "one.wav", recording, RATE)
    recognizer = EmotionRecognizer(engine=engine)
    emotion = recognizer.classify(tmp_path / "one.wav")
    (utterance,) = recognizer.classify_utterances(tmp_path / "one.wav")
    start, end = round(utterance.start_s * RATE), round(utterance.end_s * RATE)
    by_hand = recognizer.classify_samples(
        recording[start:end], RATE, start_s=utterance.start_s, whole=True
    )
    assert said(utterance) == said(emotion)
    assert vars(utterance) == {key: vars(by_hand)[key] for key in vars(utterance)}
    seconds = utterance.end_s - utterance.start_s
    assert emotion.judged_s == by_hand.judged_s == pytest.approx(seconds)
    if engine is None:
        stream = EmotionStream()
        assert [event.emotion for event in stream.process(recording) + stream.finish()] == [
            utterance
        ]


def test_several_utterances_are_heard_as_if_the_pauses_were_not_there(
    classifier: Classifier, recognizer: EmotionRecognizer
) -> None:
    recording = as_pcm16(in_quiet(CLIP_FILES[:3]))
    spans = judged_utterances([recording], classifier.record).judged
    assert len(spans) == 3
    rows = [classifier.front_end.features(recording[start:end]) for start, end in spans]
    output = classifier.run(np.concatenate(rows))
    expected = classifier.decide(output, start_s=spans[0][0] / RATE, end_s=spans[-1][1] / RATE)
    emotion = recognizer.classify_samples(recording, RATE)
    assert said(expected) == said(emotion)
    assert emotion.judged_s == sum(end - start for start, end in spans) / RATE


def test_more_than_sixteen_bits_are_heard_as_a_stream_hears_them(
    classifier: Classifier,
) -> None:
    recording = in_quiet(CLIP_FILES[:1])
    parts = judged_parts(recording, classifier.record)
    (heard,) = parts.cut(recording)
    ((start, end),) = parts.spans
    np.testing.assert_array_equal(heard, as_pcm16(recording[start:end]) / 32768)
    assert not np.array_equal(heard, recording[start:end])
    (whole,) = judged_parts(recording, classifier.record, whole=True).cut(recording)
    np.testing.assert_array_equal(whole, recording)


def test_hours_of_speech_are_cut_for_the_network(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = in_quiet(CLIP_FILES * 3)
    parts = judged_parts(recording, classifier.record)
    assert parts.judged == SPEECH
    assert parts.n_samples > MAX_STRETCH_S * RATE
    rows = [classifier.front_end.features(part) for part in parts.cut(recording)]
    taken: list[NDArray[np.float64]] = []
    run = Classifier.run
    monkeypatch.setattr(
        Classifier, "run", lambda self, rows: (taken.append(rows), run(self, rows))[1]
    )
    outputs = parts.run(classifier, iter(rows))
    assert len(outputs) == len(taken) > 1
    np.testing.assert_array_equal(np.concatenate(taken), np.concatenate(rows))
    sizes = [len(each) for each in taken]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= MAX_STRETCH_S * RATE / classifier.spec.hop_length


def test_only_a_stretch_of_rows_is_in_memory(classifier: Classifier) -> None:
    """Of forty minutes of speech; the rows of a part are forgotten once they were judged."""
    spec = classifier.spec
    span = spec.frame_length + 249 * spec.hop_length
    spans = tuple((start * span, (start + 1) * span) for start in range(600))
    rows = (np.zeros((250, spec.n_coefficients)) for _ in spans)
    tracemalloc.start()
    try:
        outputs = JudgedParts(SPEECH, spans).run(classifier, rows)
        assert len(outputs) == 80
        # All of them take 48 MB.
        assert tracemalloc.get_traced_memory()[1] < 6e6
    finally:
        tracemalloc.stop()


def test_where_nobody_speaks_the_whole_is_judged(
    recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "quiet.wav", SILENCE, RATE)
    said = {}
    for whole in (False, True):
        with pytest.warns(AudioWarning, match="found no speech, so the answer"):
            said[whole] = recognizer.classify(tmp_path / "quiet.wav", whole)
    assert (said[False].judged, said[True].judged) == (NO_SPEECH, WHOLE)
    assert said[False] == dataclasses.replace(said[True], judged=NO_SPEECH)
    assert (said[True].start_s, said[True].end_s, said[True].judged_s) == (0.0, 1.0, 1.0)


def test_what_is_too_short_for_an_event_is_not_judged(classifier: Classifier) -> None:
    record = classifier.record
    recording = in_quiet(CLIP_FILES[:1])
    (start, end) = judged_parts(recording, record).spans[0]
    for seconds, judged in (((end - start) / RATE, SPEECH), ((end - start + 1) / RATE, NO_SPEECH)):
        decision = dataclasses.replace(record.decision, min_seconds=seconds)
        patient = dataclasses.replace(record, decision=decision)
        assert judged_parts(recording, patient).judged == judged


@pytest.mark.parametrize("seconds", [2.0, 3.0, 100.00123])
def test_a_front_end_that_crops_every_clip_gets_what_it_hears(
    seconds: float, classifier: Classifier
) -> None:
    record = dataclasses.replace(classifier.record, features=recipe("light-sernet"))
    recording = np.resize(in_quiet(CLIP_FILES[:1]), int(seconds * RATE))
    parts = judged_parts(recording, record)
    assert parts.judged == WHOLE
    assert parts.n_samples == min(recording.size, 3 * RATE)
    front_end = FrontEnd(record.features)
    (part,) = parts.cut(recording)
    assert np.array_equal(front_end.features(part), front_end.features(recording))


def test_what_such_a_front_end_does_not_hear_gets_a_word(
    classifier: Classifier, tmp_path: Path
) -> None:
    features = dataclasses.replace(recipe("light-sernet"), mean=None, scale=None)
    record = dataclasses.replace(classifier.record, features=features)
    model = tmp_path / "cropping.tflite"
    write_model(model, classifier.file.model, record)
    recording = np.resize(in_quiet(CLIP_FILES[:1]), 31 * RATE)
    soundfile.write(tmp_path / "long.wav", recording, RATE)
    with pytest.warns(AudioWarning, match="lasts 31 s, of which the middle 3 s are heard, and"):
        emotion = EmotionRecognizer(model).classify(tmp_path / "long.wav")
    assert (emotion.end_s, emotion.judged_s, emotion.judged) == (31.0, 3.0, WHOLE)


def test_the_whole_is_cut_into_equal_stretches(classifier: Classifier) -> None:
    recording = np.tile(in_quiet(CLIP_FILES[:1]), 20)
    parts = judged_parts(recording, classifier.record, whole=True)
    cut = list(parts.cut(recording))
    assert len(cut) == -(-recording.size // int(MAX_STRETCH_S * RATE)) > 1
    assert max(part.size for part in cut) - min(part.size for part in cut) <= 1
    np.testing.assert_array_equal(np.concatenate(cut), recording)
    assert parts.n_samples == recording.size


def test_enrolment_learns_from_what_is_judged(classifier: Classifier) -> None:
    recording = as_pcm16(in_quiet(CLIP_FILES[:4]))
    # One of the four becomes too short.
    spans = sorted(
        end - start for start, end in judged_utterances([recording], classifier.record).judged
    )
    decision = dataclasses.replace(classifier.decision, min_seconds=(spans[0] + 1) / RATE)
    record = dataclasses.replace(classifier.record, decision=decision)
    enrolment = Enrolment(record, classifier.posteriors)
    enrolment.push(recording)
    result = enrolment.finish()
    samples = recording / 32768
    parts = judged_parts(samples, record)
    assert len(parts.spans) == 3
    assert result.seconds == parts.n_samples / RATE
    front_end = type(classifier.front_end)(classifier.spec.without_standardisation())
    rows = [front_end.features(part) for part in parts.cut(samples)]
    assert result.profile == profile_of(rows, record, classifier.posteriors)


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speech, quiet = tmp_path / "speech.wav", tmp_path / "quiet.wav"
    soundfile.write(speech, in_quiet(CLIP_FILES[:1]), RATE)
    soundfile.write(quiet, SILENCE, RATE)

    def judged(*flags: str) -> list[tuple[str, float]]:
        assert main(["classify", "--json", str(speech), str(quiet), *flags]) == 0
        rows = map(json.loads, capsys.readouterr().out.splitlines())
        return [(row["judged"], row["judged_s"]) for row in rows]

    whole_s = 2.0 + samples_of(CLIP_FILES[0]).size / RATE
    by_default, by_utterance = judged(), judged("--utterances")
    assert by_default == [(SPEECH, pytest.approx(whole_s - 2.0, abs=0.3)), (NO_SPEECH, 1.0)]
    assert by_utterance == [(SPEECH, pytest.approx(by_default[0][1]))]
    assert judged("--whole") == [(WHOLE, pytest.approx(whole_s)), (WHOLE, 1.0)]
    assert main(["classify", str(speech)]) == 0
    assert f"{by_default[0][1]:.2f} s speech" in capsys.readouterr().out
    with pytest.raises(SystemExit) as refused:
        main(["classify", "--utterances", "--whole", str(speech)])
    assert refused.value.code == 2
    assert "--whole: not allowed with argument --utterances" in capsys.readouterr().err
