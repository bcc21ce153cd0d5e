"""How well utterances are found: long recordings made from EMO-DB's clips.

Usage: python benchmarks/endpointing.py --data DIR [--speakers 09,10] [--pause 0.3 3] [--json]

DIR holds emodb/ and noise/. The speakers' clips follow each other in random order,
half as loud as they are, with pauses of digital silence; noise is mixed over all of
it, at a signal-to-noise ratio between the labelled speech and the noise's RMS. The
truth is EMO-DB's own: lablaut/ says where speech begins and ends.

An utterance is found if exactly one that was detected overlaps it, and that one
overlaps no other; split or merged if there are more; missed if there is none. What
overlaps no utterance is a false start. Boundary errors are those of found ones.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.endpointing.detector import find_utterances
from lightsernet_edge.endpointing.settings import EndpointConstants, EndpointSettings
from lightsernet_trainer.datasets import emodb

RATE, HOP = 16000, 256
SNRS_DB = (20.0, 10.0, 5.0)
GAINS_DB = (-24.0, 6.0)
# RMS that the noises are brought to where they stand alone; they were recorded at -54 to -44.
ALONE_DBFS = -35.0
ALONE_S = 600.0
# Detected utterances that overlap a true one by less do not count for it.
LEAST_OVERLAP_S = 0.05
WITHIN_S = 0.15

Samples = NDArray[np.float64]
Spans = list[tuple[float, float]]


@dataclass(frozen=True)
class Score:
    """What became of the utterances of one recording."""

    condition: str
    utterances: int
    found: int
    missed: int
    split: int
    merged: int
    false_starts_a_minute: float
    start_ms_median: float
    start_ms_p95: float
    end_ms_median: float
    end_ms_p95: float
    within_150_ms: int


def long_recording(
    data: Path, speakers: list[str], pause: tuple[float, float], seed: int
) -> tuple[Samples, Spans]:
    """Put a speaker's or several speakers' clips one after the other, with pauses."""
    random = np.random.default_rng(seed)
    clips = [clip for clip in emodb.read(data / "emodb").clips if clip.speaker in speakers]
    parts, time, truth = [np.zeros(RATE)], 1.0, []
    for index in random.permutation(len(clips)):
        bounds = emodb.speech_bounds(clips[index].path)
        if bounds is None:
            continue
        samples = 0.5 * read_recording(clips[index].path, RATE).samples
        silence = np.zeros(int(random.uniform(*pause) * RATE))
        truth.append((time + bounds[0], time + bounds[1]))
        parts += [samples, silence]
        time += (samples.size + silence.size) / RATE
    return np.concatenate(parts), truth


def mixed(speech: Samples, truth: Spans, noise: Samples, snr_db: float) -> Samples:
    """Add noise, repeated as often as needed."""
    active = np.concatenate([speech[int(a * RATE) : int(b * RATE)] for a, b in truth])
    power = np.mean(active**2) / np.mean(noise**2) / 10.0 ** (snr_db / 10.0)
    return np.asarray(speech + np.sqrt(power) * np.resize(noise, speech.size))


def noises(data: Path) -> dict[str, Samples]:
    """Read the noises."""
    return {
        path.stem: read_recording(path, RATE).samples
        for path in sorted((data / "noise").glob("*.wav"))
    }


def conditions(data: Path, speech: Samples, truth: Spans) -> Iterator[tuple[str, Samples]]:
    """Give every condition its name and samples."""
    yield "clean", speech
    for gain_db in GAINS_DB:
        yield f"clean, {gain_db:+.0f} dB", speech * 10.0 ** (gain_db / 20.0)
    for name, noise in noises(data).items():
        for snr_db in SNRS_DB:
            yield f"{name}, {snr_db:.0f} dB SNR", mixed(speech, truth, noise, snr_db)


def detected(samples: Samples, constants: EndpointConstants) -> Spans:
    """Find utterances, in seconds."""
    spans = find_utterances(as_pcm16(samples), constants)
    return [(start / RATE, end / RATE) for start, end in spans]


def score(condition: str, truth: Spans, spans: Spans, duration_s: float) -> Score:
    """Hold what was found against the truth."""
    overlaps = [
        [i for i, (c, d) in enumerate(spans) if min(b, d) - max(a, c) > LEAST_OVERLAP_S]
        for a, b in truth
    ]
    owners = [sum(i in hits for hits in overlaps) for i in range(len(spans))]
    errors = [
        (spans[hits[0]][0] - a, spans[hits[0]][1] - b)
        for (a, b), hits in zip(truth, overlaps, strict=True)
        if len(hits) == 1 and owners[hits[0]] == 1
    ]
    missed = sum(not hits for hits in overlaps)
    split = sum(len(hits) > 1 for hits in overlaps)
    ms = 1000.0 * np.array(errors or [(np.nan, np.nan)])
    p95 = np.percentile(np.abs(ms), 95, axis=0)
    return Score(
        condition,
        len(truth),
        found=len(errors),
        missed=missed,
        split=split,
        merged=len(truth) - len(errors) - missed - split,
        false_starts_a_minute=sum(not owner for owner in owners) / (duration_s / 60.0),
        start_ms_median=float(np.median(ms[:, 0])),
        start_ms_p95=float(p95[0]),
        end_ms_median=float(np.median(ms[:, 1])),
        end_ms_p95=float(p95[1]),
        within_150_ms=int((np.abs(ms) <= 1000.0 * WITHIN_S).all(axis=1).sum()),
    )


def events_an_hour(noise: Samples, constants: EndpointConstants, dbfs: float | None) -> float:
    """Count what is found in ten minutes of a noise alone, at a level or as it is."""
    if dbfs is not None:
        noise = noise * 10.0 ** (dbfs / 20.0) / np.sqrt(np.mean(noise**2))
    long = np.resize(noise, int(ALONE_S * RATE))
    return len(detected(long, constants)) * 3600.0 / ALONE_S


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder that holds emodb and noise"
    )
    parser.add_argument("--speakers", default="03,08,11,14,16")
    parser.add_argument("--pause", type=float, nargs=2, default=(0.3, 3.0), metavar=("MIN", "MAX"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean", action="store_true", help="without the noises")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    constants = EndpointConstants.of(EndpointSettings(), RATE, HOP)
    speech, truth = long_recording(
        arguments.data, arguments.speakers.split(","), tuple(arguments.pause), arguments.seed
    )
    scores = []
    for condition, samples in conditions(arguments.data, speech, truth):
        if arguments.clean and condition != "clean":
            continue
        spans = detected(samples, constants)
        scores.append(score(condition, truth, spans, samples.size / RATE))
        if arguments.json:
            print(json.dumps(dataclasses.asdict(scores[-1])), flush=True)
    alone = {}
    for name, noise in {} if arguments.clean else noises(arguments.data).items():
        alone[name] = [events_an_hour(noise, constants, level) for level in (None, ALONE_DBFS)]
        if arguments.json:
            own, louder = alone[name]
            print(json.dumps({"noise": name, "events_an_hour": own, "louder": louder}), flush=True)
    if not arguments.json:
        _print(scores, alone)


def _print(scores: list[Score], alone: dict[str, list[float]]) -> None:
    console = Console(width=130)
    table = Table(box=None, header_style="bold")
    for heading in (
        *("", "of", "found", "missed", "split", "merged", "false/min"),
        *("start ms", "p95", "end ms", "p95", "both in 150 ms"),
    ):
        table.add_column(heading, justify="left" if not heading else "right")
    for item in scores:
        counts = (item.utterances, item.found, item.missed, item.split, item.merged)
        times = (item.start_ms_median, item.start_ms_p95, item.end_ms_median, item.end_ms_p95)
        table.add_row(
            item.condition,
            *map(str, counts),
            f"{item.false_starts_a_minute:.2f}",
            *(f"{time:.0f}" for time in times),
            str(item.within_150_ms),
        )
    console.print(table)
    if not alone:
        return
    table = Table(box=None, header_style="bold")
    for heading in ("noise alone", "events an hour", f"at {ALONE_DBFS:.0f} dBFS"):
        table.add_column(heading, justify="left" if heading == "noise alone" else "right")
    for name, (own, louder) in alone.items():
        table.add_row(name, f"{own:.0f}", f"{louder:.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
