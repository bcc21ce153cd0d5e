"""An output for what is no emotion: ordinary speech, and noise.

A network that knows seven emotions finds one of them in everything. So it gets one output more,
after the fit: a linear function of the features that its last layer sees, which competes with the
labels in the softmax (outlier exposure, Hendrycks et al. 2019, arXiv 1812.04606). Everything else
of the network stays as it was fitted, so what it makes of emotions does not change.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from ..configuration import TrainingConfiguration
from .batches import Normaliser, Rows
from .fitting import build_network
from .training_set import TrainingSet

# How often each kind is heard: epochs of the training clips, draws of each recording of ordinary
# speech, stretches of noise.
_EPOCHS, _DRAWS, _NOISES = 2, 6, 900
# Share of the examples' target that goes to the other side: nothing is certain.
_SMOOTHING = 0.05
# Weight of the squared norm of the coefficients of standardised features, beside a mean loss.
_PENALTY = 1e-3
# What training clips, ordinary speech and noise weigh: a stranger's emotions must not be taken
# for ordinary speech, and noise never for an emotion.
_SHARES = (0.7, 0.03, 0.27)
_STEPS = 30
_BATCH = 32

Floats = NDArray[np.float64]


def with_outlier_output(
    network: keras.Model,
    data: TrainingSet,
    configuration: TrainingConfiguration,
) -> keras.Model:
    """Return a network with one output more, the last, for what is none of its labels.

    Parameters
    ----------
    network : keras.Model
        That `fitting.fit` gave for the same data and configuration.
    data : TrainingSet
        With draws, and with ordinary speech, which is heard in the same scenes.
    configuration : TrainingConfiguration

    Raises
    ------
    AudioError
        If a recording cannot be read.
    """
    n_frames = network.input_shape[1]
    inside = _training_crops(data, configuration, n_frames)
    speech = _speech_crops(data, configuration, n_frames)
    noise = _noise_crops(data, configuration, n_frames)
    trunk = keras.Model(network.input, network.get_layer("mean").output)
    features = [_features(trunk, crops) for crops in (inside, speech, noise)]
    kernel, bias = (
        np.asarray(w, np.float64) for w in network.get_layer("posteriors").get_weights()
    )
    weights = _fit(features, kernel, bias)
    wider = build_network(configuration, data.spec, len(data.labels) + 1)
    for old, new in zip(network.layers[:-1], wider.layers[:-1], strict=True):
        new.set_weights(old.get_weights())
    wider.get_layer("posteriors").set_weights(
        [np.column_stack([kernel, weights[:-1]]), np.append(bias, weights[-1])]
    )
    return wider


def _training_crops(
    data: TrainingSet, configuration: TrainingConfiguration, n_frames: int
) -> list[Rows]:
    batches = data.crops(configuration, n_frames)
    # Epochs that the fit did not see: other crops of other draws.
    first = configuration.epochs
    return [
        crop
        for epoch in range(first, first + _EPOCHS)
        for crops, _ in batches.epoch(epoch)
        for crop in crops
    ]


def _speech_crops(
    data: TrainingSet, configuration: TrainingConfiguration, n_frames: int
) -> list[Rows]:
    normaliser = Normaliser(data.spec)
    random = np.random.default_rng((configuration.seed, 1))
    draws = data.store.draws
    assert draws is not None
    return [
        normaliser.crop(draws.rows(clip, number), n_frames, random)[..., None]
        for clip in data.ordinary
        for number in range(min(_DRAWS, draws.n_draws))
    ]


def _noise_crops(
    data: TrainingSet, configuration: TrainingConfiguration, n_frames: int
) -> list[Rows]:
    normaliser = Normaliser(data.spec)
    draws = data.store.draws
    assert draws is not None
    # A frame more than a crop: the front end may lose one at the end.
    seconds = configuration.seconds + data.spec.frame_length / data.spec.sample_rate
    return [
        normaliser.crop(draws.noise_rows(number, seconds), n_frames)[..., None]
        for number in range(_NOISES)
    ]


def _features(trunk: keras.Model, crops: Sequence[Rows]) -> Floats:
    found = [
        keras.ops.convert_to_numpy(trunk(np.stack(crops[i : i + _BATCH]), training=False))
        for i in range(0, len(crops), _BATCH)
    ]
    return np.concatenate(found).astype(np.float64)


def _fit(features: Sequence[Floats], kernel: Floats, bias: Floats) -> Floats:
    """Return the new output's weights, the bias last.

    Logistic regression of "none of the labels": the odds are the new output's exponential over
    the sum of those of the labels' logits. Newton's method; the loss is convex.

    Parameters
    ----------
    features : sequence of ndarray, each of shape (n, n_features)
        Of training clips, of ordinary speech and of noise, which weigh `_SHARES`.
    kernel, bias : ndarray, shape (n_features, n_labels) and (n_labels,)
        Of the labels' logits.
    """
    x = np.concatenate(features)
    logits = x @ kernel + bias
    largest = logits.max(axis=1)
    rival = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    target = np.concatenate(
        [
            np.full(len(each), _SMOOTHING if i == 0 else 1.0 - _SMOOTHING)
            for i, each in enumerate(features)
        ]
    )
    shares = _SHARES
    weight = np.concatenate(
        [
            np.full(len(each), share / len(each))
            for each, share in zip(features, shares, strict=True)
        ]
    )
    mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    inputs = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    penalty = np.diag([*np.full(x.shape[1], _PENALTY), 0.0])
    found = np.append(np.zeros(x.shape[1]), np.average(rival, weights=weight))
    for _ in range(_STEPS):
        likely = 1.0 / (1.0 + np.exp(-np.clip(inputs @ found - rival, -50.0, 50.0)))
        slope = inputs.T @ (weight * (likely - target)) + penalty @ found
        curvature = (inputs * (weight * likely * (1.0 - likely))[:, None]).T @ inputs + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), slope)
        # Far from the minimum a whole step may overshoot.
        found -= step * min(1.0, 2.0 / max(np.abs(inputs @ step).max(), 1e-9))
    slopes = found[:-1] / deviation
    return np.append(slopes, found[-1] - mean @ slopes)
