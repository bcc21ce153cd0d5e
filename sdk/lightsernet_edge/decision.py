"""From posteriors to a label or "uncertain". This module knows only posteriors and time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

UNCERTAIN = "uncertain"
# Name of a model's last output, if that is for what is none of its labels. It is never said.
OTHER = "other"
# An int8 softmax has steps of 1/256, so its 0 stands for less than half a step.
LEAST_POSTERIOR = 1.0 / 512.0


@dataclass(frozen=True)
class Emotion:
    """The decision on a stretch of audio.

    Attributes
    ----------
    label : str
        The most probable label; of equally probable ones the first in the model's order.
        `UNCERTAIN` if its posterior is below its threshold, or if that of the model's output
        for what is none of its labels is larger.
    confidence : float
        The largest posterior of a label, in 0..1.
    posteriors : dict of str to float
        One value in 0..1 per label, in the model's order. What they lack to 1 is the posterior
        of that output, where the model has one.
    start_s, end_s : float
        Start and end of the stretch in the recording or stream, in seconds.
    """

    label: str
    confidence: float
    posteriors: dict[str, float]
    start_s: float
    end_s: float


@dataclass(frozen=True)
class DecisionRule:
    """How posteriors become a label.

    Attributes
    ----------
    labels : tuple of str
        In the model's order.
    temperature : float
        Divides the logits (Guo et al. 2017); above 0.
    thresholds : mapping of str to float
        A label whose posterior is below its threshold, in 0..1, becomes `UNCERTAIN`.
        A label without a threshold never does.
    smoothing_s : float
        Continuous mode: time constant of the exponential smoothing, in seconds; 0 for none.
    hold_s : float
        Continuous mode: a new label is reported after it has been the most probable one
        for this long, in seconds.
    bias : tuple of float
        Subtracted from the log posteriors, one value per output, in nats; empty for none.
        See `lightsernet_edge.profiles.neutral_bias`.

    Notes
    -----
    Posteriors are those of all outputs: one per label, and maybe one more, the last, for what
    is none of the labels.
    """

    labels: tuple[str, ...]
    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    smoothing_s: float = 1.0
    hold_s: float = 1.0
    bias: tuple[float, ...] = ()

    def calibrated(self, posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Subtract the bias and apply the temperature.

        Parameters
        ----------
        posteriors : ndarray of float64, shape (n_outputs,)
            The network's own.

        Returns
        -------
        ndarray of float64, shape (n_outputs,)
            In 0..1, summing to 1.
        """
        return with_temperature(posteriors, self.temperature, self.bias)

    def keep(self, step_s: float) -> float:
        """Return the weight of the earlier posteriors after `step_s` seconds, in 0..1."""
        return math.exp(-step_s / self.smoothing_s) if self.smoothing_s > 0 else 0.0

    def hold_steps(self, step_s: float) -> int:
        """Return how many decisions in a row, `step_s` seconds apart, a new label must last."""
        return math.ceil(self.hold_s / step_s - 1e-9)

    def decide(self, posteriors: NDArray[np.float64], start_s: float, end_s: float) -> Emotion:
        """Decide on one stretch of audio by itself.

        Parameters
        ----------
        posteriors : ndarray of float64, shape (n_outputs,)
            Calibrated.
        start_s, end_s : float
            Start and end of the stretch, in seconds.
        """
        return self.emotion(self.label_of(posteriors), posteriors, start_s, end_s)

    def label_of(self, posteriors: NDArray[np.float64]) -> str:
        """Return the most probable label, or `UNCERTAIN`.

        Parameters
        ----------
        posteriors : ndarray of float64, shape (n_outputs,)
            Calibrated.
        """
        best = int(np.argmax(posteriors))
        if best == len(self.labels):
            return UNCERTAIN
        label = self.labels[best]
        return label if posteriors[best] >= self.thresholds.get(label, 0.0) else UNCERTAIN

    def emotion(
        self, label: str, posteriors: NDArray[np.float64], start_s: float, end_s: float
    ) -> Emotion:
        """Return the `Emotion` of a `label` and its `posteriors`, from `start_s` to `end_s`."""
        of_labels = posteriors[: len(self.labels)]
        return Emotion(
            label=label,
            confidence=float(of_labels.max()),
            posteriors=dict(zip(self.labels, of_labels.tolist(), strict=True)),
            start_s=start_s,
            end_s=end_s,
        )


class ContinuousDecision:
    """Decisions at short intervals: posteriors are smoothed, and a label is held for a while.

    Parameters
    ----------
    rule : DecisionRule
    step_s : float
        Time from one decision to the next, in seconds.
    """

    def __init__(self, rule: DecisionRule, step_s: float) -> None:
        self._rule = rule
        self._keep = rule.keep(step_s)
        self._hold_steps = rule.hold_steps(step_s)
        self.reset()

    def reset(self) -> None:
        """Forget all earlier posteriors."""
        self._smooth: NDArray[np.float64] | None = None
        self._said = UNCERTAIN
        self._rival = UNCERTAIN
        self._rival_steps = 0

    def decide(self, posteriors: NDArray[np.float64], start_s: float, end_s: float) -> Emotion:
        """Smooth the posteriors with the earlier ones and decide.

        Parameters
        ----------
        posteriors : ndarray of float64, shape (n_outputs,)
            Calibrated.
        start_s, end_s : float
            Start and end of the stretch, in seconds.

        Returns
        -------
        Emotion
            With the smoothed posteriors and the label that is held.
        """
        if self._smooth is None:
            self._smooth = posteriors
            self._said = self._rule.label_of(posteriors)
        else:
            self._smooth = self._keep * self._smooth + (1.0 - self._keep) * posteriors
        label = self._rule.label_of(self._smooth)
        if label == self._said:
            self._rival_steps = 0
        else:
            self._rival_steps = self._rival_steps + 1 if label == self._rival else 1
            self._rival = label
            if self._rival_steps >= self._hold_steps:
                self._said = label
                self._rival_steps = 0
        return self._rule.emotion(self._said, self._smooth, start_s, end_s)


def with_temperature(
    posteriors: NDArray[np.float64], temperature: float, bias: Sequence[float] = ()
) -> NDArray[np.float64]:
    """Subtract a bias from the logits, divide them by the temperature, apply softmax again.

    Temperature scaling: Guo et al. 2017. The logits are the log posteriors.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (..., n_outputs)
    temperature : float
        Above 0.
    bias : sequence of float
        One value per output, in nats; empty for none.
    """
    if temperature == 1.0 and not any(bias):
        return posteriors
    logits = np.log(np.maximum(posteriors, LEAST_POSTERIOR))
    if len(bias):
        logits = logits - np.asarray(bias)
    logits = logits / temperature
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
