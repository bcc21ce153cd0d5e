"""Values of a results file, each checked where it is taken from."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.json_fields import is_finite_number


@dataclass(frozen=True)
class Fields:
    """A JSON object, and where in the file it stands.

    Every method raises `InputError` if there is no such field, or if it is of another kind.

    Attributes
    ----------
    values : dict
    where : str
        For messages, as ``trainings[0].results[2]``; empty for the object of the whole file.
    """

    values: dict[str, Any]
    where: str = ""

    def path(self, name: str) -> str:
        """Return where a field stands, for messages."""
        return f"{self.where}.{name}" if self.where else name

    def get(self, name: str) -> Any:
        """Return a field of any kind."""
        if name not in self.values:
            raise InputError(f"{self.path(name)}: found none, expected it in every such file")
        return self.values[name]

    def text(self, name: str) -> str:
        """Return a string."""
        return as_text(self.get(name), self.path(name))

    def count(self, name: str) -> int:
        """Return a whole number from 0."""
        return as_count(self.get(name), self.path(name))

    def share(self, name: str) -> float:
        """Return a number in 0..1."""
        value = as_number(self.get(name), self.path(name))
        if not 0.0 <= value <= 1.0:
            raise InputError(f"{self.path(name)} is {value}, expected 0..1")
        return value

    def place_in(self, listed: Sized, name: str) -> int:
        """Return a field that is a place in a list, from 0."""
        return as_place(self.get(name), self.path(name), listed)

    def items(self, name: str) -> list[tuple[Any, str]]:
        """Return the items of a list, each with where it stands."""
        value = self.get(name)
        if not isinstance(value, list):
            raise InputError(f"{self.path(name)} is {short(value)}, expected a list")
        return [(item, f"{self.path(name)}[{i}]") for i, item in enumerate(value)]

    def object(self, name: str) -> Fields:
        """Return an object."""
        return as_object(self.get(name), self.path(name))


def as_object(value: Any, where: str) -> Fields:
    """Return a value that has to be an object."""
    if not isinstance(value, dict):
        raise InputError(f"{where or 'content'} is {short(value)}, expected an object")
    return Fields(value, where)


def as_text(value: Any, where: str) -> str:
    """Return a value that has to be a string."""
    if not isinstance(value, str):
        raise InputError(f"{where} is {short(value)}, expected a string")
    return value


def as_number(value: Any, where: str) -> float:
    """Return a value that has to be a finite number."""
    if not is_finite_number(value):
        raise InputError(f"{where} is {short(value)}, expected a finite number")
    return float(value)


def as_count(value: Any, where: str) -> int:
    """Return a value that has to be a whole number from 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{where} is {short(value)}, expected a whole number from 0")
    return value


def as_place(value: Any, where: str, listed: Sized) -> int:
    """Return a value that has to be a place in a list, from 0."""
    place = as_count(value, where)
    if place >= len(listed):
        raise InputError(f"{where} is {place}, expected a place in a list of {len(listed)}")
    return place


def short(value: Any) -> str:
    """Return how a value is printed in messages: in at most 40 characters."""
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
