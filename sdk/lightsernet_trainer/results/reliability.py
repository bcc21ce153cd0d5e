"""Reliability: how often a model is right, by how confident it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Accuracy by confidence, in bins of equal width over 0..1.

    Attributes
    ----------
    counts : ndarray of int, shape (BINS,)
        Number of clips in each bin.
    confidence, accuracy : ndarray of float64, shape (BINS,)
        Means over the clips of each bin, in 0..1; 0 where it is empty.
    ece : float
        Expected calibration error, in 0..1: the absolute difference of the two in a bin,
        averaged over clips (Naeini et al. 2015; Guo et al. 2017).
    """

    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    ece: float


def reliability(truth: NDArray[np.int64], posteriors: NDArray[np.float64]) -> Reliability:
    """Compare the highest posterior of each clip with how often its label is right.

    Parameters
    ----------
    truth : ndarray of int, shape (n,)
        Places in label order.
    posteriors : ndarray of float64, shape (n, n_labels)
        At least one row, each value in 0..1.
    """
    confidence = posteriors.max(axis=1)
    right = posteriors.argmax(axis=1) == truth
    # A bin holds its upper edge.
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    filled = np.maximum(counts, 1)
    mean_confidence = np.bincount(place, confidence, BINS) / filled
    accuracy = np.bincount(place, right, BINS) / filled
    ece = np.sum(counts * np.abs(mean_confidence - accuracy)) / counts.sum()
    return Reliability(counts, mean_confidence, accuracy, float(ece))
