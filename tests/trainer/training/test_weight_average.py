"""The mean of the weights against NumPy's, and statistics that fit it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_trainer.network.light_sernet import light_sernet
from lightsernet_trainer.network.losses import loss_function
from lightsernet_trainer.network.schedules import learning_rate_schedule
from lightsernet_trainer.training.batches import CropBatches
from lightsernet_trainer.training.weight_average import averaging_adam, take_mean

STEPS = 12
Array = NDArray[np.float32]


class TwoBatches:
    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.batches = [
            (
                random.normal(centre, 1.0, size=(6, 32, 20, 1)).astype(np.float32),
                np.eye(3, dtype=np.float32)[random.integers(0, 3, 6)],
            )
            for centre in (0.0, 1.0)
        ]

    def epoch(self, number: int) -> Iterator[tuple[Array, Array]]:
        assert number == 7
        yield from self.batches


def trained(share: float) -> tuple[keras.Model, TwoBatches, list[list[Array]]]:
    """A network after some steps, and its trainable weights after each of them."""
    network = light_sernet(32, 20, 3, 0.25)
    schedule = learning_rate_schedule("trapezoid", 1e-2, STEPS, 1)
    network.compile(averaging_adam(schedule, share, STEPS), loss_function("cross-entropy", 0.0, 0))
    batches, weights = TwoBatches(), []
    for step in range(STEPS):
        network.train_on_batch(*batches.batches[step % 2])
        weights.append([np.asarray(w).copy() for w in network.trainable_variables])
    return network, batches, weights


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_model_gets_a_running_mean_of_its_weights(share: float) -> None:
    network, batches, weights = trained(share)
    decay = 1.0 - 1.0 / (share * STEPS)
    expected = weights[0]
    for step in weights[1:]:
        expected = [
            decay * mean + (1.0 - decay) * now for mean, now in zip(expected, step, strict=True)
        ]
    take_mean(network, cast(CropBatches, batches), 7)
    for found, mean, last in zip(network.trainable_variables, expected, weights[-1], strict=True):
        np.testing.assert_allclose(np.asarray(found), mean, atol=1e-6)
        assert not np.allclose(mean, last, atol=1e-6)


def test_statistics_are_measured_with_the_mean_weights() -> None:
    network, batches, _ = trained(0.25)
    take_mean(network, cast(CropBatches, batches), 7)
    unit = network.get_layer("time")
    outputs = [np.asarray(unit.convolution(crops)) for crops, _ in batches.batches]
    mean = np.mean([output.mean(axis=(0, 1, 2)) for output in outputs], axis=0)
    np.testing.assert_allclose(unit.normalisation.moving_mean, mean, atol=1e-5)


def test_a_share_of_0_is_plain_adam() -> None:
    schedule = learning_rate_schedule("one-cycle", 1e-2, STEPS, 1)
    assert not averaging_adam(schedule, 0.0, STEPS).use_ema
