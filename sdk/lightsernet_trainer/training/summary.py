"""A training run's summary: ``summary.json`` and two plots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.files.atomic_write import write_atomically

from ..configuration import TrainingConfiguration
from ..datasets.clip import Corpus
from ..datasets.splits import Split

if TYPE_CHECKING:
    from .run import TrainingResult

SUMMARY = "summary.json"


def write_summary(
    out: Path,
    corpus: Corpus,
    split: Split,
    configuration: TrainingConfiguration,
    result: TrainingResult,
    warn: Callable[[str], None],
) -> dict[str, Any]:
    """Write ``summary.json``, ``history.png`` and ``confusion.png`` into `out`.

    Parameters
    ----------
    out : Path
    corpus : Corpus
    split : Split
    configuration : TrainingConfiguration
    result : TrainingResult
        Of that split.
    warn : callable
        Gets a line for each picture that cannot be drawn; the models are what counts.

    Returns
    -------
    dict
        The content of ``summary.json``.
    """
    final = result.scores.get("int8")
    summary: dict[str, Any] = {
        "dataset": corpus.name,
        "protocol": split.protocol,
        "train_clips": len(split.train),
        "test_clips": len(split.test),
        "ua": final.ua if final else None,
        "wa": final.wa if final else None,
        "f1": final.f1 if final else None,
        "confusion": final.confusion if final else None,
        "per_speaker": final.per_speaker if final else None,
        "labels": list(corpus.labels),
        "scores": {name: scores.to_json(corpus.labels) for name, scores in result.scores.items()},
        "agreement": result.agreement,
        "models": {
            name: {"file": model.path.name, "bytes": len(model.model)}
            for name, model in result.models.items()
        },
        "configuration": configuration.to_json(),
        "history": result.history,
    }
    text = json.dumps(summary, ensure_ascii=False, indent=1, allow_nan=False)
    write_atomically(out / SUMMARY, text.encode(errors="backslashreplace"))
    _draw(out, corpus, split, result, warn)
    return summary


def _draw(
    out: Path, corpus: Corpus, split: Split, result: TrainingResult, warn: Callable[[str], None]
) -> None:
    final = result.scores.get("int8")
    try:
        from .plots import plot_confusion, plot_history

        plot_history(result.history, out / "history.png")
        if final:
            plot_confusion(final, corpus.labels, split.protocol, out / "confusion.png")
    # Whatever fonts, styles and labels do to matplotlib.
    except Exception as error:
        warn(f"{out}: a picture is missing ({type(error).__name__}: {error})")
