"""Learning rates over the steps of a run."""

from __future__ import annotations

import math

import keras
from keras import ops

# One cycle (Smith 2018): a linear rise over this share of the steps, then a
# cosine to 0.
_RISE = 0.25
# Rise, level, fall: where the rise and the level part end, as shares of the steps, and
# the share of the peak that is left at the end.
_LEVEL_FROM, _LEVEL_TO, _LAST = 0.125, 0.5, 0.1
# The original training multiplies by exp(-0.15) at every 20th epoch from epoch 50 on,
# counted from 0: at 60, 80, ...
_DECAY, _DECAY_EVERY, _DECAY_FROM = 0.15, 20, 50


def learning_rate_schedule(
    name: str, peak: float, epochs: int, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the schedule called `name`.

    Parameters
    ----------
    name : {"one-cycle", "trapezoid", "original"}
    peak : float
        Highest learning rate, above 0.
    epochs, steps_per_epoch : int
        Length of the run.
    """
    if name == "original":
        return Original(peak, steps_per_epoch)
    kind = Trapezoid if name == "trapezoid" else OneCycle
    return kind(peak, epochs * steps_per_epoch)


class _OverTheRun(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that is stretched over the run.

    Parameters
    ----------
    peak : float
        Highest learning rate.
    steps : int
        Steps of the whole run.
    """

    def __init__(self, peak: float, steps: int) -> None:
        self.peak = peak
        self.steps = steps


class OneCycle(_OverTheRun):
    """A linear rise to the peak, then half a cosine down to 0."""

    def __call__(self, step):  # type: ignore[no-untyped-def]
        """Return the learning rate at `step`, counted from 0."""
        progress = ops.cast(step, "float32") / self.steps
        fall = ops.clip((progress - _RISE) / (1.0 - _RISE), 0.0, 1.0)
        down = 0.5 + 0.5 * ops.cos(math.pi * fall)
        return self.peak * ops.where(progress < _RISE, (progress + 1e-3) / (_RISE + 1e-3), down)


class Trapezoid(_OverTheRun):
    """A linear rise to the peak, level until half of the run, then a linear fall to a tenth.

    The rate does not end at 0: a mean of the weights needs weights that move.
    """

    def __call__(self, step):  # type: ignore[no-untyped-def]
        """Return the learning rate at `step`, counted from 0."""
        progress = ops.cast(step, "float32") / self.steps
        rise = (progress + 1.0 / self.steps) / _LEVEL_FROM
        fall = 1.0 - (1.0 - _LAST) * (progress - _LEVEL_TO) / (1.0 - _LEVEL_TO)
        return self.peak * ops.minimum(1.0, ops.minimum(rise, fall))


class Original(keras.optimizers.schedules.LearningRateSchedule):
    """The schedule of the original Light-SERNet training.

    Parameters
    ----------
    peak : float
        Learning rate of the first epochs.
    steps_per_epoch : int
    """

    def __init__(self, peak: float, steps_per_epoch: int) -> None:
        self.peak = peak
        self.steps_per_epoch = steps_per_epoch

    def __call__(self, step):  # type: ignore[no-untyped-def]
        """Return the learning rate at `step`, counted from 0."""
        epoch = ops.floor(ops.cast(step, "float32") / self.steps_per_epoch)
        before = (_DECAY_FROM - 1) // _DECAY_EVERY
        drops = ops.maximum(0.0, ops.floor(epoch / _DECAY_EVERY) - before)
        return self.peak * ops.exp(-_DECAY * drops)
