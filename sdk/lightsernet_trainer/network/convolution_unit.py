"""`ConvolutionUnit`: the building block of Light-SERNet, which has eight of them."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

_L2 = 1e-6


class ConvolutionUnit(layers.Layer):
    """Convolution, batch normalisation, ReLU, and an average pool; all with 'same' padding.

    On torch, Keras composes normalisation and pool from elementary operations. Each
    is a pass over memory, which doubles the time of a step; so training calls torch's
    own kernels there, or those of `normalised_pool`. One result differs: the moving
    variance takes up the unbiased variance of a batch on torch, the biased one in Keras,
    a factor of n / (n - 1) for n values per channel.

    Parameters
    ----------
    filters : int
        Number of output channels, at least 1.
    kernel_size : tuple of int
        Rows (time) and columns (coefficients).
    pool_size : tuple of int or None
        At most 2 each; None for no pool.
    use_bias : bool
        With a bias the kernel is not regularised, as in the original.
    seed : int
        Of the kernel's initial weights, from 0.
    name : str
        Prefix of the names of the four layers.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        pool_size: tuple[int, int] | None,
        use_bias: bool,
        seed: int,
        name: str,
    ) -> None:
        super().__init__(name=name)
        # Names of our own: Keras numbers layers on from network to network, so that the
        # converted files of two equal networks would differ.
        self.convolution = layers.Conv2D(
            filters,
            kernel_size,
            padding="same",
            use_bias=use_bias,
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            kernel_regularizer=None if use_bias else keras.regularizers.L2(_L2),
            name=f"{name}_conv",
        )
        self.normalisation = layers.BatchNormalization(name=f"{name}_norm")
        self.relu = layers.ReLU(name=f"{name}_relu")
        self.pool = (
            layers.AveragePooling2D(pool_size, padding="same", name=f"{name}_pool")
            if pool_size
            else None
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of shape (batch, time, coefficients, channels)."""
        self.convolution.build(input_shape)
        self.normalisation.build(self.convolution.compute_output_shape(input_shape))
        self.built = True

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (batch, time, coefficients, filters) after the pool."""
        shape = self.convolution.compute_output_shape(input_shape)
        return tuple(shape if self.pool is None else self.pool.compute_output_shape(shape))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Run the unit on shape (batch, time, coefficients, channels)."""
        if training and keras.backend.backend() == "torch" and inputs.device.type != "meta":
            return self._train_on_torch(inputs)
        x = self.convolution(inputs)
        x = self.relu(self.normalisation(x, training=training))
        return x if self.pool is None else self.pool(x)

    def _train_on_torch(self, inputs: Any) -> Any:
        from torch.nn import functional

        from . import normalised_pool

        # Channels first in shape, last in memory: the layout torch's kernels are fastest on.
        bias = self.convolution.bias
        x = functional.conv2d(
            inputs.permute(0, 3, 1, 2),
            self.convolution.kernel.value.to(inputs.dtype).permute(3, 2, 0, 1),
            None if bias is None else bias.value.to(inputs.dtype),
            padding="same",
        )
        if normalised_pool.serves(x):
            return self._normalised_pool(x).permute(0, 2, 3, 1)
        norm = self.normalisation
        x = functional.batch_norm(
            x,
            norm.moving_mean.value,
            norm.moving_variance.value,
            norm.gamma.value,
            norm.beta.value,
            training=True,
            momentum=1.0 - norm.momentum,
            eps=norm.epsilon,
        )
        x = functional.relu(x)
        if self.pool is not None:
            # 'same', where a pool is its own stride and at most 2: a last partial
            # window averages what there is.
            x = functional.avg_pool2d(
                x, self.pool.pool_size, ceil_mode=True, count_include_pad=False
            )
        return x.permute(0, 2, 3, 1)

    def _normalised_pool(self, x: Any) -> Any:
        import torch

        from .normalised_pool import normalised_pool

        norm = self.normalisation
        y, mean, variance = normalised_pool(
            x,
            norm.gamma.value,
            norm.beta.value,
            norm.epsilon,
            (1, 1) if self.pool is None else self.pool.pool_size,
        )
        values = x.numel() // x.shape[1]
        with torch.no_grad():
            norm.moving_mean.value.lerp_(mean, 1.0 - norm.momentum)
            unbiased = variance * (values / max(1, values - 1))
            norm.moving_variance.value.lerp_(unbiased, 1.0 - norm.momentum)
        return y
