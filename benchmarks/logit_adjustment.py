"""What dividing posteriors by powers of the labels' shares is worth, on kept results.

Usage: python benchmarks/logit_adjustment.py RESULTS.json [--fresh 09,10,12,13,15]

RESULTS are those of `loso`. Printed is the UA of int8 in per cent, the mean of the seeds, for each
condition and power: of all speakers, of the fresh ones and of the others. Shares are those of the
clips that a fold was trained on; the output for what is no emotion is left out.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from lightsernet_trainer.results.file import read_results
from lightsernet_trainer.results.result import INT8_STEPS, Result, pooled, posteriors

POWERS = (0.0, 0.5, 1.0)


def adjusted(result: Result, power: float) -> Result:
    """Return a result as models adjusted by `power` would have given it, but for rounding."""
    counts = {clip.speaker: Counter() for clip in result.clips}
    for clip in result.clips:
        for speaker in counts:
            counts[speaker][clip.truth] += clip.speaker != speaker
    trained = {s: np.array([found[name] for name in result.labels]) for s, found in counts.items()}
    shares = np.array([trained[clip.speaker] for clip in result.clips])
    # An int8 posterior of 0 is below half a step.
    further = power - float(result.configuration.get("logit_adjustment", 0.0))
    weights = (posteriors(result) + 0.5 / INT8_STEPS) / shares**further
    weights /= weights.sum(axis=1, keepdims=True)
    clips = zip(result.clips, weights, strict=True)
    settings = {**result.configuration, "outlier_output": False}
    said = tuple(replace(clip, posteriors=tuple(row.tolist())) for clip, row in clips)
    return replace(result, clips=said, configuration=settings)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--fresh", default="09,10,12,13,15")
    arguments = parser.parse_args()
    fresh = arguments.fresh.split(",")
    found: dict[str, list[list[float]]] = defaultdict(list)
    for result in read_results(arguments.results):
        if result.key.precision == "int8":
            others = sorted({clip.speaker for clip in result.clips} - {*fresh})
            row = []
            for power in POWERS:
                said = adjusted(result, power)
                row += [said.ua, pooled(said, fresh).ua, pooled(said, others).ua]
            found[result.key.condition].append(row)
    table = Table(box=None, header_style="bold")
    table.add_column("UA under", no_wrap=True)
    for power in POWERS:
        for who in ("all", "fresh", "others"):
            table.add_column(f"{who}, {power:g}", justify="right")
    means = {name: 100 * np.mean(rows, axis=0) for name, rows in found.items()}
    for name, mean in {**means, "mean": np.mean([*means.values()], axis=0)}.items():
        table.add_row(name, *(f"{value:.1f}" for value in mean))
    Console().print(table)


if __name__ == "__main__":
    main()
