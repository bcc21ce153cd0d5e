"""A running mean of the weights over the last part of a run, in place of the last ones.

It lies nearer to the middle of what training wanders about in than any single
step does (stochastic weight averaging, Izmailov et al. 2018, arXiv 1803.05407).
"""

from __future__ import annotations

import keras

from .batches import CropBatches
from .convolution_unit import ConvolutionUnit


def averaging_adam(
    schedule: keras.optimizers.schedules.LearningRateSchedule, share: float, steps: int
) -> keras.optimizers.Optimizer:
    """Return Adam, which also keeps the mean if there is to be one.

    Parameters
    ----------
    schedule : keras.optimizers.schedules.LearningRateSchedule
    share : float
        Time constant of the mean, as a share of the run; 0 for none.
    steps : int
        Of the whole run.
    """
    if share == 0.0:
        return keras.optimizers.Adam(schedule)
    decay = max(0.0, 1.0 - 1.0 / (share * steps))
    return keras.optimizers.Adam(
        schedule, use_ema=True, ema_momentum=decay, ema_overwrite_frequency=None
    )


def take_mean(network: keras.Model, batches: CropBatches, epoch: int) -> None:
    """Give a network the mean that its optimiser kept.

    No activations were ever normalised with these weights, so the moving means and
    variances are measured anew, over the crops of one epoch.

    Parameters
    ----------
    network : keras.Model
        Compiled with what `averaging_adam` gives for a share above 0.
    batches : CropBatches
    epoch : int
        Which crops.
    """
    network.optimizer.finalize_variable_values(network.trainable_variables)
    units = [layer for layer in network.layers if isinstance(layer, ConvolutionUnit)]
    before = [unit.normalisation.momentum for unit in units]
    for index, (crops, _) in enumerate(batches.epoch(epoch)):
        for unit in units:
            # The mean over all batches so far.
            unit.normalisation.momentum = index / (index + 1)
        network(crops, training=True)
    for unit, momentum in zip(units, before, strict=True):
        unit.normalisation.momentum = momentum
