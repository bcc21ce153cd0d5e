"""Results of clips that there are not, with posteriors as good as wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from lightsernet_trainer.results.result import ClipResult, FoldResult, Result

LABELS = ("a", "b", "c")
SPEAKERS = tuple(f"{number:02}" for number in range(3, 13))


def make(
    skill: float = 1.5, folds_by_speaker: bool = True, n: int = 200, seed: int = 0, **changes: Any
) -> Result:
    """Make one of `n` clips; `changes` are other fields of a result."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, n)
    logits = random.normal(size=(n, 3)) + skill * np.eye(3)[truth]
    posteriors = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    speakers = [SPEAKERS[i] for i in random.integers(0, len(SPEAKERS), n)]
    folds = speakers if folds_by_speaker else [SPEAKERS[i % len(SPEAKERS)] for i in range(n)]
    clips = [
        ClipResult(f"{i:03}.wav", speaker, fold, LABELS[label], tuple(row.tolist()))
        for i, (speaker, fold, label, row) in enumerate(
            zip(speakers, folds, truth, posteriors, strict=True)
        )
    ]
    history = ({"loss": 1.23456789, "accuracy": 0.5, "learning_rate": 1e-3, "seconds": 1.0},) * 3
    fields: dict[str, Any] = {
        "protocol": "loso",
        "recipe": "edge",
        "loss": "cross-entropy",
        "precision": "int8",
        "seed": 1,
        "command": "lightsernet-edge crossval",
        "versions": {"numpy": "2"},
        "labels": LABELS,
        "configuration": {"epochs": 3},
        "clips": clips,
        "folds": [
            FoldResult(name, n - folds.count(name), folds.count(name), 3, 2, history)
            for name in SPEAKERS
        ],
    }
    return Result.from_clips(**fields | changes)
