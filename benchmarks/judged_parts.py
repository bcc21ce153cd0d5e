"""What judging the speech of a recording is worth: UA with and without surroundings.

Usage: python benchmarks/judged_parts.py --folds OUT --data EMODB --noises NOISES
       [--speakers 03,08,11,14,16] [--seed 0] [--json]

OUT is a folder of `crossval --protocol loso` with the recipe `edge` and int8 models, one
fold a speaker. Each model hears its speaker; NOISES holds `pink_noise` and
`doing_the_dishes`, of which the second halves are used. `whole` is everything, `longest`
the longest utterance alone, `mean` the mean of the utterances' posteriors by length, and
`joined` what `classify` does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.classifier import Classifier, open_classifier
from lightsernet_edge.judged_parts import JudgedParts, judged_parts
from lightsernet_trainer.conditions import clip_random, parse_condition
from lightsernet_trainer.conditions.noise import Noises, read_noises
from lightsernet_trainer.datasets import load
from lightsernet_trainer.training.evaluation import score

RATE = 16000
WAYS = ("whole", "longest", "mean", "joined")
Samples = NDArray[np.float64]
Surroundings = Callable[[Samples, Samples, np.random.Generator], Samples]


def surroundings(noises: Noises) -> dict[str, Surroundings]:
    """Return what is made of a clip, and of the speaker's next one of the same label."""
    quiet = parse_condition("noise:pink_noise:40", RATE, noises)
    dishes = parse_condition("noise:doing_the_dishes:20", RATE, noises)
    room, second = parse_condition("room", RATE), np.zeros(RATE)

    def padded(clip: Samples) -> Samples:
        return np.concatenate([second, clip, second])

    return {
        "as it is": lambda clip, _, random: clip,
        "1 s of digital silence around": lambda clip, _, random: padded(clip),
        "1 s of quiet noise around": lambda clip, _, random: quiet(padded(clip), random),
        "room": lambda clip, _, random: room(clip, random),
        "dishes at 20 dB": lambda clip, _, random: dishes(clip, random),
        "two clips in quiet noise": lambda clip, other, random: quiet(
            np.concatenate([padded(clip), other, second]), random
        ),
    }


def answers(classifier: Classifier, samples: Samples) -> dict[str, NDArray[np.float64]]:
    """Return the posteriors of a recording, by way of judging it."""

    def ask(parts: JudgedParts) -> NDArray[np.float64]:
        rows = map(classifier.front_end.features, parts.cut(samples))
        return classifier.calibrated(*parts.run(classifier, rows))

    whole = judged_parts(samples, classifier.record, whole=True)
    joined = judged_parts(samples, classifier.record)
    lengths = [end - start for start, end in joined.spans]
    each = [ask(JudgedParts(joined.judged, (span,))) for span in joined.spans]
    return {
        "whole": ask(whole),
        "longest": each[int(np.argmax(lengths))],
        "mean": np.average(each, axis=0, weights=lengths),
        "joined": ask(joined),
    }


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=Path, required=True, metavar="OUT")
    parser.add_argument("--data", type=Path, required=True, metavar="EMODB")
    parser.add_argument("--noises", type=Path, required=True, metavar="NOISES")
    parser.add_argument("--speakers", default="03,08,11,14,16", metavar="A,B,...")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    corpus = load("emodb", arguments.data)
    made = surroundings(read_noises(arguments.noises, RATE, "test"))
    truth: list[str] = []
    said: dict[tuple[str, str], list[str]] = {(name, way): [] for name in made for way in WAYS}
    for speaker in track(arguments.speakers.split(","), console=Console(stderr=True)):
        folder = arguments.folds / "speakers" / f"seed{arguments.seed}" / speaker / "last"
        classifier = open_classifier(folder / "int8.tflite")
        clips = [clip for clip in corpus.clips if clip.speaker == speaker]
        samples = [read_recording(clip.path, RATE).samples for clip in clips]
        for i, clip in enumerate(clips):
            truth.append(clip.label)
            alike = [j for j, other in enumerate(clips) if other.label == clip.label]
            other = samples[alike[(alike.index(i) + 1) % len(alike)]]
            for name, make in made.items():
                recording = make(samples[i], other, clip_random(clip.path.name))
                for way, posteriors in answers(classifier, recording).items():
                    said[name, way].append(classifier.labels[int(np.argmax(posteriors))])
    nobody = [""] * len(truth)
    rows = [
        {"recording": name, "clips": len(truth)}
        | {way: 100.0 * score(truth, said[name, way], nobody, corpus.labels).ua for way in WAYS}
        for name in made
    ]
    if arguments.json:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table(box=None, header_style="bold")
    for heading in ("recording", "clips", *WAYS):
        table.add_column(heading, justify="left" if heading == "recording" else "right")
    for row in rows:
        table.add_row(
            str(row["recording"]), str(row["clips"]), *(f"{row[way]:.1f}" for way in WAYS)
        )
    Console().print(table)


if __name__ == "__main__":
    main()
