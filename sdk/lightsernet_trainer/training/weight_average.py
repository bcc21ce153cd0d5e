"""A running mean of the weights over the last part of a run, in place of the last ones.

It lies nearer to the middle of what training wanders about in than any single
step does (stochastic weight averaging, Izmailov et al. 2018, arXiv 1803.05407).
"""

from __future__ import annotations

import keras

from .batch_statistics import measure_statistics
from .batches import CropBatches


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
    """Give a network the mean that its optimiser kept, and statistics that fit it.

    No activations were ever normalised with these weights.

    Parameters
    ----------
    network : keras.Model
        Compiled with what `averaging_adam` gives for a share above 0.
    batches : CropBatches
    epoch : int
        Which crops are measured.
    """
    network.optimizer.finalize_variable_values(network.trainable_variables)
    measure_statistics(network, batches, epoch)
