"""Light-SERNet (Aftab et al. 2022, arXiv 2110.03435) in Keras layers alone."""

from __future__ import annotations

import keras
from keras import layers

from .convolution_unit import ConvolutionUnit

# Filters of the three paths; of the body's 3x3 convolutions, each with the pool that
# follows it (time, coefficients); and of the last 1x1 convolution.
_PATH_FILTERS = 32
_PATH_KERNELS = {"time": (11, 1), "frequency": (1, 9), "both": (3, 3)}
_PATH_POOL = (2, 2)
_BODY = ((64, (2, 2)), (96, (2, 2)), (128, (2, 1)), (160, (2, 1)))
_HEAD_FILTERS = 320
_DROPOUT = 0.3


def light_sernet(
    n_frames: int | None, n_coefficients: int, n_labels: int, width: float = 1.0, seed: int = 0
) -> keras.Model:
    """Build the network.

    Parameters
    ----------
    n_frames : int or None
        Rows of the input; None for any number.
    n_coefficients : int
        Columns of the input.
    n_labels : int
        Number of classes.
    width : float
        Factor on the number of filters of every convolution, above 0; each product is
        rounded to a multiple of 8, at least 8.
    seed : int
        Seed of weights and dropout.

    Returns
    -------
    keras.Model
        From (batch, n_frames, n_coefficients, 1) to posteriors
        (batch, n_labels).
    """
    seeds = iter(range(seed * 1000, seed * 1000 + 1000))

    def unit(
        name: str, filters: int, kernel: tuple[int, int], pool: tuple[int, int] | None, bias: bool
    ) -> ConvolutionUnit:
        scaled = max(8, 8 * round(filters * width / 8))
        return ConvolutionUnit(scaled, kernel, pool, bias, next(seeds), name)

    features = layers.Input((n_frames, n_coefficients, 1), name="features")
    paths = [
        unit(name, _PATH_FILTERS, kernel, _PATH_POOL, bias=True)(features)
        for name, kernel in _PATH_KERNELS.items()
    ]
    x = layers.Concatenate(name="paths")(paths)
    for index, (filters, pool) in enumerate(_BODY):
        x = unit(f"body{index}", filters, (3, 3), pool, bias=False)(x)
    x = unit("head", _HEAD_FILTERS, (1, 1), None, bias=False)(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(_DROPOUT, seed=next(seeds), name="dropout")(x)
    # Softmax in float32 whatever the precision policy.
    posteriors = layers.Dense(
        n_labels,
        activation="softmax",
        dtype="float32",
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        name="posteriors",
    )(x)
    return keras.Model(features, posteriors, name="light_sernet")
