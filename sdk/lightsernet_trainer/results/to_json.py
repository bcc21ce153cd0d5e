"""The text of a results file; `file` says what stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from lightsernet_edge.errors import InputError

from .bootstrap import SCORES
from .posterior_steps import steps_of, to_steps
from .result import ClipResult, FoldResult, Result

SCHEMA = 1

# File, speaker, fold, truth and place.
_Clip = tuple[str, str, str, str, int | None]


def to_json(results: Sequence[Result]) -> str:
    """Return results as JSON, with a line for each clip and for each row of posteriors.

    Raises
    ------
    InputError
        If labels differ.
    """
    labels = results[0].labels
    for result in results:
        if result.labels != labels:
            raise InputError(
                f"result {result.key.name}: labels are {', '.join(result.labels)}, expected "
                f"{', '.join(labels)} as in {results[0].key.name}"
            )
    clips = _clip_table(results)
    places = {clip: place for place, clip in enumerate(clips)}
    commands = list(dict.fromkeys(_command(result) for result in results))
    trainings: dict[str, list[str]] = {}
    for result in results:
        mine = trainings.setdefault(_training(result, clips, places), [])
        mine.append(_scored(result, commands.index(_command(result))))
    parts = [
        f'"schema": {SCHEMA}',
        f'"labels": {_dump(labels)}',
        _lines("clips", (_dump(clip[: 4 if clip[4] is None else 5]) for clip in clips)),
        _lines("commands", commands),
        _lines(
            "trainings", (f"{{{head},\n{_lines('results', r)}}}" for head, r in trainings.items())
        ),
    ]
    return "{" + ",\n".join(parts) + "}\n"


def _clip_table(results: Sequence[Result]) -> list[_Clip]:
    """Return every clip once: by fold, and within it by place where it is known."""
    folds = dict.fromkeys(clip.fold for result in results for clip in result.clips)
    numbers = {fold: i for i, fold in enumerate(folds)}
    clips = dict.fromkeys(_listed(clip) for result in results for clip in result.clips)
    return sorted(clips, key=lambda clip: (numbers[clip[2]], clip[4] or 0))


def _listed(clip: ClipResult) -> _Clip:
    return clip.file, clip.speaker, clip.fold, clip.truth, clip.place


def _command(result: Result) -> str:
    return _dump({"command": result.command, "versions": result.versions})


def _training(result: Result, clips: Sequence[_Clip], places: dict[_Clip, int]) -> str:
    """Return the fields that all results of a training share, as text."""
    key = result.key
    facts = {"protocol": key.protocol, "recipe": key.recipe, "loss": key.loss, "seed": key.seed}
    parts = [_dump(facts)[1:-1], f'"configuration": {_dump(result.configuration)}']
    parts.append(_lines("folds", (_fold(fold) for fold in result.folds)))
    columns: dict[str, list[int] | list[int | None]] = {
        "clip": [places[_listed(clip)] for clip in result.clips],
        "order": [clip.order for clip in result.clips],
        "preceding": [clip.preceding for clip in result.clips],
    }
    known = {name: c for name, c in columns.items() if any(value is not None for value in c)}
    if known != {"clip": _all_of(result.folds, clips)}:
        parts.append(f'"sequence": {_compact(known)}')
    return ",\n".join(parts)


def _all_of(folds: Iterable[FoldResult], clips: Sequence[_Clip]) -> list[int]:
    """Return the places of all clips of some folds."""
    names = {fold.name for fold in folds}
    return [place for place, clip in enumerate(clips) if clip[2] in names]


def _fold(fold: FoldResult) -> str:
    names = list(fold.history[0]) if fold.history else []
    facts = {
        "name": fold.name,
        "train_clips": fold.train_clips,
        "test_clips": fold.test_clips,
        "epochs": fold.epochs,
        "chosen_epoch": fold.chosen_epoch,
    }
    history = {name: [_plain(entry[name]) for entry in fold.history] for name in names}
    return f'{_dump(facts)[:-1]}, "history": {_compact(history)}}}'


def _scored(result: Result, command: int) -> str:
    """Return what a training's result has for itself, as text."""
    steps = steps_of(clip.posteriors for clip in result.clips)
    facts = {
        "precision": result.key.precision,
        "condition": result.key.condition,
        "command": command,
        **{name: getattr(result, name) for name in SCORES},
        "steps": steps,
    }
    lines = (_compact(to_steps(clip.posteriors, steps)) for clip in result.clips)
    return f"{_dump(facts)[:-1]},\n{_lines('posteriors', lines)}}}"


def _plain(value: float) -> float | int:
    """Return a float without a fraction as an int: as JSON it is shorter."""
    return int(value) if value.is_integer() else value


def _lines(name: str, items: Iterable[str]) -> str:
    """Return a field that is a list, one item per line."""
    return f"{_dump(name)}: [\n" + ",\n".join(items) + "]"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
