"""Results as files: JSON, one clip and one epoch a line, checked when read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically

from .bootstrap import SCORES, Interval
from .protocols import PROTOCOLS
from .result import ClipResult, FoldResult, Result

_TEXTS = ("protocol", "recipe", "loss", "precision", "command")
# Of a clip, where known.
_NUMBERS = ("order", "heard", "place")


def write_result(path: Path, result: Result) -> None:
    """Write a result; the file is whole or not there.

    Raises
    ------
    InputError
        If the place cannot be written to.
    """
    fields: dict[str, Any] = {name: getattr(result, name) for name in (*_TEXTS, "seed")}
    if result.condition is not None:
        fields["condition"] = result.condition
    for name in ("versions", "labels", "configuration", *SCORES):
        fields[name] = getattr(result, name)
    for name in SCORES:
        fields[f"{name}_interval"] = getattr(result, f"{name}_interval")
    fields["clip_intervals"] = result.clip_intervals
    lines = [f" {json.dumps(name)}: {_dump(value)}" for name, value in fields.items()]
    clips = ",\n  ".join(_dump(_clip_to_json(clip, result)) for clip in result.clips)
    lines.append(f' "clips": [\n  {clips}\n ]')
    folds = ",\n  ".join(_fold_to_text(fold) for fold in result.folds)
    lines.append(f' "folds": [\n  {folds}\n ]')
    write_atomically(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())


def read_result(path: Path) -> Result:
    """Read a result and check that its parts go together.

    Whether its scores are those of its clips is asked by `result_checks.check`.

    Raises
    ------
    InputError
        If the file cannot be read, is no JSON, or a field is missing or wrong; the message
        names the file and the field.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        data = json.loads(text, parse_constant=_refuse_constant)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no JSON ({error}), expected a result of crossval") from None
    try:
        return _from_json(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read_results(folder: Path) -> list[Result]:
    """Read the results of a folder, by the names that ``crossval`` gives; others are let be.

    Raises
    ------
    InputError
        As `read_result`.
    """
    begins = tuple(f"{protocol}-" for protocol in PROTOCOLS)
    paths = (path for path in sorted(folder.glob("*.json")) if path.name.startswith(begins))
    return [read_result(path) for path in paths]


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _clip_to_json(clip: ClipResult, result: Result) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "file": clip.file,
        "speaker": clip.speaker,
        "fold": clip.fold,
        "truth": clip.truth,
        "posteriors": dict(zip(result.labels, clip.posteriors, strict=True)),
    }
    for name in _NUMBERS:
        if getattr(clip, name) is not None:
            fields[name] = getattr(clip, name)
    return fields


def _fold_to_text(fold: FoldResult) -> str:
    fields = {
        name: getattr(fold, name)
        for name in ("name", "train_clips", "test_clips", "epochs", "chosen_epoch")
    }
    history = ",\n    ".join(_dump(entry) for entry in fold.history)
    history = f"[\n    {history}\n   ]" if history else "[]"
    return f'{_dump(fields)[:-1]},\n   "history": {history}}}'


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"found {name}, expected a finite number")


def _from_json(data: Any) -> Result:
    fields = _object(data, "result")
    labels = tuple(_text(label, f"labels[{i}]") for i, label in enumerate(_list(fields, "labels")))
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InputError(f"labels: found {labels}, expected two or more, each once")
    versions = _object(_get(fields, "versions"), "versions")
    condition = fields.get("condition")
    intervals = fields.get("clip_intervals")
    if intervals is not None:
        intervals = _object(intervals, "clip_intervals")
        intervals = {name: _interval(intervals, name) for name in SCORES}
    checked: dict[str, Any] = {name: _text(_get(fields, name), name) for name in _TEXTS}
    for name in SCORES:
        checked[name] = _share(_get(fields, name), name)
        checked[f"{name}_interval"] = _interval(fields, f"{name}_interval")
    return Result(
        **checked,
        seed=_count(fields, "seed"),
        versions={name: _text(value, f"versions.{name}") for name, value in versions.items()},
        labels=labels,
        configuration=_object(_get(fields, "configuration"), "configuration"),
        clip_intervals=intervals,
        clips=tuple(
            _clip(value, f"clips[{i}]", labels) for i, value in enumerate(_list(fields, "clips"))
        ),
        folds=tuple(_fold(value, f"folds[{i}]") for i, value in enumerate(_list(fields, "folds"))),
        condition=None if condition is None else _text(condition, "condition"),
    )


def _clip(data: Any, where: str, labels: tuple[str, ...]) -> ClipResult:
    fields = _object(data, where)
    file, speaker, fold, truth = (
        _text(_get(fields, name, where), f"{where}.{name}")
        for name in ("file", "speaker", "fold", "truth")
    )
    posteriors = _object(_get(fields, "posteriors", where), f"{where}.posteriors")
    if tuple(posteriors) != labels:
        raise InputError(
            f"{where}.posteriors: found {', '.join(posteriors)}, expected {', '.join(labels)}"
        )
    return ClipResult(
        file,
        speaker,
        fold,
        truth,
        tuple(_share(v, f"{where}.posteriors.{name}") for name, v in posteriors.items()),
        **{name: _count(fields, name, where) for name in _NUMBERS if name in fields},
    )


def _fold(data: Any, where: str) -> FoldResult:
    fields = _object(data, where)
    counts = ("train_clips", "test_clips", "epochs", "chosen_epoch")
    history = []
    for i, entry in enumerate(_list(fields, "history", where)):
        place = f"{where}.history[{i}]"
        history.append(
            {name: _number(v, f"{place}.{name}") for name, v in _object(entry, place).items()}
        )
    return FoldResult(
        name=_text(_get(fields, "name", where), f"{where}.name"),
        **{name: _count(fields, name, where) for name in counts},
        history=tuple(history),
    )


def _get(fields: dict[str, Any], name: str, where: str = "result") -> Any:
    if name not in fields:
        raise InputError(f"{where}: has no {name!r}")
    return fields[name]


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where} is {_short(value)}, expected an object")
    return value


def _list(fields: dict[str, Any], name: str, where: str = "result") -> list[Any]:
    value = _get(fields, name, where)
    if not isinstance(value, list):
        raise InputError(f"{where}: {name} is {_short(value)}, expected a list")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where} is {_short(value)}, expected a string")
    return value


def _number(value: Any, where: str) -> float:
    try:
        if not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except (TypeError, OverflowError):
        pass
    raise InputError(f"{where} is {_short(value)}, expected a finite number")


def _share(value: Any, where: str) -> float:
    number = _number(value, where)
    if not 0.0 <= number <= 1.0:
        raise InputError(f"{where} is {_short(value)}, expected 0..1")
    return number


def _count(fields: dict[str, Any], name: str, where: str = "result") -> int:
    value = _get(fields, name, where)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{where}: {name} is {_short(value)}, expected a whole number from 0")
    return value


def _interval(fields: dict[str, Any], name: str) -> Interval | None:
    value = _get(fields, name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise InputError(f"{name} is {_short(value)}, expected [low, high]")
    low, high = (_share(bound, name) for bound in value)
    if low > high:
        raise InputError(f"{name} is {_short(value)}, expected the low bound first")
    return low, high


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
