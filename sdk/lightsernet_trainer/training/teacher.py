"""`Teacher`: a trained model, whose answers a smaller network learns besides the labels.

Knowledge distillation (Hinton et al. 2015, arXiv 1503.02531), on the crops that the small
network sees itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lightsernet_edge.classifier import Classifier, open_classifier
from lightsernet_edge.errors import InputError, MissingDependencyError, ModelError
from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.model.file import ModelFile

from ..datasets.splits import Split
from .batches import Rows


class Teacher:
    """A model that answers crops.

    Parameters
    ----------
    file : ModelFile
    spec : FeatureSpec
        Of the pupil's crops, with mean, scale and bound.
    share : float
        Of a target that is the teacher's answer, in 0..1; the rest is the label.

    Raises
    ------
    InputError
        If the teacher's front end, mean or scale differ.
    """

    def __init__(self, file: ModelFile, spec: FeatureSpec, share: float) -> None:
        if file.record.features != spec:
            raise InputError(
                f"teacher {file.path}: found another front end, mean or scale, expected those of "
                "the small network: the same settings and clips"
            )
        self._share = share
        self._classifier = _opened(file)

    def targets(self, crops: Rows, targets: Rows) -> Rows:
        """Mix the teacher's answers into targets.

        Parameters
        ----------
        crops : ndarray of float32, shape (batch, n_frames, n_coefficients, 1)
        targets : ndarray of float32, shape (batch, n_labels)

        Returns
        -------
        ndarray of float32, shape (batch, n_labels)
        """
        answers = np.stack([self._classifier.posteriors(crop[..., 0]) for crop in crops])
        # Less the output for what is no emotion, if there is one.
        answers = answers[:, : targets.shape[1]]
        answers /= np.maximum(answers.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return ((1.0 - self._share) * targets + self._share * answers).astype(np.float32)


def _opened(file: ModelFile) -> Classifier:
    """Open a teacher with the fastest engine: it answers every crop of every epoch."""
    try:
        return open_classifier(file, "native")
    except (MissingDependencyError, ModelError):
        # No int8 model, or no compiler for the C engine.
        return open_classifier(file, xnnpack=True)


def expect_allowed(teacher: ModelFile | None, split: Split, labels: Sequence[str]) -> None:
    """Refuse a teacher by whom speech that is held out would reach its pupil.

    Parameters
    ----------
    teacher : ModelFile or None
        None is allowed.
    split : Split
        What the pupil is trained on, and what it is scored on.
    labels : sequence of str
        In the pupil's order.

    Raises
    ------
    InputError
        If the teacher has other labels; if its record does not tell of whom it was trained on;
        or if it heard somebody whom the pupil does not hear, or who is held out. A record does
        not tell clips apart: of a speaker on both sides all count as held out.
    """
    if teacher is None:
        return
    record = teacher.record
    if record.labels != tuple(labels):
        raise InputError(
            f"teacher {teacher.path}: found labels {', '.join(record.labels)}, expected "
            f"{', '.join(labels)}"
        )
    heard = set(record.data.speakers) if record.data else set()
    allowed = {clip.speaker for clip in split.train} - {clip.speaker for clip in split.test}
    refused = sorted(heard - allowed)
    if not heard or refused:
        found = f"speakers {', '.join(refused)}" if refused else "none that are named"
        raise InputError(
            f"teacher {teacher.path}: was trained on {found}, expected none but those that the "
            "small network is trained on, and not scored on"
        )
