"""Posteriors divided by the labels' shares, in the network itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.splits import train_on_all
from lightsernet_trainer.network.logit_adjustment import with_adjusted_logits
from lightsernet_trainer.training import sealing
from lightsernet_trainer.training.checkpoint import run_facts, sealing_facts
from lightsernet_trainer.training.feature_store import FeatureStore
from lightsernet_trainer.training.fitting import build_network
from lightsernet_trainer.training.training_set import TrainingSet

LABELS = ("anger", "disgust", "neutral")
SMALL = TrainingConfiguration(width=0.1, seconds=0.5, variants=())


def clips_of(counts: list[int]) -> tuple[Clip, ...]:
    return tuple(
        Clip(Path(f"{label}{i}.wav"), label, "a")
        for label, count in zip(LABELS, counts, strict=True)
        for i in range(count)
    )


def training_set(counts: list[int]) -> TrainingSet:
    store = FeatureStore.of(SMALL)
    return TrainingSet(store, SMALL.feature_spec(), clips_of(counts), LABELS)


@given(
    counts=st.lists(st.integers(1, 200), min_size=3, max_size=3),
    power=st.sampled_from([0.25, 0.5, 1.0, 2.0]),
)
@settings(max_examples=15)
def test_posteriors_are_divided_by_the_shares(counts: list[int], power: float) -> None:
    network = build_network(SMALL, SMALL.feature_spec(), len(LABELS))
    shares = np.array(counts) / sum(counts)
    adjusted = with_adjusted_logits(network, SMALL.width, shares.tolist(), power)
    shape = (4, *network.input_shape[1:])
    crops = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    before = np.asarray(network(crops, training=False), np.float64)
    expected = before / shares**power
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.asarray(adjusted(crops, training=False)), expected, atol=1e-5)


def test_models_are_sealed_so_only_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = training_set([9, 3, 0])
    corpus = Corpus("made up", LABELS, data.clips)
    biases = []
    monkeypatch.setattr(TrainingSet, "representative_rows", lambda *_: [])

    def convert(network, *_):  # type: ignore[no-untyped-def]
        biases.append(network.get_layer("posteriors").get_weights()[1])
        return {}

    monkeypatch.setattr(sealing, "convert_to", convert)
    network = build_network(SMALL, data.spec, len(LABELS))
    for power in (0.0, 1.0):
        configuration = dataclasses.replace(SMALL, logit_adjustment=power)
        sealing.convert_and_seal(network, corpus, data, configuration, (), tmp_path)
    np.testing.assert_array_equal(biases[0], network.get_layer("posteriors").get_weights()[1])
    # A label without a clip is taken for one with a single one.
    expected = np.log([9 / 12, 3 / 12, 1 / 12])
    np.testing.assert_allclose(biases[1], biases[0] - expected + expected.mean(), atol=1e-6)


def test_a_finished_run_is_not_trained_again() -> None:
    corpus = Corpus("made up", LABELS, clips_of([2, 2, 2]))
    split = train_on_all(corpus)
    adjusted = dataclasses.replace(SMALL, logit_adjustment=0.5)
    assert run_facts(corpus, split, SMALL) == run_facts(corpus, split, adjusted)
    # But its models are others.
    assert sealing_facts((), SMALL) == {} != sealing_facts((), adjusted)
    assert "logit_adjustment" not in SMALL.to_json()
    assert TrainingConfiguration.from_json(adjusted.to_json()) == adjusted
