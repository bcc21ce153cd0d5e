"""What a model says of somebody's neutral speech, and how that shifts its answers.

A calm voice that is taken for a bored one will be taken for it again. Enrolment tells what
the model says of n seconds of the user's neutral speech, e, the mean logarithm of the
posteriors; the model's record tells what it said of its training speakers, enrolled
alike, r. The difference is believed as the mean of a profile is, a being what the training
set counts for:

    bias = n / (n + a) (e - r)

and taken off the logarithms of the posteriors before the temperature
(`decision.with_temperature`). docs/results/experiments.md has the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..decision import LEAST_POSTERIOR

Posteriors = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# Bound of each value, around their mean: no enrolment rules a label out.
MAX_BIAS = 2.0


def mean_log_posteriors(
    utterances: Sequence[NDArray[np.float64]], posteriors: Posteriors
) -> NDArray[np.float64]:
    """Return what a model says of utterances together, each by its length.

    Parameters
    ----------
    utterances : sequence of ndarray of float64, shape (n_frames, n_coefficients)
        Standardised rows; at least one utterance.
    posteriors : callable
        The model: rows to posteriors, float64 of shape (n_labels,).

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        Natural logarithms.
    """
    answers = np.array([posteriors(rows) for rows in utterances])
    lengths = np.array([len(rows) for rows in utterances], dtype=np.float64)
    return np.asarray(np.average(np.log(np.maximum(answers, LEAST_POSTERIOR)), 0, lengths))


def neutral_bias(
    found: NDArray[np.float64], reference: NDArray[np.float64], share: float
) -> tuple[float, ...]:
    """Return the bias of a user's answers.

    Parameters
    ----------
    found, reference : ndarray of float64, shape (n_labels,)
        Mean log-posteriors of neutral speech: the user's, and the training speakers'.
    share : float
        What the user's speech counts for, in 0..1.

    Returns
    -------
    tuple of float
        One value a label, in nats, 0 on average, each at most `MAX_BIAS` from it.
    """
    bias = share * (found - reference)
    return tuple(np.clip(bias - bias.mean(), -MAX_BIAS, MAX_BIAS).tolist())
