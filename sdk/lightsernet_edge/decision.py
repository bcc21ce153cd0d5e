"""From posteriors to a decision. Knows only posteriors and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Emotion:
    """What was heard in a stretch of audio.

    Attributes
    ----------
    label : str
        The most probable emotion; of equal ones the first in the model's order.
    confidence : float
        Its posterior, in 0..1.
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


def decide(
    posteriors: NDArray[np.float64], labels: Sequence[str], start_s: float, end_s: float
) -> Emotion:
    """Name the most probable label.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n_labels,)
    labels : sequence of str
    start_s, end_s : float
        In seconds.
    """
    best = int(np.argmax(posteriors))
    return Emotion(
        label=labels[best],
        confidence=float(posteriors[best]),
        posteriors=dict(zip(labels, posteriors.tolist(), strict=True)),
        start_s=start_s,
        end_s=end_s,
    )


def with_temperature(posteriors: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Divide the logits by `temperature` (Guo et al. 2017) and normalise again."""
    if temperature == 1.0:
        return posteriors
    # An int8 softmax can give 0; half its step of 1/256 stands for that.
    logits = np.log(np.maximum(posteriors, 1.0 / 512.0)) / temperature
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())
