"""The bias of a model on a user's neutral speech.

A model that takes a calm voice for a bored one will do so again. Enrolment measures e, the
mean log posterior per label on n seconds of the user's neutral speech. The model's record
holds r, the same mean over its training speakers, enrolled in the same way:

    bias = n / (n + a) log((exp(e) + f) / (exp(r) + f)), for neutral at least 0

The floor f leaves out what is said of labels that are hardly ever said: below it an int8
output knows little but its rounding. Neutral is never made more likely: labels that neutral
speech evokes are made less likely, which is enough where they are said, and does not take
from emotions where they are not.

The bias is subtracted from the log posteriors before the temperature is applied
(`decision.with_temperature`). docs/results/experiments.md has the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..decision import LEAST_POSTERIOR

Posteriors = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# The f and, in seconds, the a above.
FLOOR = 0.02
PRIOR_BIAS_S = 1.0
# Bound of each value, in nats: no enrolment can rule a label out.
MAX_BIAS = 2.0


def mean_log_posteriors(
    utterances: Sequence[NDArray[np.float64]], posteriors: Posteriors
) -> NDArray[np.float64]:
    """Return a model's mean log posteriors on utterances, weighted by their lengths.

    Parameters
    ----------
    utterances : sequence of ndarray of float64, shape (n_frames, n_coefficients)
        Standardised rows; at least one utterance.
    posteriors : callable
        The model: rows to posteriors, float64 of shape (n_labels,).

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        In nats, at most 0.
    """
    answers = np.array([posteriors(rows) for rows in utterances])
    lengths = np.array([len(rows) for rows in utterances], dtype=np.float64)
    return np.asarray(np.average(np.log(np.maximum(answers, LEAST_POSTERIOR)), 0, lengths))


def neutral_bias(
    found: NDArray[np.float64], reference: NDArray[np.float64], neutral: int, seconds: float
) -> tuple[float, ...]:
    """Return the bias of a model on a user's speech.

    Parameters
    ----------
    found, reference : ndarray of float64, shape (n_labels,)
        Mean log posteriors on neutral speech: of the user, and of the training speakers.
    neutral : int
        Place of the label neutral, -1 if there is none.
    seconds : float
        Length of the user's speech, at least 0.

    Returns
    -------
    tuple of float
        One value per label, in nats, within `MAX_BIAS` of 0.
    """
    ratio = np.log((np.exp(found) + FLOOR) / (np.exp(reference) + FLOOR))
    bias = np.clip(seconds / (seconds + PRIOR_BIAS_S) * ratio, -MAX_BIAS, MAX_BIAS)
    if neutral >= 0:
        bias[neutral] = max(bias[neutral], 0.0)
    return tuple(bias.tolist())
