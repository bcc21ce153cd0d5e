"""Where speech lies in EMO-DB's clips, by the segment labels of its authors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


@dataclass(frozen=True)
class Speech:
    """Where speech lies in a clip, in seconds.

    Attributes
    ----------
    begins, ends : float
    longest_segment : float
        Between them; no sound lasts half a second, so a longer one holds a pause.
    """

    begins: float
    ends: float
    longest_segment: float


def speech_of(emodb: Path, clip: str) -> Speech | None:
    """Read the labels of a clip; None if it has none.

    Each line of a label file gives the end of a segment and its name. Pauses
    begin with ``_``; the last segment, ``.``, is what follows the last sound.
    """
    path = next((emodb / "lablaut").glob(f"{clip}*"), None)
    if path is None:
        return None
    _, _, body = path.read_text(encoding="latin-1").partition("\n#\n")
    rows = [line.split() for line in body.splitlines() if line.strip()]
    ends = [float(row[0]) for row in rows]
    names = [row[2] if len(row) > 2 else "" for row in rows]
    if len(rows) < 2:
        return None
    begins = ends[0] if names[0].startswith("_") else 0.0
    last = ends[-2] if names[-1] == "." else ends[-1]
    marks = [begins, *(end for end in ends if begins < end <= last)]
    return Speech(begins, last, max(b - a for a, b in pairwise(marks)))
