"""The pictures of a report, as SVG that takes its colours from the page."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter

from ..results.protocols import CHOOSES_EPOCH
from ..results.reliability import BINS, Reliability
from ..results.result import FoldResult, Result
from .listeners import Comparison
from .missing import or_missing
from .runs import Run, Summary

# Colours that matplotlib writes and the page's variables replace, so that one picture
# is readable on light and on dark.
_VARIABLES = {
    "ink": "#010101",
    "muted": "#020202",
    "line": "#030303",
    "accent": "#040404",
    "second": "#050505",
    "on-accent": "#060606",
    "flattering": "#070707",
    "paper": "#080808",
}
_INK, _MUTED, _LINE, _ACCENT, _SECOND, _ON_ACCENT, _FLATTERING, _PAPER = _VARIABLES.values()
# Any: matplotlib's type of a key names every parameter it has.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    # A label may hold dollars.
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "axes.titlecolor": _INK,
    "axes.grid": False,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "text.color": _INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_FONTS = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"


@or_missing
def score_picture(name: str, rows: Sequence[tuple[Run, Summary]]) -> str:
    """UA of every run and precision with its interval, one below the other."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10.6, 0.65 + 0.34 * len(rows)), layout="constrained")
        axis = figure.subplots()
        for place, (run, summary) in enumerate(rows):
            colour = _FLATTERING if run.flatters else _ACCENT
            ua = summary.scores["ua"]
            if summary.intervals:
                axis.plot(summary.intervals["ua"], [place, place], color=colour, linewidth=2.2)
            axis.plot(ua, place, "o", color=colour, markersize=6.5)
            axis.annotate(
                f"{ua:.1%}", (ua, place), (0, 6), textcoords="offset points",
                ha="center", fontsize=8,
            )  # fmt: skip
        axis.set_yticks(
            range(len(rows)), [f"{run.title} · {summary.precision}" for run, summary in rows]
        )
        axis.tick_params(axis="y", labelcolor=_INK)
        axis.set_ylim(len(rows) - 0.5, -0.7)
        axis.grid(axis="x")
        axis.spines["left"].set_visible(False)
        axis.xaxis.set_major_formatter(PercentFormatter(1.0))
        axis.set_xlabel("UA and its 95% interval")
        return _svg(figure, name, "UA of every run with its interval")


@or_missing
def confusion_picture(name: str, results: Sequence[Result], inches: float) -> str:
    """Confusion matrix, seeds added up: per cent of a row, in a square of that size."""
    labels = results[0].labels
    counts = np.sum([result.scores.confusion for result in results], axis=0)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(inches, 0.95 * inches), layout="constrained")
        axis = figure.subplots()
        for row in range(len(labels)):
            for column in range(len(labels)):
                share = shares[row, column]
                colour = _ACCENT if row == column else _SECOND
                axis.add_patch(
                    Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, color=_LINE, alpha=0.35)
                )
                if share:
                    axis.add_patch(
                        Rectangle(
                            (column - 0.48, row - 0.48), 0.96, 0.96,
                            facecolor=colour, alpha=float(0.12 + 0.88 * share),
                        )
                    )  # fmt: skip
                    axis.text(
                        column, row, f"{100 * share:.0f}", ha="center", va="center",
                        color=_ON_ACCENT if share > 0.5 else _INK,
                    )  # fmt: skip
        places = range(len(labels))
        axis.set_xticks(places, labels, rotation=38, ha="right", rotation_mode="anchor")
        # Each seed has scored the same clips, in each order anew.
        totals = counts.sum(axis=1) * results[0].n_clips // counts.sum()
        names = [f"{label}  {total}" for label, total in zip(labels, totals, strict=True)]
        axis.set_yticks(places, names)
        axis.set(xlim=(-0.5, len(labels) - 0.5), ylim=(len(labels) - 0.5, -0.5), aspect="equal")
        axis.set(xlabel="taken for", ylabel="spoken, clips")
        for spine in axis.spines.values():
            spine.set_visible(False)
        return _svg(figure, name, "Confusion matrix")


def shows_choice(results: Sequence[Result]) -> bool:
    """Tell whether the learning curves show what the epoch was chosen by: the test fold."""
    return results[0].key.protocol == CHOOSES_EPOCH and all(
        fold.history and "test_wa" in fold.history[0] for result in results for fold in result.folds
    )


