"""Measured statistics against NumPy's; training goes on as if nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from numpy.typing import NDArray
from rich.console import Console

from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets import load
from lightsernet_trainer.datasets.splits import Split
from lightsernet_trainer.network.light_sernet import light_sernet
from lightsernet_trainer.training.batch_statistics import measure_statistics
from lightsernet_trainer.training.batches import CropBatches
from lightsernet_trainer.training.checkpoint import Checkpoint, run_facts
from lightsernet_trainer.training.feature_store import FeatureStore
from lightsernet_trainer.training.fitting import fit
from lightsernet_trainer.training.training_set import TrainingSet

Array = NDArray[np.float32]


class TwoBatches:
    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.batches = [
            (random.normal(centre, 1.0, (6, 32, 20, 1)).astype(np.float32), np.eye(6, 3))
            for centre in (0.0, 1.0)
        ]

    def epoch(self, number: int) -> Iterator[tuple[Array, Array]]:
        assert number == 7
        yield from self.batches


def test_statistics_are_the_mean_over_the_batches() -> None:
    network, batches = light_sernet(32, 20, 3, 0.25), TwoBatches()
    unit = network.get_layer("time")
    before = [convert_to_numpy(w).copy() for w in network.trainable_variables]
    momentum = unit.normalisation.momentum
    measure_statistics(network, cast(CropBatches, batches), 7)
    outputs = [convert_to_numpy(unit.convolution(crops)) for crops, _ in batches.batches]
    mean = np.mean([output.mean(axis=(0, 1, 2)) for output in outputs], axis=0)
    variance = np.mean([output.var(axis=(0, 1, 2)) for output in outputs], axis=0)
    found = unit.normalisation
    np.testing.assert_allclose(convert_to_numpy(found.moving_mean), mean, atol=1e-5)
    np.testing.assert_allclose(convert_to_numpy(found.moving_variance), variance, rtol=1e-3)
    assert unit.normalisation.momentum == momentum
    for was, now in zip(before, network.trainable_variables, strict=True):
        np.testing.assert_array_equal(was, convert_to_numpy(now))


@dataclass
class Watch:
    """Keeps a mean of every epoch that it sees; breaks the run off after `stop` of them."""

    stop: int | None
    means: list[Array] = field(default_factory=list)

    def __call__(self, network: keras.Model, entry: dict[str, float]) -> None:
        self.means.append(mean_of(network))
        if len(self.means) == self.stop:
            raise KeyboardInterrupt


def mean_of(network: keras.Model) -> Array:
    return convert_to_numpy(network.get_layer("head").normalisation.moving_mean).copy()


@pytest.mark.parametrize("interrupted", [False, True])
def test_training_goes_on_the_same(interrupted: bool, emodb: Path, tmp_path: Path) -> None:
    """Losses and weights are those of a run with moving statistics; statistics are not."""
    corpus = load("emodb", emodb)
    clips = corpus.clips[::30]
    split = Split(train=clips, test=(), protocol="all")

    def run(statistics: str, watch: Watch) -> tuple[keras.Model, list[dict[str, float]]]:
        configuration = TrainingConfiguration(
            epochs=3, width=0.1, seconds=1.0, batch_size=8, batch_statistics=statistics
        )
        facts = run_facts(corpus, split, configuration)
        store = FeatureStore(configuration.feature_spec())
        return fit(
            TrainingSet(store, configuration.feature_spec(), clips, corpus.labels),
            configuration,
            Checkpoint(tmp_path / statistics, facts),
            console=Console(quiet=True),
            watch=watch,
        )

    watch_moving, watch = Watch(None), Watch(2 if interrupted else None)
    moving, expected = run("moving", watch_moving)
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            run("measured", watch)
        # What was seen of the second epoch was not saved: it comes again.
        watch.means.pop()
        watch.stop = None
    measured, history = run("measured", watch)
    assert [e["loss"] for e in history] == [e["loss"] for e in expected]
    for one, other in zip(moving.trainable_variables, measured.trainable_variables, strict=True):
        np.testing.assert_array_equal(convert_to_numpy(one), convert_to_numpy(other))
    lags = [
        np.abs(one - other).max()
        for one, other in zip(watch_moving.means, watch.means, strict=True)
    ]
    assert min(lags) > 0.01
    # In the end over other crops of the same clips.
    assert 0 < np.abs(mean_of(measured) - watch.means[-1]).max() < 0.5 * lags[-1]
