"""The page of the Python API lists what the packages export; names on all pages exist."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from tests.docs.markdown import pages
from tests.places import DOCS

PAGE = (DOCS / "reference" / "python-api.md").read_text(encoding="utf-8")
PACKAGES = ("lightsernet_edge", "lightsernet_trainer", "lightsernet_firmware")
_DOTTED = re.compile(r"\b(lightsernet_(?:edge|trainer|firmware)(?:\.[A-Za-z_]+)+)\b(?!/)")
# Not names of Python: the entry point groups, and the record's in a model.
_OTHER_NAMES = {"lightsernet_edge.engines", "lightsernet_edge.verbs", "lightsernet_edge.record"}


def listed(package: str) -> list[str]:
    """Return the names in the first cells of a section's tables, and a line's first word."""
    _, _, rest = PAGE.partition(f"\n## {package}\n")
    section = rest.partition("\n## ")[0]
    lines = re.findall(r"^(?:\| (`[^|]*) \||(`\w+`) is )", section, re.MULTILINE)
    return [name for cell in lines for name in re.findall(r"`(\w+)`", "".join(cell))]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_lists_what_is_exported(package: str) -> None:
    names = listed(package)
    assert sorted(names) == sorted(importlib.import_module(package).__all__)
    assert len(set(names)) == len(names)


def test_dotted_names_exist() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages())
    names = set(_DOTTED.findall(text)) - _OTHER_NAMES
    assert names
    for name in sorted(names):
        pkgutil.resolve_name(name)
