"""What has to hold among several results before their scores are set side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from lightsernet_edge.errors import InputError

from ..configuration import TrainingConfiguration
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
                f"{other.key.name}"
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
            f"{other.key.name}"
        )
