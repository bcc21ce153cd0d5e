"""`Answers`: what one model says of recordings that are not of its training corpus.

Kept as a file, so that a decision is fitted on them, and figures are computed from them, without
the recordings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.files.json_fields import Fields

from .posterior_steps import from_step, steps_of, to_steps
from .result import POSTERIOR_DIGITS

_SCHEMA = 1


@dataclass(frozen=True)
class Answer:
    """What a model said of a recording.

    Attributes
    ----------
    file : str
        The file's name, without folders.
    speaker : str
        Empty where not known.
    truth : str
        The recording's label; empty for ordinary speech.
    outputs : tuple of float
        The model's posteriors, in 0..1, rounded to five digits.
    """

    file: str
    speaker: str
    truth: str
    outputs: tuple[float, ...]


@dataclass(frozen=True)
class Answers:
    """What a model said of a data set.

    Attributes
    ----------
    data : str
        The data set's name.
    model : str
        SHA-256 of the model.
    labels : tuple of str
        Of the model's outputs.
    temperature : float
        By which the posteriors are calibrated.
    enrolled : int
        Number of neutral clips that each speaker was enrolled with; they are not among
        `clips`.
    clips : tuple of Answer
        At least one.
    """

    data: str
    model: str
    labels: tuple[str, ...]
    temperature: float
    enrolled: int
    clips: tuple[Answer, ...]

    @property
    def outputs(self) -> NDArray[np.float64]:
        """The posteriors, shape (n_clips, n_outputs)."""
        return np.array([clip.outputs for clip in self.clips], dtype=np.float64)

    @property
    def truth(self) -> NDArray[np.int64]:
        """The true labels as places in `labels`, -1 for none, shape (n_clips,)."""
        places = {label: place for place, label in enumerate(self.labels)}
        return np.array([places.get(clip.truth, -1) for clip in self.clips], dtype=np.int64)


def ua_among(answers: Answers) -> float | None:
    """Return the mean recall of the labels that occur, each clip given the likeliest of them.

    None if no clip has a label.
    """
    truth = answers.truth
    occurring = np.unique(truth[truth >= 0])
    if not occurring.size:
        return None
    said = occurring[answers.outputs[:, occurring].argmax(axis=1)]
    return float(np.mean([(said[truth == label] == label).mean() for label in occurring]))


def write_answers(path: Path, answers: Answers) -> None:
    """Write answers to a file, a clip per line.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    steps = steps_of(clip.outputs for clip in answers.clips)
    facts = {
        "schema": _SCHEMA,
        "data": answers.data,
        "model": answers.model,
        "labels": list(answers.labels),
        "temperature": answers.temperature,
        "enrolled": answers.enrolled,
        "steps": steps,
    }
    rows = [
        json.dumps([c.file, c.speaker, c.truth, to_steps(c.outputs, steps)], ensure_ascii=False)
        for c in answers.clips
    ]
    head = json.dumps(facts, ensure_ascii=False)[:-1]
    write_atomically(path, (head + ', "clips": [\n' + ",\n".join(rows) + "\n]}\n").encode())


def read_answers(path: Path) -> Answers:
    """Read what `write_answers` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or a field is missing or wrong.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise InputError(
            f"{path}: no JSON, expected answers that 'evaluate --keep' wrote"
        ) from None
    fields = Fields(content if isinstance(content, dict) else {}, f"{path}: ")
    if fields.whole("schema", 1) != _SCHEMA:
        fields.refuse("schema", f"{_SCHEMA}")
    labels, steps = tuple(fields.items("labels", "a list of strings")), fields.whole("steps", 1)
    clips = tuple(
        _answer(row, len(labels), steps, fields, number)
        for number, row in enumerate(fields.items("clips"))
    )
    if not clips:
        fields.refuse("clips", "at least one clip")
    return Answers(
        fields.text("data"),
        fields.text("model"),
        labels,
        fields.number("temperature", above=0.0),
        fields.whole("enrolled", 0),
        clips,
    )


def _answer(row: object, n_outputs: int, steps: int, fields: Fields, number: int) -> Answer:
    match row:
        case [str(file), str(speaker), str(truth), [*counts]] if len(counts) == n_outputs:
            steps_each = [count for count in counts if type(count) is int and 0 <= count <= steps]
            if len(steps_each) == n_outputs:
                outputs = tuple(from_step(count, steps) for count in steps_each)
                return Answer(file, speaker, truth, outputs)
    raise InputError(
        f"{fields.where}clips[{number}] is {row!r:.80}, expected file, speaker, label and "
        f"{n_outputs} whole numbers in 0..{steps}"
    )


def rounded(posteriors: Sequence[float]) -> tuple[float, ...]:
    """Return posteriors as files keep them."""
    return tuple(round(float(value), POSTERIOR_DIGITS) for value in posteriors)
