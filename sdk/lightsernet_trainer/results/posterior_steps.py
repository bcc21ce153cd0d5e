"""Posteriors as whole multiples of a step, which is how files keep them: exact and short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .result import INT8_STEPS, POSTERIOR_DIGITS

_FINE_STEPS = 10**POSTERIOR_DIGITS


def steps_of(rows: Iterable[Sequence[float]]) -> int:
    """Return how many steps 1 is divided into for posteriors to be kept as they are.

    Parameters
    ----------
    rows : iterable of sequence of float
        Posteriors as `ClipResult` rounds them.

    Returns
    -------
    int
        256 if all are what an int8 softmax gives, else 100000.
    """
    is_int8 = all(
        from_step(round(value * INT8_STEPS), INT8_STEPS) == value for row in rows for value in row
    )
    return INT8_STEPS if is_int8 else _FINE_STEPS


def to_steps(posteriors: Sequence[float], steps: int) -> list[int]:
    """Return posteriors in steps of 1 / `steps`."""
    return [round(value * steps) for value in posteriors]


def from_step(number: int, steps: int) -> float:
    """Return the posterior, in 0..1, that a number of steps of 1 / `steps` stands for."""
    return round(number / steps, POSTERIOR_DIGITS)