@or_missing
def learning_picture(name: str, results: Sequence[Result]) -> str | None:
    """Learning curves: a thin line a fold, their mean thick; None without a history."""
    folds = [fold for result in results for fold in result.folds if fold.history]
    if not folds:
        return None
    panels = [("loss", "loss on the training crops"), ("accuracy", "accuracy on them")]
    if shows_choice(results):
        panels.append(("test_wa", "accuracy on the test fold"))
    panels = [panel for panel in panels if all(panel[0] in fold.history[0] for fold in folds)]
    if not panels:
        return None
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10.6, 2.9), layout="constrained")
        all_axes: Sequence[Axes] = np.ravel(figure.subplots(1, len(panels))).tolist()
        for axis, (key, title) in zip(all_axes, panels, strict=True):
            _learning_curve(axis, folds, key)
            axis.set(xlabel="epoch", title=title)
            axis.grid(axis="y")
            if key != "loss":
                axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        return _svg(figure, name, "Learning curves")


def _learning_curve(axis: Axes, folds: Sequence[FoldResult], key: str) -> None:
    curves = [[entry[key] for entry in fold.history] for fold in folds]
    alone = len(curves) == 1
    for fold, curve in zip(folds, curves, strict=True):
        epochs = np.arange(1, len(curve) + 1)
        if not alone:
            axis.plot(epochs, curve, color=_ACCENT, linewidth=0.7, alpha=0.35)
        if key == "test_wa" and 0 < fold.chosen_epoch <= len(curve):
            chosen = fold.chosen_epoch
            axis.plot(chosen, curve[chosen - 1], "o", color=_SECOND, markersize=3.5)
    shortest = min(len(curve) for curve in curves)
    mean = np.mean([curve[:shortest] for curve in curves], axis=0)
    axis.plot(np.arange(1, shortest + 1), mean, color=_ACCENT, linewidth=1.8)
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))


@or_missing
def speaker_picture(name: str, run: Run, inches: tuple[float, float]) -> str:
    """UA of each speaker as a bar, a dot a seed, and the pooled score with its interval."""
    by_speaker = run.speaker_ua(run.shipped)
    speakers, values = list(by_speaker), list(by_speaker.values())
    means = [float(np.mean(found)) for found in values]
    summary = run.summary(run.shipped)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=inches, layout="constrained")
        axis = figure.subplots()
        places = np.arange(len(speakers))
        if summary.intervals:
            axis.axhspan(*summary.intervals["ua"], color=_LINE, alpha=0.4, linewidth=0)
        axis.bar(places, means, color=_ACCENT, alpha=0.85, width=0.62)
        if max(len(found) for found in values) > 1:
            for place, found in enumerate(values):
                axis.plot(
                    np.full(len(found), place), found, "o", color=_INK, markersize=3,
                    markeredgecolor=_PAPER, markeredgewidth=0.6,
                )  # fmt: skip
        for place, mean in enumerate(means):
            axis.text(
                place, 0.025, f"{mean:.0%}", ha="center", va="bottom", color=_ON_ACCENT, fontsize=8
            )
        axis.axhline(summary.scores["ua"], color=_INK, linewidth=1.0, linestyle=(0, (4, 3)))
        axis.set_xticks(places, [speaker or "unknown" for speaker in speakers])
        axis.set(ylim=(0, 1.02), xlabel="speaker")
        axis.set_title("UA of each speaker; dashed: all clips, with the interval")
        axis.yaxis.set_major_formatter(PercentFormatter(1.0))
        axis.grid(axis="y")
        return _svg(figure, name, "UA of each speaker")


@or_missing
def reliability_picture(name: str, found: Reliability) -> str:
    """Accuracy against confidence, and how many clips have it."""
    edges = np.arange(BINS) / BINS
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(4.15, 3.85), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        filled = found.counts > 0
        above.bar(
            edges[filled] + 0.5 / BINS, found.accuracy[filled], width=0.92 / BINS,
            color=_ACCENT, alpha=0.85,
        )  # fmt: skip
        above.plot([0, 1], [0, 1], color=_INK, linewidth=1.0, linestyle=(0, (4, 3)))
        above.plot(
            found.confidence[filled], found.accuracy[filled], "o", color=_SECOND, markersize=4
        )
        above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
        above.set_title(f"ECE {found.ece:.1%}; dashed: calibrated")
        above.yaxis.set_major_formatter(PercentFormatter(1.0))
        above.grid(axis="y")
        below.bar(edges + 0.5 / BINS, found.counts, width=0.92 / BINS, color=_MUTED, alpha=0.6)
        below.set(xlabel="confidence", ylabel="clips")
        below.xaxis.set_major_formatter(PercentFormatter(1.0))
        below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        return _svg(figure, name, "Reliability diagram")


