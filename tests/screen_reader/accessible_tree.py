"""Prints the document that a program shows, as JSON, as AT-SPI has it.

Run by the system's Python, which has Debian's bindings: ``accessible_tree.py PROGRAM``.
Without a program it only looks whether AT-SPI answers.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pyatspi


def described(accessible: Any) -> dict[str, Any]:
    """Describe an object and what it holds."""
    attributes = dict(item.split(":", 1) for item in accessible.getAttributes())
    states = accessible.getState().getStates()
    return {
        "role": accessible.getRoleName(),
        "name": accessible.name,
        "description": accessible.description,
        "states": sorted(pyatspi.stateToString(state) for state in states),
        "attributes": attributes,
        "children": [described(child) for child in accessible if child is not None],
    }


def shown_document(program: Any) -> Any:
    """Find the document that is showing."""

    def is_shown(accessible: Any) -> bool:
        return accessible.getRole() == pyatspi.ROLE_DOCUMENT_WEB and accessible.getState().contains(
            pyatspi.STATE_SHOWING
        )

    return pyatspi.findDescendant(program, is_shown)


def main(name: str) -> None:
    for program in pyatspi.Registry.getDesktop(0):
        if program is not None and name.lower() in program.name.lower():
            print(json.dumps(described(shown_document(program))))
            return
    sys.exit(f"{name}: not on this desktop")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        print(pyatspi.Registry.getDesktop(0).childCount)
