"""Posteriors for speech in which every label is as likely, whatever the training clips hold.

What a network hears badly it takes for what it has seen most. Dividing its posteriors by the
labels' shares of the training clips undoes that (logit adjustment, Menon et al. 2021,
arXiv 2007.07314). In the network it is a change of the last layer's bias, so it costs a device
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from .light_sernet import light_sernet


def with_adjusted_logits(
    network: keras.Model, width: float, shares: Sequence[float], power: float
) -> keras.Model:
    """Return a network whose posteriors are divided by powers of the labels' shares.

    Parameters
    ----------
    network : keras.Model
        From `light_sernet`, in float32, built with `width`.
    width : float
    shares : sequence of float
        Of the training clips, in the order of the labels, each above 0.
    power : float
        0 changes nothing; 1 divides by the shares themselves.
    """
    _, n_frames, n_coefficients, _ = network.input_shape
    adjusted = light_sernet(n_frames, n_coefficients, len(shares), width)
    adjusted.set_weights(network.get_weights())
    last = adjusted.get_layer("posteriors")
    kernel, bias = (np.asarray(values) for values in last.get_weights())
    logarithms = np.log(shares)
    # Their mean stays: only differences count, and int8 resolves small logits better.
    change = power * (logarithms - logarithms.mean())
    last.set_weights([kernel, (bias - change).astype(np.float32)])
    return adjusted
