"""Files of the formats' folders, with ``@NAME@`` where an export puts something in.

Each folder here has the files of a format, at their places. Python files end in ``.py.in``, so that
nothing takes them for modules of this package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_TEMPLATES = Path(__file__).parent
_PLACE = re.compile(r"@([A-Z][A-Z0-9_]*)@")


def filled(folder: str, values: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of a folder of templates, by their names inside it.

    Parameters
    ----------
    folder : str
        One beside this module.
    values : mapping of str to str
        What stands in the place of ``@NAME@``.
    """
    root = _TEMPLATES / folder
    return {
        path.relative_to(root).as_posix().removesuffix(".in"): fill(
            path.read_text(encoding="utf-8"), values
        ).encode()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the places of a text."""
    return _PLACE.sub(lambda place: values[place[1]], text)
