"""What scores were aimed at, to stand beside what they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightsernet_edge.errors import InputError

from ..configuration import LOSSES
from ..results.bootstrap import SCORES
from ..results.protocols import PROTOCOLS
from .runs import AFTER_ADAPTATION

_ROW = ("protocol", "recipe", "loss", "precision")


@dataclass(frozen=True)
class Aim:
    """What one row of the table of scores was to reach.

    Attributes
    ----------
    row : tuple of str
        Protocol as the table names it, recipe, loss, precision.
    scores : dict of str to float
        In per cent, of ``ua``, ``wa`` and ``f1`` those that were aimed at.
    """

    row: tuple[str, ...]
    scores: dict[str, float]


def read_aims(path: Path) -> tuple[Aim, ...]:
    """Read a JSON list of objects, each with the fields of a row and of its aims.

    Raises
    ------
    InputError
        If it cannot be read or holds something else.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: found no JSON, expected a list of aims") from None
    if not isinstance(entries, list):
        raise InputError(f"{path}: found {type(entries).__name__}, expected a list of aims")
    aims = tuple(_aim(path, number, entry) for number, entry in enumerate(entries, start=1))
    for number, aim in enumerate(aims):
        if aim.row in [other.row for other in aims[:number]]:
            raise InputError(f"{path}: {', '.join(aim.row)} stands there twice, expected once")
    return aims


def aimed_at(aims: Sequence[Aim], row: Sequence[str], score: str) -> str:
    """Return ``aim 94.89`` for a score of a row; empty if there was no such aim."""
    for aim in aims:
        if aim.row == tuple(row) and score in aim.scores:
            value = aim.scores[score]
            return f"aim {value:.{0 if value == int(value) else 2}f}"
    return ""


def _aim(path: Path, number: int, entry: Any) -> Aim:
    fields = entry if isinstance(entry, dict) else {}
    scores = {name: fields[name] for name in SCORES if name in fields}
    known = {*_ROW, *scores}
    if (
        fields.keys() != known
        or not scores
        or not all(isinstance(fields[name], str) for name in _ROW)
        or not all(type(value) in (int, float) and 0 <= value <= 100 for value in scores.values())
    ):
        raise InputError(
            f"{path}: aim {number} is {json.dumps(entry)[:80]}, expected {', '.join(_ROW)} and "
            f"at least one of {', '.join(SCORES)} in per cent"
        )
    protocol = fields["protocol"].removesuffix(AFTER_ADAPTATION)
    for name, value, allowed in (
        ("protocol", protocol, tuple(PROTOCOLS)),
        ("loss", fields["loss"], LOSSES),
    ):
        if value not in allowed:
            raise InputError(
                f"{path}: {name} of aim {number} is {value!r}, expected one of {', '.join(allowed)}"
            )
    return Aim(tuple(fields[name] for name in _ROW), scores)
