"""`Standardization`: the last steps of a front end, from coefficients to the network's input.

A running mean of the utterance takes off what room, line and steady noise add to every
row, as cepstral mean normalisation does (Atal 1974, J. Acoust. Soc. Am. 55, 1304), but
causally (Viikki, Bye and Laurila, ICASSP 1998). The training mean keeps it steady while
there are few rows.

With rows x[t], t = 0, 1 .. of one utterance, the spec's mean m and scale s, and P and M
the rows in `utterance_mean_prior_s` and in `UTTERANCE_MEMORY_S`:

    d[t] = x[t] - m
    u[t] = u[t-1] + (d[t] - u[t-1]) / (min(t + 1, M) + P),  u[-1] = 0
    y[t] = clip((d[t] - u[t]) / s)

For the first M rows u[t] is (d[0] + .. + d[t]) / (t + 1 + P), the mean of the rows so far
and of P rows at the training mean. Later it forgets with a time constant of M + P rows:
it follows a change of room, and no rounding error outlasts that time. A profile takes the
place of m and s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .spec import FeatureSpec

Rows = NDArray[np.float64]

# Longer than nearly every utterance: within it the running mean forgets nothing.
UTTERANCE_MEMORY_S = 60.0


def utterance_prior_rows(spec: FeatureSpec) -> float:
    """Return P, the rows that the training mean counts for; 0 without a running mean."""
    return (spec.utterance_mean_prior_s or 0.0) * spec.sample_rate / spec.hop_length


def utterance_memory_rows(spec: FeatureSpec) -> int:
    """Return M, the rows that count for the running mean at most."""
    return max(1, round(UTTERANCE_MEMORY_S * spec.sample_rate / spec.hop_length))


class Standardization:
    """Applies running mean, mean, scale and bound of a spec to the rows of an utterance.

    Any split of the rows into calls gives the same, to within float64 rounding.

    Parameters
    ----------
    spec : FeatureSpec
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self._mean = None if spec.mean is None else np.array(spec.mean)
        self._scale = None if spec.scale is None else np.array(spec.scale)
        self._bound = spec.clip_value
        self._has_running_mean = spec.utterance_mean_prior_s is not None
        self._prior = utterance_prior_rows(spec)
        self._memory = utterance_memory_rows(spec)
        self._n_coefficients = spec.n_coefficients
        self.reset()

    def reset(self) -> None:
        """Begin an utterance."""
        self._count = 0
        self._running_mean = np.zeros(self._n_coefficients)

    def __call__(self, rows: Rows) -> Rows:
        """Standardise the next rows of the utterance.

        Parameters
        ----------
        rows : ndarray of float64, shape (n, n_coefficients)
            As step 8 of the spec gives them.

        Returns
        -------
        ndarray of float64, shape (n, n_coefficients)
        """
        if self._mean is not None:
            rows = rows - self._mean
        if self._has_running_mean and len(rows):
            rows = rows - self._running_means(rows)
        if self._scale is not None:
            rows = rows / self._scale
        if self._bound is not None:
            rows = np.clip(rows, -self._bound, self._bound)
        return rows

    def _running_means(self, deviations: Rows) -> Rows:
        """Return u of the next rows, and keep the last one."""
        means = np.empty_like(deviations)
        # Before the memory is full the recurrence is a mean, which needs no loop.
        early = min(len(deviations), max(0, self._memory - self._count))
        counts = self._prior + np.arange(self._count + 1, self._count + early + 1)
        before = self._running_mean * (self._prior + self._count)
        means[:early] = (before + np.cumsum(deviations[:early], axis=0)) / counts[:, None]
        mean = means[early - 1] if early else self._running_mean
        for t in range(early, len(deviations)):
            mean = means[t] = mean + (deviations[t] - mean) / (self._memory + self._prior)
        self._count += len(deviations)
        self._running_mean = mean.copy()
        return means
