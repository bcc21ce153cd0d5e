"""How the command refuses: one line on stderr, exit status 2, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PREFIX = "lightsernet-edge: error: "


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left."""

    status: int
    stdout: str
    stderr: str


Command = Callable[..., Outcome]
Refuse = Callable[..., str]


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that a folder holds; None stands for a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def one_line(stderr: str, says: Sequence[str]) -> str:
    """Return the one error that was printed, after a look at what it says."""
    lines = stderr.split("\n")
    assert len(lines) == 2, f"expected one line, found {stderr!r}"
    assert lines[1] == ""
    assert lines[0].startswith(PREFIX)
    message = lines[0].removeprefix(PREFIX)
    assert "unexpected" not in message
    for words in says:
        assert words in message
    return message
