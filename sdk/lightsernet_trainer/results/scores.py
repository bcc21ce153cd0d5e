"""Scores of predicted labels, by scikit-learn's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score


@dataclass(frozen=True)
class Scores:
    """How well predictions match the truth.

    Attributes
    ----------
    clips : int
        Number of predictions.
    ua : float
        Unweighted accuracy: recall averaged over the classes present, in 0..1.
    wa : float
        Accuracy, in 0..1.
    f1 : float
        F1 averaged over classes, weighted by their number of clips, in 0..1.
    confusion : list of list of int
        Rows are the truth, columns the prediction, in label order.
    per_speaker : dict of str to dict
        ``clips``, ``ua`` and ``wa`` of each speaker, sorted by name.
    """

    clips: int
    ua: float
    wa: float
    f1: float
    confusion: list[list[int]]
    per_speaker: dict[str, dict[str, float]]

    def to_json(self, labels: Sequence[str]) -> dict[str, Any]:
        """Return the scores as JSON values.

        Parameters
        ----------
        labels : sequence of str
            What the rows and columns of `confusion` stand for.
        """
        return {
            "clips": self.clips,
            "ua": self.ua,
            "wa": self.wa,
            "f1": self.f1,
            "labels": list(labels),
            "confusion": self.confusion,
            "per_speaker": self.per_speaker,
        }


def score(
    truth: Sequence[str], predicted: Sequence[str], speakers: Sequence[str], labels: Sequence[str]
) -> Scores:
    """Score predictions, pooled over all clips and per speaker.

    Parameters
    ----------
    truth, predicted, speakers : sequence of str
        One entry per clip, at least one; `speakers` are empty where not known.
    labels : sequence of str
        In the model's order.

    Raises
    ------
    ValueError
        From scikit-learn, if there is no clip.
    """
    per_speaker: dict[str, dict[str, float]] = {}
    for speaker in sorted(set(speakers)):
        mine = [i for i, other in enumerate(speakers) if other == speaker]
        ua, wa = _accuracies([truth[i] for i in mine], [predicted[i] for i in mine])
        per_speaker[speaker] = {"clips": len(mine), "ua": ua, "wa": wa}
    ua, wa = _accuracies(truth, predicted)
    return Scores(
        clips=len(truth),
        ua=ua,
        wa=wa,
        f1=float(f1_score(truth, predicted, average="weighted", zero_division=0)),
        confusion=confusion_matrix(truth, predicted, labels=list(labels)).tolist(),
        per_speaker=per_speaker,
    )


def _accuracies(truth: Sequence[str], predicted: Sequence[str]) -> tuple[float, float]:
    """Return UA and WA."""
    present = sorted(set(truth))
    ua = recall_score(truth, predicted, labels=present, average="macro", zero_division=0)
    return float(ua), float(accuracy_score(truth, predicted))
