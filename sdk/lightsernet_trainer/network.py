"""Light-SERNet (Aftab et al. 2022, arXiv 2110.03435) in Keras layers alone."""

from __future__ import annotations

import keras
from keras import layers

# Filters of the three paths, of the body's 3x3 convolutions with the pool
# behind each (time, coefficients), and of the last 1x1 convolution.
_PATH_FILTERS = 32
_PATH_KERNELS = ((11, 1), (1, 9), (3, 3))
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

    def conv(x: keras.KerasTensor, filters: int, kernel: tuple[int, int], body: bool):  # type: ignore[no-untyped-def]
        x = layers.Conv2D(
            max(8, 8 * round(filters * width / 8)),
            kernel,
            padding="same",
            use_bias=not body,
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            kernel_regularizer=keras.regularizers.L2(_L2) if body else None,
        )(x)
        x = layers.BatchNormalization()(x)
        return layers.ReLU()(x)

    features = layers.Input((n_frames, n_coefficients, 1))
    x = layers.Concatenate()(
        [
            layers.AveragePooling2D(2, padding="same")(
                conv(features, _PATH_FILTERS, kernel, body=False)
            )
            for kernel in _PATH_KERNELS
        ]
    )
    for filters, pool in _BODY:
        x = conv(x, filters, (3, 3), body=True)
        x = layers.AveragePooling2D(pool, padding="same")(x)
    x = conv(x, _HEAD_FILTERS, (1, 1), body=True)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(_DROPOUT, seed=next(seeds))(x)
    # Softmax in float32 whatever the precision policy.
    posteriors = layers.Dense(
        n_labels,
        activation="softmax",
        dtype="float32",
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
    )(x)
    return keras.Model(features, posteriors, name="light_sernet")
