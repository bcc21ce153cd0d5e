"""What a profile's prior weights are worth: how fast its mean and its scale follow the user.

Usage: python benchmarks/profile_priors.py --folds OUT --data EMODB [--speakers 03,08,11,14,16]
       [--seeds 0,1,2] [--draws 3] [--priors 10:5,...] [--json]

OUT is a folder of `crossval --protocol loso` with the recipe `edge` and int8 models, one
fold a speaker. Each model meets its speaker as under `loso-enrol`, the enrolment clips
drawn several times, and as under `loso-running`; the figures are means over seeds and
draws of the UA pooled over the speakers. `plain` is the enrolment without the bias of the
answers.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lightsernet_edge.model.file import ModelFile, read_model
from lightsernet_edge.profiles.profile import RunningProfile
from lightsernet_trainer.conditions import parse_condition
from lightsernet_trainer.crossval.fold_scores import FoldScorer, HeldOutClips
from lightsernet_trainer.datasets import load
from lightsernet_trainer.results.result import ADAPTED_AFTER, ClipResult
from lightsernet_trainer.training.evaluation import score

# Seconds that the training set's mean and scale count for.
PRIORS_S = ((5, 5), (10, 10), (10, 5), (10, 2.5), (10, 1), (15, 4), (20, 5))
PLAIN = "loso-enrol, plain"
PROTOCOLS = ("loso-enrol", PLAIN, "loso-running")


def ua(clips: Sequence[ClipResult], labels: Sequence[str]) -> float:
    """Return the recall averaged over the classes, in per cent."""
    said = [labels[int(np.argmax(clip.posteriors))] for clip in clips]
    truth = [clip.truth for clip in clips]
    return 100.0 * score(truth, said, [clip.speaker for clip in clips], labels).ua


def priors(text: str) -> tuple[tuple[float, ...], ...]:
    """Read ``MEAN:SCALE,...`` in seconds."""
    return tuple(tuple(float(value) for value in pair.split(":")) for pair in text.split(","))


def without_reference(model: ModelFile) -> ModelFile:
    """Return the model with a record that does not tell what to compare a voice with."""
    decision = dataclasses.replace(model.record.decision, neutral_log_posteriors={})
    return dataclasses.replace(model, record=dataclasses.replace(model.record, decision=decision))


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=Path, required=True, metavar="OUT")
    parser.add_argument("--data", type=Path, required=True, metavar="EMODB")
    parser.add_argument("--speakers", default="03,08,11,14,16", metavar="A,B,...")
    parser.add_argument("--seeds", default="0,1,2", metavar="A,B,...")
    parser.add_argument("--draws", type=int, default=3, metavar="N")
    parser.add_argument("--priors", type=priors, default=PRIORS_S, metavar="MEAN:SCALE,...")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    corpus = load("emodb", arguments.data)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    # By prior weights and protocol: of each seed and draw, the clips of all speakers.
    heard: dict[tuple[tuple[float, float], str], dict[tuple[int, int], list[ClipResult]]] = {}
    for speaker in track(arguments.speakers.split(","), console=Console(stderr=True)):
        held_out = None
        for seed in seeds:
            folder = arguments.folds / "speakers" / f"seed{seed}" / speaker / "last"
            model = read_model(folder / "int8.tflite")
            if held_out is None:
                clips = [clip for clip in corpus.clips if clip.speaker == speaker]
                clean = parse_condition("clean", model.record.features.sample_rate)
                held_out = HeldOutClips(clips, model.record, clean)
            for mean_s, scale_s in arguments.priors:
                begin = partial(RunningProfile, prior_mean_s=mean_s, prior_scale_s=scale_s)
                for protocol in PROTOCOLS:
                    used = without_reference(model) if protocol == PLAIN else model
                    scorer = FoldScorer(used, speaker, "native", begin)
                    mine = heard.setdefault(((mean_s, scale_s), protocol), {})
                    # Its orders are draws.
                    draws = 1 if protocol == "loso-running" else arguments.draws
                    for draw in range(draws):
                        found = scorer.score(
                            protocol.split(",")[0], held_out, seed * arguments.draws + draw
                        )
                        mine.setdefault((seed, draw), []).extend(found)
    rows = []
    for mean_s, scale_s in arguments.priors:
        enrolled, plain, running = (heard[(mean_s, scale_s), p].values() for p in PROTOCOLS)
        later = [[c for c in clips if (c.preceding or 0) >= ADAPTED_AFTER] for clips in running]
        row = {"mean_s": mean_s, "scale_s": scale_s}
        for name, pools in (
            ("enrolled", enrolled), ("plain", plain), ("running", running), ("later", later),
        ):  # fmt: skip
            row[name] = float(np.mean([ua(clips, corpus.labels) for clips in pools]))
        rows.append(row)
    if arguments.json:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table(box=None, header_style="bold")
    for heading in ("mean s", "scale s", "enrolled", "plain", "running", f"after {ADAPTED_AFTER}"):
        table.add_column(heading, justify="right")
    for row in rows:
        figures = (f"{row[name]:.1f}" for name in ("enrolled", "plain", "running", "later"))
        table.add_row(f"{row['mean_s']:g}", f"{row['scale_s']:g}", *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
