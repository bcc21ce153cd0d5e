"""What the tests read of a Markdown page: links, anchors, fenced blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.places import CHECKOUT, DOCS

_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"#{1,6} +(.*)")
_FENCE = re.compile(r"^```(\w*)$")
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, and its text without the fences."""

    language: str
    text: str


def pages() -> list[Path]:
    """Return every page of the repository."""
    top = [CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*top, *sorted(DOCS.rglob("*.md")), *sorted((CHECKOUT / "examples").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found: list[Block] = []
    language, lines = None, []
    for line in page.read_text(encoding="utf-8").splitlines():
        fence = _FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif language is None:
            language, lines = fence[1], []
        else:
            found.append(Block(language, "\n".join(lines) + "\n"))
            language = None
    assert language is None, f"{page}: a fence is not closed"
    return found


def prose(page: Path) -> list[str]:
    """Return the lines of a page that are not in a fenced or an indented block."""
    lines, fenced = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            lines.append(line)
    return lines


def links(page: Path) -> list[str]:
    """Return the targets of a page's links, as they are written."""
    # A link may be broken over two lines, between its words or before its target.
    return _LINK.findall(_CODE.sub("", "\n".join(prose(page))))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    found: set[str] = set()
    for line in prose(page):
        heading = _HEADING.fullmatch(line)
        if heading:
            name = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            assert name not in found, f"{page}: two headings {heading[1]!r}"
            found.add(name)
    return found
