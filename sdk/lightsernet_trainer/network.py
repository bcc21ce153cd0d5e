"""Light-SERNet (Aftab et al. 2022, arXiv 2110.03435) in Keras layers alone."""

from __future__ import annotations

import keras
from keras import layers

# Filters of the three paths, of the body's 3x3 convolutions with the pool
# behind each (time, coefficients), and of the last 1x1 convolution.
_PATH_FILTERS = 32
_PATH_KERNELS = {"time": (11, 1), "frequency": (1, 9), "both": (3, 3)}
_BODY = ((64, (2, 2)), (96, (2, 2)), (128, (2, 1)), (160, (2, 1)))
_HEAD_FILTERS = 320
_L2 = 1e-6
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
        Factor on the number of filters of every convolution; the results are
        rounded to multiples of 8, at least 8.
    seed : int
        Seed of weights and dropout.

    Returns
    -------
    keras.Model
        From (batch, n_frames, n_coefficients, 1) to posteriors
        (batch, n_labels).
    """
    seeds = iter(range(seed * 1000, seed * 1000 + 1000))

    # Names of our own: Keras's count on from network to network, and would make
    # the converted files of two equal networks differ.
    def conv(
        x: keras.KerasTensor, name: str, filters: int, kernel: tuple[int, int], bias: bool
    ) -> keras.KerasTensor:
        x = layers.Conv2D(
            max(8, 8 * round(filters * width / 8)),
            kernel,
            padding="same",
            use_bias=bias,
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            kernel_regularizer=None if bias else keras.regularizers.L2(_L2),
            name=f"{name}_conv",
        )(x)
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    features = layers.Input((n_frames, n_coefficients, 1), name="features")
    paths = []
    for name, kernel in _PATH_KERNELS.items():
        path = conv(features, name, _PATH_FILTERS, kernel, bias=True)
        paths.append(layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")(path))
    x = layers.Concatenate(name="paths")(paths)
    for index, (filters, pool) in enumerate(_BODY):
        x = conv(x, f"body{index}", filters, (3, 3), bias=False)
        x = layers.AveragePooling2D(pool, padding="same", name=f"body{index}_pool")(x)
    x = conv(x, "head", _HEAD_FILTERS, (1, 1), bias=False)
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