@or_missing
def listeners_picture(name: str, found: Comparison) -> str:
    """Recognition of each emotion by the model and by people, and of clips by their rate."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10.6, 3.3), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
        places = np.arange(len(found.labels))
        left.hlines(places, found.model, found.listeners, color=_LINE, linewidth=3)
        left.plot(
            found.model, places, "o", color=_ACCENT, markersize=7, label="model", clip_on=False
        )
        left.plot(
            found.listeners,
            places,
            "D",
            color=_SECOND,
            markersize=6,
            label="listeners",
            clip_on=False,
        )
        left.set_yticks(places, found.labels)
        left.tick_params(axis="y", labelcolor=_INK)
        left.set(ylim=(len(places) - 0.5, -0.5))
        left.set_xlim(right=1.0)
        left.set_title("recognised, of each emotion", pad=20)
        left.legend(
            loc="lower left", bbox_to_anchor=(0, 0.98), ncols=2, borderaxespad=0.1,
            handletextpad=0.2, columnspacing=1.0,
        )  # fmt: skip
        left.grid(axis="x")
        left.spines["left"].set_visible(False)
        left.xaxis.set_major_formatter(PercentFormatter(1.0))
        accuracies = [accuracy for *_, accuracy in found.by_rate]
        right.bar(range(len(accuracies)), accuracies, color=_ACCENT, alpha=0.85, width=0.62)
        for place, (*_, count, accuracy) in enumerate(found.by_rate):
            right.text(place, 0.025, f"{accuracy:.0%}", ha="center", color=_ON_ACCENT, fontsize=8)
            right.text(place, accuracy + 0.015, str(count), ha="center", color=_MUTED, fontsize=8)
        names = [f"{'to ' if low < high else ''}{high:.0%}" for low, high, *_ in found.by_rate]
        right.set_xticks(range(len(names)), names)
        right.set(ylim=(0, 1.08), xlabel="listeners who recognised the clip")
        right.set_title("model's accuracy; above: clips", pad=20)
        right.yaxis.set_major_formatter(PercentFormatter(1.0))
        right.grid(axis="y")
        return _svg(figure, name, "Model and human listeners")


def cost_picture(
    name: str,
    models: Sequence[str],
    scores: Mapping[str, Sequence[float]],
    costs: Mapping[str, tuple[Sequence[float], float]],
) -> str:
    """UA of each model against what it costs: a panel per cost, with a bound to stay below."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10.6, 3.6), layout="constrained")
        panels = figure.subplots(1, len(costs), sharey=True)
        highest = next(iter(scores.values()))
        for panel, (cost, (values, bound)) in zip(panels, costs.items(), strict=True):
            for (label, said), colour in zip(scores.items(), (_ACCENT, _SECOND), strict=True):
                panel.plot(values, said, "o-", color=colour, markersize=6.5, label=label)
            for model, value, ua in zip(models, values, highest, strict=True):
                # Left of the line, which rises: what costs more does better.
                panel.annotate(
                    model, (value, ua), (-5, 5), textcoords="offset points", ha="right",
                    bbox={"facecolor": _PAPER, "edgecolor": "none", "pad": 0.5},
                )  # fmt: skip
            panel.axvline(bound, color=_MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
            panel.set_xlim(0.0, 1.12 * max(*values, bound))
            panel.set_xlabel(cost)
            panel.grid(axis="y")
        panels[0].margins(y=0.15)
        panels[0].set_ylabel("UA")
        panels[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        panels[0].yaxis.set_major_locator(MultipleLocator(0.05))
        panels[-1].legend(loc="lower right")
        return _svg(figure, name, "UA against cost")


def standalone(picture: str) -> str:
    """Return a picture for a file of its own: the page's light colours, on its paper."""
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    light, _, _ = style.partition("@media")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    start, end = picture.split(">", 1)
    paper = '<rect width="100%" height="100%" fill="var(--paper)"/>'
    return re.sub(r"var\(--([\w-]+)\)", lambda found: colours[found[1]], f"{start}>{paper}{end}")


def _svg(figure: Figure, name: str, description: str) -> str:
    """Return a figure as an ``svg`` element whose ids are its own."""
    content = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(content, format="svg", metadata={"Date": None})
    text = content.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(?<= )(width|height)="[\d.]+pt" ', "", text, count=2)
    text = re.sub(r"( id=\"|href=\"#|url\(#)", rf"\g<1>{name}-", text)
    text = re.sub(r"'DejaVu Sans'[^;\"]*", _FONTS, text)
    for variable, colour in _VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    label = html.escape(description, quote=True)
    return text.replace("<svg ", f'<svg class="picture" role="img" aria-label="{label}" ', 1)
