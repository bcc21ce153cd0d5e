"""`Fields`: the fields of a JSON object, each checked when it is taken.

A value in a file may be missing, have any type, or be out of range. The error is one line
that names the field, what was found and what was expected:
``record: decision.temperature is 0, expected a number above 0``.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NoReturn, TypeGuard, TypeVar

from ..errors import InputError

Kind = TypeVar("Kind")

# Messages show this many characters of a value.
_SHOWN = 80


class Fields:
    """The fields of one JSON object.

    Parameters
    ----------
    values : mapping of str to object
        A JSON object, or ``vars`` of a dataclass made from one.
    where : str
        Stands before the name of a field in messages, for example ``"record: decision."``.
    error : type of InputError
        Raised for a field that is missing, has another type, or is out of range.
    """

    def __init__(
        self, values: Mapping[str, Any], where: str = "", error: type[InputError] = InputError
    ) -> None:
        self.values = values
        self.where = where
        self.error = error

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Raise the error for a field: what was found, and what was expected."""
        found = shown(self.values[name]) if name in self.values else "missing"
        raise self.error(f"{self.where}{name} is {found}, expected {expected}")

    def is_given(self, name: str) -> bool:
        """Whether a field exists and is not null."""
        return self.values.get(name) is not None

    def text(
        self, name: str, pattern: re.Pattern[str] | None = None, expected: str = "a string"
    ) -> str:
        """Return a string; `pattern` must match the whole of it."""
        value = self.values.get(name)
        if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
            self.refuse(name, expected)
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """Return a string that is one of `allowed`."""
        value = self.values.get(name)
        if not isinstance(value, str) or value not in allowed:
            self.refuse(name, f"one of {', '.join(allowed)}")
        return value

    def number(
        self,
        name: str,
        low: float = -math.inf,
        high: float = math.inf,
        above: float | None = None,
        expected: str | None = None,
    ) -> float:
        """Return a finite number.

        Parameters
        ----------
        name : str
        low, high : float
            Bounds that the number may reach.
        above : float, optional
            A bound that it may not reach.
        expected : str, optional
            For the message; by default made from the bounds.
        """
        value = self.values.get(name)
        if not (
            is_finite_number(value) and low <= value <= high and (above is None or value > above)
        ):
            self.refuse(name, expected or _number_in(low, high, above))
        return value

    def share(self, name: str) -> float:
        """Return a number in 0..1."""
        return self.number(name, 0.0, 1.0)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self.values.get(name)
        if not isinstance(value, bool):
            self.refuse(name, "true or false")
        return value

    def whole(
        self,
        name: str,
        low: int | None = None,
        high: int | None = None,
        expected: str | None = None,
    ) -> int:
        """Return an integer in `low`..`high`, both included."""
        value = self.values.get(name)
        if not (
            isinstance(value, int)
            and not isinstance(value, bool)
            and (low is None or value >= low)
            and (high is None or value <= high)
        ):
            self.refuse(name, expected or _whole_number_in(low, high))
        return value

    def items(self, name: str, expected: str = "a list") -> list[Any]:
        """Return the items of a list; they may have any type."""
        value = self.values.get(name)
        if not isinstance(value, (list, tuple)):
            self.refuse(name, expected)
        return list(value)

    def texts(self, name: str, expected: str = "a list of strings") -> tuple[str, ...]:
        """Return the items of a list of strings."""
        values = self.items(name, expected)
        if not all(isinstance(value, str) for value in values):
            self.refuse(name, expected)
        return tuple(values)

    def numbers(
        self,
        name: str,
        low: float = -math.inf,
        high: float = math.inf,
        expected: str = "finite numbers",
    ) -> tuple[float, ...]:
        """Return the items of a list of finite numbers in low..high."""
        values = self.items(name, expected)
        if not all(is_finite_number(value) and low <= value <= high for value in values):
            self.refuse(name, expected)
        return tuple(values)

    def numbers_by_name(
        self,
        name: str,
        low: float = -math.inf,
        high: float = math.inf,
        expected: str = "a finite number for each name",
    ) -> dict[str, float]:
        """Return an object of finite numbers in low..high."""
        value = self.values.get(name)
        if not isinstance(value, Mapping) or not all(
            isinstance(key, str) and is_finite_number(item) and low <= item <= high
            for key, item in value.items()
        ):
            self.refuse(name, expected)
        return dict(value)

    def nested(self, name: str) -> Fields:
        """Return the fields of an object; messages name them ``NAME.FIELD``."""
        if name not in self.values:
            self.refuse(name, "an object")
        return self._fields_of(name, self.values[name])

    def objects(self, name: str) -> list[Fields]:
        """Return the fields of each object in a list; messages name them ``NAME[0].FIELD``."""
        items = enumerate(self.items(name))
        return [self._fields_of(f"{name}[{index}]", item) for index, item in items]

    def _fields_of(self, name: str, value: object) -> Fields:
        if not isinstance(value, Mapping):
            raise self.error(f"{self.where}{name} is {shown(value)}, expected an object")
        return Fields(value, f"{self.where}{name}.", self.error)

    def build(self, kind: type[Kind]) -> Kind:
        """Build a dataclass from the fields that it has; other fields are ignored.

        The dataclass must check the values itself.
        """
        values = {}
        for item in dataclasses.fields(kind):  # type: ignore[arg-type]
            if item.name in self.values:
                values[item.name] = self.values[item.name]
            elif item.default is item.default_factory is dataclasses.MISSING:
                raise self.error(f"{self.where}{item.name} is missing")
        return kind(**values)


def is_finite_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is an int or float, not a bool, that float64 can represent."""
    try:
        return (
            isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        )
    except OverflowError:  # an integer beyond the floats
        return False


def shown(value: object) -> str:
    """Return the text of a value in messages, at most 80 characters."""
    try:
        text = repr(value)
    except RecursionError:
        return f"a {type(value).__name__} nested too deep"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _number_in(low: float, high: float, above: float | None) -> str:
    if above is not None:
        return f"a number above {above:g}"
    if math.isfinite(low) and math.isfinite(high):
        return f"{low:g}..{high:g}"
    if math.isfinite(low):
        return f"{low:g} or more"
    return f"at most {high:g}" if math.isfinite(high) else "a finite number"


def _whole_number_in(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"an integer in {low}..{high}"
    return "a whole number" if low is None else f"a whole number from {low}"
