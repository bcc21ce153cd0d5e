"""From posteriors to a decision. Knows only posteriors and time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

UNCERTAIN = "uncertain"
# Half the step of 1/256 that an int8 softmax has: what its 0 stands for.
LEAST_POSTERIOR = 1.0 / 512.0


@dataclass(frozen=True)
class Emotion:
    """What was heard in a stretch of audio.

    Attributes
    ----------
    label : str
        The most probable emotion, of equal ones the first in the model's order;
        or `UNCERTAIN`, if its posterior is below its threshold.
    confidence : float
        The largest posterior, in 0..1.
    posteriors : dict of str to float
        One value in 0..1 a label, in the model's order.
    start_s, end_s : float
        Where the stretch lies in the recording, in seconds.
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
        The logits are divided by it (Guo et al. 2017).
    thresholds : mapping of str to float
        Below its threshold a label is not said; 0 where none is given.
    smoothing_s : float
        Time constant of the smoothing over time in continuous mode.
    hold_s : float
        In continuous mode a new label is said once it has been the most probable
        for so long.
    bias : tuple of float
        Taken off the logarithms of the posteriors, one value a label; empty for none.
        See `lightsernet_edge.profiles.neutral_bias`.
    """

    labels: tuple[str, ...]
    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    smoothing_s: float = 1.0
    hold_s: float = 1.0
    bias: tuple[float, ...] = ()

    def calibrated(self, posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the posteriors without the bias, at this temperature."""
        return with_temperature(posteriors, self.temperature, self.bias)

    def keep(self, step_s: float) -> float:
        """Return what smoothing keeps of the posteriors before, in 0..1, after `step_s`."""
        return math.exp(-step_s / self.smoothing_s) if self.smoothing_s > 0 else 0.0

    def hold_steps(self, step_s: float) -> int:
        """Return how many decisions, `step_s` apart, a new label must last."""
        return math.ceil(self.hold_s / step_s - 1e-9)

    def decide(self, posteriors: NDArray[np.float64], start_s: float, end_s: float) -> Emotion:
        """Name the most probable label, or say that it is uncertain.

        Parameters
        ----------
        posteriors : ndarray of float64, shape (n_labels,)
            Calibrated ones.
        start_s, end_s : float
            In seconds.
        """
        return self.emotion(self.label_of(posteriors), posteriors, start_s, end_s)

    def label_of(self, posteriors: NDArray[np.float64]) -> str:
        """Return the most probable label, or `UNCERTAIN`."""
        best = int(np.argmax(posteriors))
        label = self.labels[best]
        return label if posteriors[best] >= self.thresholds.get(label, 0.0) else UNCERTAIN

    def emotion(
        self, label: str, posteriors: NDArray[np.float64], start_s: float, end_s: float
    ) -> Emotion:
        """Put a label and the posteriors behind it together."""
        return Emotion(
            label=label,
            confidence=float(posteriors.max()),
            posteriors=dict(zip(self.labels, posteriors.tolist(), strict=True)),
            start_s=start_s,
            end_s=end_s,
        )


class ContinuousDecision:
    """Decisions that follow each other closely: smoothed, and held for a while.

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
        """Forget what was heard."""
        self._smooth: NDArray[np.float64] | None = None
        self._said = UNCERTAIN
        self._rival = UNCERTAIN
        self._rival_steps = 0

    def decide(self, posteriors: NDArray[np.float64], start_s: float, end_s: float) -> Emotion:
        """Smooth the posteriors with those before, and say the label that holds.

        Parameters
        ----------
        posteriors : ndarray of float64, shape (n_labels,)
            Calibrated ones.
        start_s, end_s : float
            In seconds.

        Returns
        -------
        Emotion
            With the smoothed posteriors.
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
    """Take a bias off the logits, divide by `temperature` (Guo et al. 2017), normalise again.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (..., n_labels)
    temperature : float
        Above 0.
    bias : sequence of float
        One value a label, in nats; empty for none.
    """
    if temperature == 1.0 and not any(bias):
        return posteriors
    logits = np.log(np.maximum(posteriors, LEAST_POSTERIOR))
    if len(bias):
        logits = logits - np.asarray(bias)
    logits = logits / temperature
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
