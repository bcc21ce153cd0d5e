"""The verbs of the command line: the runtime's own, then those found by entry point.

A verb is a module with ``add_parser(subparsers)`` in the entry point group
``lightsernet_edge.verbs``. The parser that it adds sets ``run``, a function from the
parsed arguments to the exit status. Each flag has, as its ``dest``, the name of the
library's parameter, see `flag_names`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any, Protocol

from . import adopt, classify, devices, enrol, info, listen, serve

GROUP = "lightsernet_edge.verbs"
_OWN = (classify, listen, enrol, devices, serve, info, adopt)


class Verb(Protocol):
    """A module that implements a verb."""

    def add_parser(self, subparsers: Any) -> None:
        """Add the verb's parser to the result of ``ArgumentParser.add_subparsers``."""


def verbs() -> list[Verb]:
    """Return the verbs: the runtime's own first, the others in order of their names."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [*_OWN, *(point.load() for point in points)]
