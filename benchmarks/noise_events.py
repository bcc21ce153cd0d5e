"""How often a model names an emotion where nobody speaks.

Usage: python benchmarks/noise_events.py --noises DIR [--noises DIR] [--model FILE] [--json FILE]

The second half of each noise recording, which trained nobody, is looped to ten minutes and given to
a stream at a peak of a third of full scale: its level makes no difference. Events are counted by
label, an hour; neutral and "uncertain" are no emotion.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lightsernet_edge import EmotionStream
from lightsernet_edge.decision import UNCERTAIN
from lightsernet_edge.labels import NEUTRAL
from lightsernet_trainer.conditions import read_noises

MINUTES = 10
BLOCK = 16000
PEAK = 32768 // 3


def events_an_hour(model: Path | None, noise: np.ndarray) -> dict[str, float]:
    """Return the number of events an hour, by label."""
    stream = EmotionStream(model)
    pcm = np.round(noise / np.abs(noise).max() * PEAK).astype(np.int16)
    size = MINUTES * 60 * stream.sample_rate
    looped = np.resize(pcm, size)
    counts: Counter[str] = Counter()
    for start in range(0, size, BLOCK):
        counts.update(
            event.emotion.label for event in stream.process(looped[start : start + BLOCK])
        )
    counts.update(event.emotion.label for event in stream.finish())
    return {label: count * 60 / MINUTES for label, count in sorted(counts.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--noises", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--model", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rate = EmotionStream(arguments.model).sample_rate
    noises = read_noises(arguments.noises, rate, "test")
    found = {
        name: events_an_hour(arguments.model, samples)
        for name, samples in track(noises.items(), "noises", console=Console(stderr=True))
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    table = Table(box=None, title="events an hour")
    for heading in ("noise", "all", "emotions", "which"):
        table.add_column(heading, justify="left" if heading in ("noise", "which") else "right")
    for name, counts in found.items():
        emotions = {k: v for k, v in counts.items() if k not in (UNCERTAIN, NEUTRAL)}
        which = ", ".join(f"{label} {count:g}" for label, count in emotions.items())
        table.add_row(name, f"{sum(counts.values()):g}", f"{sum(emotions.values()):g}", which)
    Console().print(table)


if __name__ == "__main__":
    main()
