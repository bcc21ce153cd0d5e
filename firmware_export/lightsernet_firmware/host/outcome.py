"""`Outcome`: an engine's result for a clip, in the form that all engines share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """An engine's result for a clip.

    Attributes
    ----------
    logits, posteriors : ndarray of int8, shape (n_labels,)
    features : ndarray of int8, shape (n_frames, n_coefficients), or None
        Rows of the engine's own front end; None for a clip given as rows of features.
    """

    logits: NDArray[np.int8]
    posteriors: NDArray[np.int8]
    features: NDArray[np.int8] | None = None


class ClipRunner(Protocol):
    """An engine that runs clips, on this machine or on a board."""

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run rows of features, each of shape (n_frames, n_coefficients)."""

    def run_samples(self, clips: list[NDArray[np.int16]]) -> list[Outcome]:
        """Run samples, each of shape (n,), at the model's rate."""
