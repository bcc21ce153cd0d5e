"""Full-integer networks for tests: random weights, lively activations."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.features import recipe
from lightsernet_edge.model.record import ModelRecord

# A folder that converted models are kept in, for runs that cannot convert.
KEEP_IN = "LIGHTSERNET_TEST_MODELS"


@dataclasses.dataclass(frozen=True)
class Network:
    """What a test network looks like."""

    width: float = 0.25
    frames: int = 184
    labels: int = 7
    coefficients: int = 40

    def __str__(self) -> str:
        return f"width {self.width}, {self.frames} frames, {self.labels} labels"


# Widths, lengths and numbers of classes as users have them, besides the model that ships.
VARIANTS = (
    Network(1.0, 184, 7),
    Network(0.5, 434, 5),
    Network(0.25, 184, 9),
    Network(1.0, 434, 9),
    Network(0.5, 184, 7),
)
SMALLEST = Network(0.25, 184, 5)


def features_like(
    random: np.random.Generator, frames: int, coefficients: int
) -> NDArray[np.float32]:
    """Smooth in time as speech is, of unit variance."""
    noise = random.normal(size=(frames + 8, coefficients))
    smooth = np.lib.stride_tricks.sliding_window_view(noise, 8, axis=0).mean(axis=-1)[:frames]
    return (smooth / smooth.std()).astype(np.float32)


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """Return what `make` makes, from the folder of `KEEP_IN` if it is there."""
    folder = os.environ.get(KEEP_IN)
    if folder is None:
        return make()
    path = Path(folder) / f"{name}.tflite"
    if not path.exists():
        path.write_bytes(make())
    return path.read_bytes()


@functools.cache
def int8_model(network: Network, seed: int = 0) -> bytes:
    """Return a network with random weights, converted."""
    return kept(f"{dataclasses.astuple(network)}-{seed}", lambda: _convert(network, seed))


def _convert(network: Network, seed: int) -> bytes:
    """Convert a network with random weights and random batch-normalisation statistics."""
    from lightsernet_trainer.network.conversion import convert
    from lightsernet_trainer.network.light_sernet import light_sernet

    random = np.random.default_rng(seed)
    keras_model = light_sernet(
        network.frames, network.coefficients, network.labels, network.width, seed
    )
    weights = []
    for variable in keras_model.weights:
        shape = tuple(variable.shape)
        name = variable.path.rsplit("/", 1)[-1]
        if name == "gamma":
            weights.append(random.uniform(0.6, 1.6, shape))
        elif name == "beta":
            weights.append(random.uniform(-0.3, 0.4, shape))
        elif name == "moving_mean":
            weights.append(random.normal(0.0, 0.1, shape))
        elif name == "moving_variance":
            weights.append(random.uniform(0.1, 0.5, shape))
        elif name == "bias":
            weights.append(random.normal(0.0, 0.2, shape))
        else:
            weights.append(np.asarray(variable) * (4.0 if len(shape) == 2 else 1.0))
    keras_model.set_weights(weights)
    representative = [features_like(random, network.frames, network.coefficients) for _ in range(8)]
    return convert(keras_model, "int8", representative)


def record_for(network: Network) -> ModelRecord:
    """A record with the causal recipe for a test network."""
    spec = recipe("edge")
    random = np.random.default_rng(1)
    spec = dataclasses.replace(
        spec,
        n_coefficients=network.coefficients,
        mean=tuple(random.normal(0.0, 0.5, network.coefficients).tolist()),
        scale=tuple(random.uniform(0.5, 3.0, network.coefficients).tolist()),
    )
    return ModelRecord(tuple(f"label{i}" for i in range(network.labels)), spec)
