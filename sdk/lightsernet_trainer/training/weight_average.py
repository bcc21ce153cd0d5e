"""A running mean of the weights over the last part of a run, instead of the last weights.

Training moves around a minimum; the mean lies nearer to it than any single step
(stochastic weight averaging, Izmailov et al. 2018, arXiv 1803.05407).
"""

from __future__ import annotations

import keras

from .batch_statistics import measure_statistics
from .batches import CropBatches


def averaging_adam(
    schedule: keras.optimizers.schedules.LearningRateSchedule, share: float, steps: int
) -> keras.optimizers.Optimizer:
    """Return Adam, which also keeps the running mean if `share` is above 0.

    Parameters
    ----------
    schedule : keras.optimizers.schedules.LearningRateSchedule
    share : float
        Time constant of the mean as a share of the run, in 0..1; 0 for no mean.
    steps : int
        Number of steps of the whole run, at least 1.
    """
    if share == 0.0:
        return keras.optimizers.Adam(schedule)
    decay = max(0.0, 1.0 - 1.0 / (share * steps))
    return keras.optimizers.Adam(
        schedule, use_ema=True, ema_momentum=decay, ema_overwrite_frequency=None
    )


def take_mean(network: keras.Model, batches: CropBatches, epoch: int) -> None:
    """Give a network the mean that its optimiser kept, and batch statistics that fit it.

    The statistics are measured anew: those of training belong to other weights.

    Parameters
    ----------
    network : keras.Model
        Compiled with what `averaging_adam` gives for a share above 0.
    batches : CropBatches
    epoch : int
        Whose crops the statistics are measured on, from 0.
    """
    network.optimizer.finalize_variable_values(network.trainable_variables)
    measure_statistics(network, batches, epoch)
