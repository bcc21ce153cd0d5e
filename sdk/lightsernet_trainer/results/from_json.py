"""Results from what a results file holds; `file` says what that is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lightsernet_edge.errors import InputError

from .bootstrap import SCORES, scores_of_confusions
from .fields import Fields, as_count, as_number, as_object, as_place, as_text, short
from .key import ResultKey
from .posterior_steps import from_step
from .result import ClipResult, FoldResult, Result, posteriors, truth
from .to_json import SCHEMA

# What a score in a file may differ by from that of its posteriors.
_TOLERANCE = 1e-9


@dataclasses.dataclass(frozen=True)
class _Scored:
    """A clip that a training scored: all of a `ClipResult` but the posteriors."""

    file: str
    speaker: str
    fold: str
    truth: str
    place: int | None
    order: int | None = None
    preceding: int | None = None


def from_json(data: Any) -> list[Result]:
    """Return the results that the content of a file stands for.

    Parameters
    ----------
    data
        What `json.loads` gives.

    Raises
    ------
    InputError
        If a field is missing or wrong, or a score is not that of the posteriors.
    """
    fields = as_object(data, "")
    if fields.get("schema") != SCHEMA:
        raise InputError(f"schema is {short(fields.get('schema'))}, expected {SCHEMA}")
    labels = tuple(as_text(value, where) for value, where in fields.items("labels"))
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InputError(f"labels: found {', '.join(labels)}, expected two or more, each once")
    clips = [_clip(value, where) for value, where in fields.items("clips")]
    commands = [_command(as_object(value, where)) for value, where in fields.items("commands")]
    results = [
        result
        for value, where in fields.items("trainings")
        for result in _training(as_object(value, where), labels, clips, commands)
    ]
    if not results:
        raise InputError("trainings: found no result, expected at least one")
    return results


def _clip(value: Any, where: str) -> _Scored:
    if not isinstance(value, list) or len(value) not in (4, 5):
        raise InputError(
            f"{where} is {short(value)}, expected file, speaker, fold, truth and maybe place"
        )
    file, speaker, fold, label = (as_text(v, f"{where}[{i}]") for i, v in enumerate(value[:4]))
    place = as_count(value[4], f"{where}[4]") if len(value) == 5 else None
    return _Scored(file, speaker, fold, label, place)


def _command(fields: Fields) -> tuple[str, dict[str, str]]:
    versions = fields.object("versions")
    return fields.text("command"), {name: versions.text(name) for name in versions.values}


def _training(
    fields: Fields,
    labels: tuple[str, ...],
    clips: Sequence[_Scored],
    commands: Sequence[tuple[str, dict[str, str]]],
) -> list[Result]:
    model = [fields.text(name) for name in ("protocol", "recipe", "loss")]
    seed = fields.count("seed")
    configuration = fields.object("configuration").values
    folds = tuple(_fold(as_object(value, where)) for value, where in fields.items("folds"))
    if "sequence" in fields.values:
        scored = _sequence(fields.object("sequence"), clips)
    else:
        names = {fold.name for fold in folds}
        scored = [clip for clip in clips if clip.fold in names]
    results = []
    for value, where in fields.items("results"):
        entry = as_object(value, where)
        key = ResultKey(*model, entry.text("precision"), seed, entry.text("condition"))
        command, versions = commands[entry.place_in(commands, "command")]
        said = tuple(_with_posteriors(entry, scored, labels))
        result = Result(key, command, versions, labels, configuration, said, folds)
        _check_scores(entry, result)
        results.append(result)
    return results


def _fold(fields: Fields) -> FoldResult:
    columns = fields.object("history")
    history = {
        name: [as_number(value, where) for value, where in columns.items(name)]
        for name in columns.values
    }
    if len({len(column) for column in history.values()}) > 1:
        raise InputError(f"{columns.where}: expected as many values of each")
    counts = ("train_clips", "test_clips", "epochs", "chosen_epoch")
    return FoldResult(
        fields.text("name"),
        *(fields.count(name) for name in counts),
        tuple(dict(zip(history, row, strict=True)) for row in zip(*history.values(), strict=True)),
    )


def _sequence(fields: Fields, clips: Sequence[_Scored]) -> list[_Scored]:
    chosen = [as_place(value, where, clips) for value, where in fields.items("clip")]
    scored = [clips[place] for place in chosen]
    for name in ("order", "preceding"):
        if name not in fields.values:
            continue
        column = [
            None if value is None else as_count(value, where) for value, where in fields.items(name)
        ]
        if len(column) != len(scored):
            raise InputError(
                f"{fields.path(name)}: found {len(column)} values, expected {len(scored)}"
            )
        scored = [
            dataclasses.replace(clip, **{name: value})
            for clip, value in zip(scored, column, strict=True)
        ]
    return scored


def _with_posteriors(
    fields: Fields, scored: Sequence[_Scored], labels: Sequence[str]
) -> list[ClipResult]:
    steps = fields.count("steps")
    if steps < 1:
        raise InputError(f"{fields.path('steps')} is {steps}, expected at least 1")
    rows = fields.items("posteriors")
    if len(rows) != len(scored):
        raise InputError(
            f"{fields.path('posteriors')}: found {len(rows)} rows, expected one for each of "
            f"{len(scored)} clips"
        )
    clips = []
    for clip, (row, where) in zip(scored, rows, strict=True):
        if not isinstance(row, list) or len(row) != len(labels):
            raise InputError(f"{where} is {short(row)}, expected {len(labels)} numbers")
        counts = [as_count(value, where) for value in row]
        if max(counts) > steps:
            raise InputError(f"{where} is {short(row)}, expected each in 0..{steps}")
        values = tuple(from_step(value, steps) for value in counts)
        clips.append(
            ClipResult(
                clip.file, clip.speaker, clip.fold, clip.truth, values,
                clip.order, clip.preceding, clip.place,
            )
        )  # fmt: skip
    return clips


def _check_scores(fields: Fields, result: Result) -> None:
    """Refuse scores that are not those of the posteriors."""
    counts = np.zeros((1, len(result.labels), len(result.labels)))
    np.add.at(counts[0], (truth(result), posteriors(result).argmax(axis=1)), 1)
    for name, values in zip(SCORES, scores_of_confusions(counts), strict=True):
        found, expected = fields.share(name), float(values[0])
        if not math.isclose(found, expected, rel_tol=0.0, abs_tol=_TOLERANCE):
            raise InputError(f"{fields.path(name)} is {found}, but the posteriors give {expected}")
