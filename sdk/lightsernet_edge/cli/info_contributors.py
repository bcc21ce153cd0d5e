"""What other packages add to ``info``: found by entry point, as engines and verbs are.

A contributor is a module, or another object, registered in the entry point group
``lightsernet_edge.info``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import LightSernetError
from .messages import print_warning

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..model.file import ModelFile

GROUP = "lightsernet_edge.info"

_Answer = TypeVar("_Answer")


class InfoContributor(Protocol):
    """A package's share of ``info``."""

    def add_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add the contributor's flags to the parser of ``info``."""

    def fields(self, file: ModelFile, arguments: argparse.Namespace) -> dict[str, Any]:
        """Return fields of the JSON object, for the flags that were given."""

    def rows(self, fields: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Return rows of the table, a heading and a text each, for what `fields` returned."""

    def tables(self, fields: dict[str, Any]) -> Iterable[RenderableType]:
        """Return what is printed below the table, for what `fields` returned."""


class Contributors:
    """The contributors that are registered, in order of their names.

    One that raises an exception is left out from then on: ``info`` prints a warning of one
    line that names it, and the rest. With ``--debug`` the exception goes on, and so does always
    a `LightSernetError`, which is about what the user passed in.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of ``info``; each contributor adds its flags to it.

    Attributes
    ----------
    failures : list of str
        One line for each contributor that failed: its name and why.
    """

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.failures: list[str] = []
        self._working: dict[str, InfoContributor] = {}
        self._fields: dict[str, dict[str, Any]] = {}
        self._at_start: list[tuple[str, Exception]] = []
        self._debug = False
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
            try:
                contributor: InfoContributor = point.load()
                contributor.add_flags(parser)
            except Exception as error:
                # Of concern to this verb alone, whichever verb was asked for.
                self._at_start.append((point.name, error))
            else:
                self._working[point.name] = contributor

    def fields(self, file: ModelFile, arguments: argparse.Namespace) -> dict[str, Any]:
        """Return the fields of all contributors."""
        self._debug = arguments.debug
        for name, error in self._at_start:
            self._leave_out(name, error)
        self._fields = self._ask(lambda name: self._working[name].fields(file, arguments))
        return {key: value for found in self._fields.values() for key, value in found.items()}

    def rows(self) -> list[tuple[str, str]]:
        """Return the rows of all contributors whose fields are known."""
        found = self._ask(lambda name: list(self._working[name].rows(self._fields[name])))
        return [row for rows in found.values() for row in rows]

    def tables(self) -> list[RenderableType]:
        """Return the tables of all contributors whose fields are known."""
        found = self._ask(lambda name: list(self._working[name].tables(self._fields[name])))
        return [table for tables in found.values() for table in tables]

    def _ask(self, question: Callable[[str], _Answer]) -> dict[str, _Answer]:
        answers = {}
        for name in list(self._working):
            try:
                answers[name] = question(name)
            except LightSernetError:
                # Of what the user passed in, such as the file that a flag names.
                raise
            except Exception as error:
                self._leave_out(name, error)
        return answers

    def _leave_out(self, name: str, error: Exception) -> None:
        if self._debug:
            raise error
        self._working.pop(name, None)
        reason = " ".join(str(error).split())
        self.failures.append(f"{name}: {type(error).__name__}: {reason}")
        print_warning(f"info: contributor {self.failures[-1]}")
