"""The moving means and variances of batch normalisation, measured anew.

Training leaves moving ones, which lag behind the weights: at a high learning rate
so far that the network is of no use with them, as good as it is with its own.
Measured ones are the mean over the batches of an epoch of their means and
variances, after PreciseBN (Wu and Johnson 2021, arXiv 2105.07576); every batch
counts alike, as in moving ones. What training does next does not depend on them.
"""

from __future__ import annotations

import keras

from ..network.convolution_unit import ConvolutionUnit
from .batches import CropBatches


def measure_statistics(network: keras.Model, batches: CropBatches, epoch: int) -> None:
    """Give a network the statistics of its present weights.

    Parameters
    ----------
    network : keras.Model
    batches : CropBatches
    epoch : int
        Which crops.
    """
    units = [layer for layer in network.layers if isinstance(layer, ConvolutionUnit)]
    # Without what follows them: dropout would draw, and the next epoch draw otherwise.
    normalised = keras.Model(network.input, [unit.output for unit in units])
    before = [unit.normalisation.momentum for unit in units]
    for index, (crops, _) in enumerate(batches.epoch(epoch)):
        for unit in units:
            # The mean over all batches so far.
            unit.normalisation.momentum = index / (index + 1)
        normalised(crops, training=True)
    for unit, momentum in zip(units, before, strict=True):
        unit.normalisation.momentum = momentum
