"""The page of the Python API lists what the packages export, and no more."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.places import DOCS

PAGE = (DOCS / "reference" / "python-api.md").read_text(encoding="utf-8")
PACKAGES = ("lightsernet_edge", "lightsernet_trainer", "lightsernet_firmware")


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
