"""The two plots of a training run: its history, and the confusion matrix."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.files.foreign_text import printable_text

from ..results.scores import Scores


def plot_history(history: list[dict[str, float]], path: Path) -> None:
    """Draw loss, accuracy and learning rate of every epoch."""
    with _plain():
        _draw_history(history, path)


def plot_confusion(scores: Scores, labels: Sequence[str], protocol: str, path: Path) -> None:
    """Draw the confusion matrix of the clips held out."""
    with _plain():
        _draw_confusion(scores, list(map(printable_text, labels)), printable_text(protocol), path)


@contextmanager
def _plain() -> Iterator[None]:
    """Draw without the user's style, and without taking a label's dollars for mathematics."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["text.parse_math"] = False
        yield


def _draw_history(history: list[dict[str, float]], path: Path) -> None:
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


def _draw_confusion(scores: Scores, labels: Sequence[str], protocol: str, path: Path) -> None:
    counts = np.array(scores.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(7, 6.5), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    figure.colorbar(image, label="share of the clips of a row", shrink=0.8)
    positions = range(len(labels))
    axis.set_xticks(positions, labels, rotation=45, ha="right")
    axis.set_yticks(positions, labels)
    axis.set(xlabel="predicted", ylabel="truth")
    axis.set_title(
        f"int8: UA {scores.ua:.1%}, WA {scores.wa:.1%}, F1 {scores.f1:.1%}\n{protocol}",
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
