"""The bias of a model on a user's neutral speech.

A model that takes a calm voice for a bored one will do so again. Enrolment measures e, the
mean log posterior per label on n seconds of the user's neutral speech. The model's record
holds r, the same mean over its training speakers, enrolled in the same way. Shrink the
difference by n / (n + a), as for the profile's mean; a is the prior weight of the
training set:

    bias = n / (n + a) (e - r)

The bias is subtracted from the log posteriors before the temperature is applied
(`decision.with_temperature`). docs/results/experiments.md has the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..decision import LEAST_POSTERIOR

Posteriors = Callable[[NDArray[np.float64]], NDArray[np.float64]]

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
    found: NDArray[np.float64], reference: NDArray[np.float64], share: float
) -> tuple[float, ...]:
    """Return the bias of a model on a user's speech.

    Parameters
    ----------
    found, reference : ndarray of float64, shape (n_labels,)
        Mean log posteriors on neutral speech: of the user, and of the training speakers.
    share : float
        Weight of the user's speech, n / (n + a), in 0..1.

    Returns
    -------
    tuple of float
        One value per label, in nats, within `MAX_BIAS` of 0. Their mean is 0 before that
        bound.
    """
    bias = share * (found - reference)
    return tuple(np.clip(bias - bias.mean(), -MAX_BIAS, MAX_BIAS).tolist())
