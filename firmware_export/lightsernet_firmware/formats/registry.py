"""The formats of `export`, in one table.

A new format is a row of `FORMATS`, a module in ``toolchains/`` with a function `contents`, and,
where files read better than strings, a folder of templates (`templates`) with its page.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lightsernet_edge.errors import InputError

if TYPE_CHECKING:
    from ..firmware_model import FirmwareModel


@dataclass(frozen=True)
class Format:
    """A format of `export`.

    Attributes
    ----------
    name : str
        What ``--format`` takes.
    writes : str
        What the folder is, in a line.
    toolchain : str
        Module of ``toolchains/`` that makes it. Formats that differ in little share one: it is
        told which of them.
    """

    name: str
    writes: str
    toolchain: str

    def contents(self, model: FirmwareModel) -> dict[str, bytes]:
        """Return the files of the folder, by their names inside it, ``README.md`` among them.

        Raises
        ------
        ModelError
            If the format cannot hold the model.
        MissingDependencyError
            If a tool is missing that the format needs.
        """
        module = importlib.import_module(f".toolchains.{self.toolchain}", __package__)
        return cast("dict[str, bytes]", module.contents(model, self.name))


FORMATS = (
    Format("c", "C99 sources for any build", "c"),
    Format("cmake", "a CMake project: a subdirectory, or an installed package", "cmake"),
)


def format_named(name: str) -> Format:
    """Return a format.

    Raises
    ------
    InputError
        If there is no such format.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise InputError(f"format: found {name!r}, expected one of {names}")
