"""A training run's summary: ``summary.json`` and two plots."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from lightsernet_edge.files.atomic_write import write_atomically

from ..configuration import TrainingConfiguration
from ..datasets.clip import Corpus
from ..datasets.splits import Split
from ..results.scores import Scores

if TYPE_CHECKING:
    from .run import TrainingResult

SUMMARY = "summary.json"


def write_summary(
    out: Path,
    corpus: Corpus,
    split: Split,
    configuration: TrainingConfiguration,
    result: TrainingResult,
) -> dict[str, Any]:
    """Write ``summary.json``, ``history.png`` and ``confusion.png`` into `out`.

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
    write_atomically(out / SUMMARY, text.encode())
    _plot_history(result.history, out / "history.png")
    if final:
        _plot_confusion(final, corpus, split, out / "confusion.png")
    return summary


def _plot_history(history: list[dict[str, float]], path: Path) -> None:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots(1, 2)
    epochs = [entry["epoch"] for entry in history]
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(epochs, [entry[name] for entry in history])
        axis.set(xlabel="epoch", title=f"{name} on the training crops")
        axis.grid(alpha=0.3)
    rate = axes[0].twinx()
    rate.plot(epochs, [entry["learning_rate"] for entry in history], color="0.7", linestyle=":")
    rate.set_ylabel("learning rate (dotted)", color="0.5")
    _save(figure, path)


def _plot_confusion(scores: Scores, corpus: Corpus, split: Split, path: Path) -> None:
    counts = np.array(scores.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(7, 6.5), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    figure.colorbar(image, label="share of the clips of a row", shrink=0.8)
    positions = range(len(corpus.labels))
    axis.set_xticks(positions, corpus.labels, rotation=45, ha="right")
    axis.set_yticks(positions, corpus.labels)
    axis.set(xlabel="predicted", ylabel="truth")
    axis.set_title(
        f"int8: UA {scores.ua:.1%}, WA {scores.wa:.1%}, F1 {scores.f1:.1%}\n{split.protocol}",
        fontsize=10,
    )
    for row in positions:
        for column in positions:
            if counts[row, column]:
                axis.text(
                    column,
                    row,
                    str(counts[row, column]),
                    ha="center",
                    va="center",
                    color="white" if shares[row, column] > 0.5 else "black",
                )
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_atomically(path, content.getvalue())
