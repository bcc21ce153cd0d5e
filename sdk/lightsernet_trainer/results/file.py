"""Results as files: JSON, a clip and its posteriors per line, checked when read.

A file holds results over the same labels::

    {"schema": 1,
     "labels": ["anger", ...],
     "clips": [["03a01Fa.wav", "03", "03", "happiness"], ...],
     "commands": [{"command": "...", "versions": {"numpy": "2", ...}}, ...],
     "trainings": [
      {"protocol": "loso", "recipe": "edge", "loss": "cross-entropy", "seed": 0,
       "configuration": {...},
       "folds": [{"name": "03", "train_clips": ..., "test_clips": ..., "epochs": ...,
                  "chosen_epoch": ..., "history": {"loss": [...], ...}}, ...],
       "sequence": {"clip": [...], "order": [...], "preceding": [...]},
       "results": [
        {"precision": "int8", "condition": "clean", "command": 0,
         "ua": 0.81, "wa": 0.82, "f1": 0.81, "steps": 256, "posteriors": [[...], ...]},
        ...]},
      ...]}

``clips`` lists file, speaker, fold and truth of every clip, and as a fifth value its place
among those held out in the fold, where names alone do not tell clips apart. ``sequence``
lists the clips that a training has scored, by their place in ``clips``, and for a model
that adapts to the speaker also the order and the number of clips that preceded. Without it
they are all clips of the training's folds, as listed. ``posteriors`` has one row per clip
scored, in label order, in whole multiples of 1 / ``steps``: 256 steps hold an int8 softmax
exactly, 100000 hold any other to five digits. ``command`` is a place in ``commands``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.files.regular_file import open_regular

from .from_json import from_json
from .protocols import PROTOCOLS
from .result import Result
from .to_json import to_json


def write_results(path: Path, results: Sequence[Result]) -> None:
    """Write results into one file; it is whole or not there.

    Parameters
    ----------
    path : Path
    results : sequence of Result
        At least one, with the same labels; they are read in the order of the trainings that
        they come from.

    Raises
    ------
    InputError
        If labels differ, or the place cannot be written to.
    """
    write_atomically(path, to_json(results).encode(errors="backslashreplace"))


def read_results(path: Path) -> list[Result]:
    """Read the results of a file and check them.

    Raises
    ------
    InputError
        If the file cannot be read, is no JSON, a field is missing or wrong, or a score is not
        that of the posteriors; the message names the file and the field.
    """
    with open_regular(path, "results of crossval") as file:
        content = file.readall()
    try:
        data = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no JSON ({error}), expected results of crossval") from None
    try:
        return from_json(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read_folder(folder: Path) -> list[Result]:
    """Read the results of a folder, from files of the names that ``crossval`` gives.

    Raises
    ------
    InputError
        As `read_results`.
    """
    begins = tuple(f"{protocol}-" for protocol in PROTOCOLS)
    paths = (path for path in sorted(folder.glob("*.json")) if path.name.startswith(begins))
    return [result for path in paths for result in read_results(path)]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"found {name}, expected a finite number")
