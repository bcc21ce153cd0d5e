"""What has to hold of a result, scores that are those of its clips, and among several."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from lightsernet_edge.errors import InputError

from ..configuration import TrainingConfiguration
from .bootstrap import SCORES
from .result import Result


def expect_same_settings(name: str, found: TrainingConfiguration, other: Result) -> None:
    """Refuse settings that differ from those of a result in more than the seed.

    Parameters
    ----------
    name : str
        What has the settings.
    found : TrainingConfiguration
    other : Result

    Raises
    ------
    InputError
        Naming both, and a setting that differs.
    """
    found, expected = dataclasses.replace(found, seed=0), other.settings
    for field in dataclasses.fields(TrainingConfiguration):
        mine, theirs = getattr(found, field.name), getattr(expected, field.name)
        if mine != theirs:
            raise InputError(
                f"{name}: trained with {field.name} {mine!r}, expected {theirs!r} as in "
                f"{other.name}"
            )


def expect_same_folds(name: str, found: Sequence[str], other: Result) -> None:
    """Refuse folds that differ from those of a result: their scores do not compare.

    Parameters
    ----------
    name : str
        What has the folds.
    found : sequence of str
        Their names.
    other : Result

    Raises
    ------
    InputError
        Naming both.
    """
    expected = [fold.name for fold in other.folds]
    if set(found) != set(expected):
        raise InputError(
            f"{name}: folds are {', '.join(found)}, expected {', '.join(expected)} as in "
            f"{other.name}"
        )


def check(result: Result, where: str = "result") -> None:
    """Recompute a result's scores from its clips.

    Raises
    ------
    InputError
        If a score differs by more than 1e-9, or a bound of an interval, which depends on
        NumPy's random numbers, by more than 0.01.
    """
    again = Result.from_clips(
        **{
            field: getattr(result, field)
            for field in (
                "protocol", "recipe", "loss", "precision", "seed", "command", "versions",
                "labels", "configuration", "clips", "folds", "condition",
            )
        }
    )  # fmt: skip
    for name in SCORES:
        _agree(f"{where}: {name}", [getattr(result, name)], [getattr(again, name)], 1e-9)
        field = f"{name}_interval"
        _agree(f"{where}: {field}", getattr(result, field), getattr(again, field), 0.01)
        field = f"clip_intervals.{name}"
        found, expected = ((r.clip_intervals or {}).get(name) for r in (result, again))
        _agree(f"{where}: {field}", found, expected, 0.01)


def _agree(
    what: str, found: Sequence[float] | None, expected: Sequence[float] | None, tolerance: float
) -> None:
    same = (found is None) == (expected is None) and all(
        math.isclose(a, b, rel_tol=0.0, abs_tol=tolerance)
        for a, b in zip(found or (), expected or (), strict=True)
    )
    if not same:
        raise InputError(f"{what} is {found}, but its clips give {expected}")
