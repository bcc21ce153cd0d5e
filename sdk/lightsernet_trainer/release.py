"""Puts the model that ships into the package: trained on all, scored by a twin.

A model trained on all speakers cannot be scored on any. Its record carries the
score of a twin: the same settings, trained without some speakers, scored on them.

Usage: python -m lightsernet_trainer.release --model ALL.tflite --twin TWIN.tflite [--out FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from lightsernet_edge.errors import InputError
from lightsernet_edge.model_file import ModelFile, default_model_path, read_model, write_model


def release(model: Path, twin: Path, out: Path) -> ModelFile:
    """Write `model` to `out` with the scores of `twin` in its record.

    Parameters
    ----------
    model : Path
        A `.tflite` with its record, trained on all speakers.
    twin : Path
        One with scores, trained without some of them.
    out : Path

    Raises
    ------
    ModelError
        If a file cannot be read.
    InputError
        If the two have other labels, front ends or data, or the twin has no score.
    """
    file, scored = read_model(model), read_model(twin)
    record, other = file.record, scored.record
    if (
        record.labels != other.labels
        or record.features.without_standardisation() != other.features.without_standardisation()
        or record.data is None
        or other.data is None
        or record.data.name != other.data.name
    ):
        raise InputError(f"--twin {twin}: expected the labels, features and data of {model}")
    if not other.scores:
        raise InputError(f"--twin {twin}: its record has no score")
    scores = tuple(
        dataclasses.replace(score, protocol=f"a twin of this model: {score.protocol}")
        for score in other.scores
    )
    return write_model(out, file.model, dataclasses.replace(record, scores=scores))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--twin", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=default_model_path())
    arguments = parser.parse_args()
    print(release(arguments.model, arguments.twin, arguments.out).path)


if __name__ == "__main__":
    main()
