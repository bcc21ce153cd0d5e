"""Where speech lies in EMO-DB's clips, by the segment labels of its authors."""

from __future__ import annotations

from pathlib import Path


def speech_bounds(emodb: Path, clip: str) -> tuple[float, float] | None:
    """Return where speech begins and ends in a clip, in seconds; None if it has no labels.

    Each line of a label file gives the end of a segment and its name. A first
    segment whose name begins with ``_`` is a pause; the last one, ``.``, is what
    follows the last sound.
    """
    path = next((emodb / "lablaut").glob(f"{clip}*"), None)
    if path is None:
        return None
    _, _, body = path.read_text(encoding="latin-1").partition("\n#\n")
    segments = [line.split() for line in body.splitlines() if line.strip()]
    if len(segments) < 2:
        return None
    first, last = segments[0], segments[-1]
    begins = float(first[0]) if first[2].startswith("_") else 0.0
    ends = segments[-2] if last[2] == "." else last
    return begins, float(ends[0])
