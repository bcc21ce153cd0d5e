"""Bootstrap intervals of scores that are functions of a confusion matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCORES = ("ua", "wa", "f1")

_CONFIDENCE = 0.95
_RESAMPLES = 5000

Interval = tuple[float, float]


def intervals(counts: NDArray[np.float64], seed: int) -> dict[str, Interval]:
    """Return 95 % percentile intervals of pooled scores (Efron 1979).

    Parameters
    ----------
    counts : ndarray, shape (n_groups, n_labels, n_labels)
        Confusion matrix of each group; groups are drawn with replacement, as many as there
        are, 5000 times.
    seed : int

    Returns
    -------
    dict of str to tuple of float
        ``(low, high)`` of ``ua``, ``wa`` and ``f1``.
    """
    # Groups with the same counts are drawn as one: clips have few different ones.
    kinds, sizes = np.unique(counts.reshape(len(counts), -1), axis=0, return_counts=True)
    random = np.random.default_rng(seed)
    draws = random.multinomial(len(counts), sizes / len(counts), _RESAMPLES)
    scores = scores_of_confusions((draws @ kinds).reshape(-1, *counts.shape[1:]))
    tail = (1.0 - _CONFIDENCE) / 2
    found = {}
    for name, values in zip(SCORES, scores, strict=True):
        low, high = np.quantile(values, [tail, 1.0 - tail]).tolist()
        found[name] = (low, high)
    return found


def scores_of_confusions(
    confusions: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return UA, WA and weighted F1 of many confusion matrices at once.

    Parameters
    ----------
    confusions : ndarray, shape (n, n_labels, n_labels)
        Rows are the truth; at least one clip in each matrix.

    Returns
    -------
    ua, wa, f1 : ndarray of float64, shape (n,)
        As scikit-learn's ``recall_score`` (macro, over the classes present),
        ``accuracy_score`` and ``f1_score`` (weighted).
    """
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    support, answers = confusions.sum(axis=2), confusions.sum(axis=1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + answers, 1)
    total = support.sum(axis=1)
    return (
        recall.sum(axis=1) / (support > 0).sum(axis=1),
        hits.sum(axis=1) / total,
        (f1 * support).sum(axis=1) / total,
    )
