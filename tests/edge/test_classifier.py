"""One way from raw output to a decision: that of the formula, for recordings as for streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lightsernet_edge import EmotionRecognizer, EmotionStream, InputError, Profile, read_recording
from lightsernet_edge.classifier import Classifier, open_classifier
from lightsernet_edge.profiles.profile import fingerprint
from tests.places import CLIP_FILES


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return open_classifier()


def test_the_formula(classifier: Classifier) -> None:
    """Softmax of the log posteriors, less the bias, over the temperature."""
    spec, labels = classifier.record.features, classifier.record.outputs
    bias = tuple(0.1 * np.arange(len(labels)) - 0.3)
    profile = Profile(
        fingerprint(spec), spec.mean or (), spec.scale or (), 10.0, bias, classifier.record.sha256
    )
    warm = replace(classifier, decision=replace(classifier.decision, temperature=1.7))
    enrolled = warm.with_profile(profile)
    output = (np.arange(len(labels)) ** 2 - 100).astype(np.int8)
    raw = np.maximum((output.astype(np.float64) + 128) / 256, 1 / 512)
    logits = (np.log(raw) - np.array(bias)) / 1.7
    expected = np.exp(logits) / np.exp(logits).sum()
    assert enrolled.calibrated(output) == pytest.approx(expected, rel=1e-9)
    emotion = enrolled.decide(output, start_s=1.0, end_s=2.0)
    of_labels = expected[: len(classifier.labels)]
    assert list(emotion.posteriors.values()) == pytest.approx(of_labels, rel=1e-9)
    assert (emotion.start_s, emotion.end_s) == (1.0, 2.0)


def test_parts_of_a_stretch_are_averaged(classifier: Classifier) -> None:
    plain = replace(classifier, decision=replace(classifier.decision, temperature=1.0))
    one, other = np.full((2, len(plain.record.outputs)), -128, np.int8)
    one[0], other[1] = 127, 127
    together = plain.calibrated(one, other)
    assert together == pytest.approx((plain.calibrated(one) + plain.calibrated(other)) / 2)


def test_recognizer_and_classifier_agree(classifier: Classifier) -> None:
    recognizer = EmotionRecognizer()
    recording = read_recording(CLIP_FILES[0], recognizer.sample_rate)
    output = classifier.run(classifier.front_end.features(recording.samples))
    assert np.array_equal(output, recognizer.output(recording))
    emotion = classifier.decide(output, start_s=0.0, end_s=recording.duration_s)
    assert vars(emotion).items() <= vars(recognizer.classify(CLIP_FILES[0], whole=True)).items()


@pytest.mark.parametrize("use", [EmotionRecognizer, EmotionStream])
def test_a_profile_of_another_front_end_is_refused(use: type, classifier: Classifier) -> None:
    spec = classifier.record.features
    other = fingerprint(replace(spec, log_floor=1e-3))
    profile = Profile(other, spec.mean or (), spec.scale or (), 10.0)
    with pytest.raises(InputError, match="made for another front end"):
        use(profile=profile)
