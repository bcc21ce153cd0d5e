"""Results from what a results file holds; `file` says what that is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.json_fields import Fields, shown

from .bootstrap import SCORES, scores_of_confusions
from .key import ResultKey
from .posterior_steps import from_step
from .result import ClipResult, FoldResult, Result, n_outputs, posteriors, truth
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
    if not isinstance(data, dict):
        raise InputError(f"found {shown(data)}, expected an object")
    fields = Fields(data)
    fields.whole("schema", SCHEMA, SCHEMA, expected=str(SCHEMA))
    labels = fields.texts("labels")
    if len(labels) < 2 or len(set(labels)) < len(labels):
        fields.refuse("labels", "two or more, each once")
    clips = [_clip(value, f"clips[{i}]") for i, value in enumerate(fields.items("clips"))]
    commands = [_command(entry) for entry in fields.objects("commands")]
    results = [
        result
        for training in fields.objects("trainings")
        for result in _training(training, labels, clips, commands)
    ]
    if not results:
        raise InputError("trainings: found no result, expected at least one")
    return results


def _clip(value: Any, where: str) -> _Scored:
    if not isinstance(value, list) or len(value) not in (4, 5):
        raise InputError(
            f"{where} is {shown(value)}, expected file, speaker, fold, truth, and maybe place"
        )
    file, speaker, fold, label = Fields({where: value[:4]}).texts(where)
    places = _whole_numbers(Fields({where: value[4:]}), where)
    return _Scored(file, speaker, fold, label, places[0] if places else None)


def _command(fields: Fields) -> tuple[str, dict[str, str]]:
    versions = fields.nested("versions")
    return fields.text("command"), {name: versions.text(name) for name in versions}


def _training(
    fields: Fields,
    labels: tuple[str, ...],
    clips: Sequence[_Scored],
    commands: Sequence[tuple[str, dict[str, str]]],
) -> list[Result]:
    protocol, recipe, loss = (fields.text(name) for name in ("protocol", "recipe", "loss"))
    seed = fields.whole("seed", 0)
    configuration = dict(fields.nested("configuration").values)
    folds = tuple(_fold(fold) for fold in fields.objects("folds"))
    if fields.is_given("sequence"):
        scored = _sequence(fields.nested("sequence"), clips)
    else:
        names = {fold.name for fold in folds}
        scored = [clip for clip in clips if clip.fold in names]
    results = []
    for entry in fields.objects("results"):
        precision, condition = entry.text("precision"), entry.text("condition")
        key = ResultKey(protocol, recipe, loss, precision, seed, condition)
        command, versions = commands[entry.whole("command", 0, len(commands) - 1)]
        classified = tuple(_with_posteriors(entry, scored, n_outputs(labels, configuration)))
        result = Result(key, command, versions, labels, configuration, classified, folds)
        _check_scores(entry, result)
        results.append(result)
    return results


def _fold(fields: Fields) -> FoldResult:
    history = fields.nested("history")
    columns = {name: history.numbers(name) for name in history}
    if len({len(column) for column in columns.values()}) > 1:
        fields.refuse("history", "as many values of each")
    return FoldResult(
        name=fields.text("name"),
        train_clips=fields.whole("train_clips", 0),
        test_clips=fields.whole("test_clips", 0),
        epochs=fields.whole("epochs", 0),
        chosen_epoch=fields.whole("chosen_epoch", 0),
        history=tuple(
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ),
    )


def _sequence(fields: Fields, clips: Sequence[_Scored]) -> list[_Scored]:
    places = _whole_numbers(fields, "clip", len(clips) - 1)
    orders, preceding = (
        _whole_numbers(fields, name) if fields.is_given(name) else [None] * len(places)
        for name in ("order", "preceding")
    )
    for name, column in (("order", orders), ("preceding", preceding)):
        if len(column) != len(places):
            fields.refuse(name, f"{len(places)} values")
    return [
        dataclasses.replace(clips[place], order=order, preceding=before)
        for place, order, before in zip(places, orders, preceding, strict=True)
    ]


def _with_posteriors(fields: Fields, scored: Sequence[_Scored], n_values: int) -> list[ClipResult]:
    steps = fields.whole("steps", 1)
    rows = fields.items("posteriors")
    if len(rows) != len(scored):
        raise InputError(
            f"{fields.where}posteriors: found {len(rows)} rows, expected {len(scored)}, "
            "one per clip"
        )
    clips = []
    for number, (clip, row) in enumerate(zip(scored, rows, strict=True)):
        name = f"posteriors[{number}]"
        counts = _whole_numbers(Fields({name: row}, fields.where), name, steps, n_values)
        clips.append(
            ClipResult(
                clip.file, clip.speaker, clip.fold, clip.truth,
                tuple(from_step(count, steps) for count in counts),
                clip.order, clip.preceding, clip.place,
            )
        )  # fmt: skip
    return clips


def _whole_numbers(
    fields: Fields, name: str, high: int | None = None, count: int | None = None
) -> list[int]:
    """Return a list of whole numbers from 0."""
    values = fields.items(name)
    if (count is not None and len(values) != count) or not all(
        type(value) is int and value >= 0 and (high is None or value <= high) for value in values
    ):
        many = "whole numbers" if count is None else f"{count} whole numbers"
        fields.refuse(name, f"{many} from 0" if high is None else f"{many} in 0..{high}")
    return values


def _check_scores(fields: Fields, result: Result) -> None:
    """Refuse scores that are not those of the posteriors."""
    counts = np.zeros((1, len(result.labels), len(result.labels)))
    np.add.at(counts[0], (truth(result), posteriors(result).argmax(axis=1)), 1)
    for name, values in zip(SCORES, scores_of_confusions(counts), strict=True):
        found, expected = fields.share(name), float(values[0])
        if not math.isclose(found, expected, rel_tol=0.0, abs_tol=_TOLERANCE):
            fields.refuse(name, f"{expected}, which the posteriors give")
