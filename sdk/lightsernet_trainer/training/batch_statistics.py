"""The moving means and variances of batch normalisation, measured anew.

Moving statistics lag behind the weights. At a high learning rate the lag is so large
that a network which is good with its own statistics is useless with them. Measured
statistics are the means, over the batches of one epoch, of each batch's mean and
variance (PreciseBN: Wu and Johnson 2021, arXiv 2105.07576); every batch has the same
weight, as in moving statistics. Training itself does not use them.
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
        Whose crops are measured, from 0.
    """
    units = [layer for layer in network.layers if isinstance(layer, ConvolutionUnit)]
    # Without the layers that follow: dropout would draw numbers, and change the next epoch.
    normalised = keras.Model(network.input, [unit.output for unit in units])
    before = [unit.normalisation.momentum for unit in units]
    for index, (crops, _) in enumerate(batches.epoch(epoch)):
        for unit in units:
            # The mean over all batches so far.
            unit.normalisation.momentum = index / (index + 1)
        normalised(crops, training=True)
    for unit, momentum in zip(units, before, strict=True):
        unit.normalisation.momentum = momentum
