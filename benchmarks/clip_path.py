"""How many rooms of the code a held-out clip visits on its way to a row of a result.

Usage: python benchmarks/clip_path.py [--json]

One fold of a cross-validation of made-up noise scores one held-out clip under a new
condition; its model is there already. Functions of this SDK are put in the order in which
they are first called, so that loops count once. A room is a sub-package, or a module
beside the sub-packages; a turn is a step into a room that was visited before. Both are
also counted by modules. Lower is easier to follow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import soundfile

from lightsernet_trainer import (
    Clip,
    Corpus,
    CrossValidation,
    TrainingConfiguration,
    cross_validate,
    make_folds,
)

OURS = ("lightsernet_edge", "lightsernet_trainer")
LABELS = ("anger", "neutral")
SMALL = TrainingConfiguration(epochs=1, width=0.05, seconds=0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        modules = modules_on_the_way(Path(folder))
    for what, names in (
        ("rooms", [".".join(name.split(".")[:2]) for name in modules]),
        ("modules", modules),
    ):
        visited, turns = count(names)
        if arguments.json:
            print(json.dumps({"counted": what, "visited": visited, "turns": turns}))
        else:
            print(f"{visited} {what} visited, {turns} turns back")


def modules_on_the_way(folder: Path) -> list[str]:
    """Return the module of each function, in the order of the first calls."""
    data = corpus(folder)
    folds = make_folds(data, "loso", ["a"])
    plan = CrossValidation("loso", SMALL, precisions=("int8",))
    with mock.patch("lightsernet_trainer.training.fitting.fit", untrained):
        cross_validate(data, folds, plan, folder / "out")
    again = replace(plan, conditions=("gain:-6",))
    return first_calls(lambda: cross_validate(data, folds, again, folder / "out"))


def corpus(folder: Path) -> Corpus:
    """Make one clip of speaker a, and two per class of each of two others."""
    random = np.random.default_rng(0)
    others = [(label, speaker) for speaker in "bc" for label in LABELS for _ in range(2)]
    clips = [
        Clip(folder / f"{i}.wav", label, speaker)
        for i, (label, speaker) in enumerate([(LABELS[0], "a"), *others])
    ]
    for clip in clips:
        soundfile.write(clip.path, random.uniform(-0.5, 0.5, 16000), 16000)
    return Corpus("made up", LABELS, tuple(clips))


def untrained(data: Any, configuration: TrainingConfiguration, *_: Any, **__: Any) -> Any:
    """Stand in for the training: return a network as it was built."""
    from lightsernet_trainer.training.fitting import build_network

    return build_network(configuration, data.spec, len(data.labels)), [{"epoch": 1}]


def first_calls(function: Callable[[], object]) -> list[str]:
    """Call a function; return the modules of what it calls of ours, first calls alone."""
    seen: dict[CodeType, str] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        code = frame.f_code
        if event == "call" and module.split(".")[0] in OURS and code.co_name != "<module>":
            seen.setdefault(code, module)

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return list(seen.values())


def count(names: Sequence[str]) -> tuple[int, int]:
    """Return how many names there are, and how often one comes up again after another."""
    steps = [name for name, _ in groupby(names)]
    return len(set(steps)), len(steps) - len(set(steps))


if __name__ == "__main__":
    main()
