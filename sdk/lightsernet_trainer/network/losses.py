"""The losses a network can be trained with."""

from __future__ import annotations

import keras
from keras import ops


def loss_function(name: str, gamma: float, label_smoothing: float) -> keras.losses.Loss:
    """Return the loss called `name`, on one-hot labels and posteriors.

    Parameters
    ----------
    name : {"cross-entropy", "focal"}
    gamma : float
        Exponent of the focal loss (Lin et al. 2017), at least 0.
    label_smoothing : float
        Share of the label that is spread evenly over all classes, in 0..1.
    """
    if name == "focal":
        return FocalLoss(gamma, label_smoothing)
    return keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)


class FocalLoss(keras.losses.Loss):
    """Cross-entropy weighted by (1 - p)**gamma (Lin et al. 2017, equation 4).

    Parameters
    ----------
    gamma : float
        At 0 the loss is cross-entropy.
    label_smoothing : float
        Share of the label that is spread evenly over all classes, in 0..1.
    """

    def __init__(self, gamma: float, label_smoothing: float = 0.0) -> None:
        super().__init__(name="focal")
        self.gamma = gamma
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):  # type: ignore[no-untyped-def]
        """Return one loss per clip, shape (batch,)."""
        y_pred = ops.clip(y_pred, keras.config.epsilon(), 1.0)
        y_true = ops.cast(y_true, y_pred.dtype)
        y_true = y_true * (1.0 - self.label_smoothing) + self.label_smoothing / y_true.shape[-1]
        weighted = y_true * (1.0 - y_pred) ** self.gamma * ops.log(y_pred)
        return -ops.sum(weighted, axis=-1)
