"""`Outcome`: what an engine made of a clip, the same for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """What an engine made of a clip.

    Attributes
    ----------
    logits, posteriors : ndarray of int8, shape (n_labels,)
    features : ndarray of int8, shape (n_frames, n_coefficients), or None
        What its front end heard, for a clip of samples.
    """

    logits: NDArray[np.int8]
    posteriors: NDArray[np.int8]
    features: NDArray[np.int8] | None = None


class ClipRunner(Protocol):
    """An engine that runs many clips, here or on a board."""

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run rows of features, each of shape (n_frames, n_coefficients)."""

    def run_samples(self, clips: list[NDArray[np.int16]]) -> list[Outcome]:
        """Run samples, each of shape (n,), at the model's rate."""
