"""Results of clips that do not exist, with posteriors as good as wanted."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from lightsernet_trainer.results.key import ResultKey
from lightsernet_trainer.results.result import ClipResult, FoldResult, Result

KEY = ResultKey("loso", "edge", "cross-entropy", "int8", 1)
LABELS = ("a", "b", "c")
SPEAKERS = tuple(f"{number:02}" for number in range(3, 13))


def make(
    skill: float = 1.5, folds_by_speaker: bool = True, n: int = 200, seed: int = 0, **changes: Any
) -> Result:
    """Make one of `n` clips; `changes` are other fields of a result or of its key."""
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
    return result_of(KEY, fields | changes)


def result_of(key: ResultKey, fields: dict[str, Any]) -> Result:
    """Make a result of fields of its own and others of its key."""
    of_key = {field.name for field in dataclasses.fields(key)} & fields.keys()
    key = dataclasses.replace(key, **{name: fields[name] for name in of_key})
    rest = {name: value for name, value in fields.items() if name not in of_key}
    for name in ("labels", "clips", "folds"):
        rest[name] = tuple(rest[name])
    return Result(key=key, **rest)


def with_key(result: Result, **changes: Any) -> Result:
    """Return the result with another key."""
    return dataclasses.replace(result, key=dataclasses.replace(result.key, **changes))
