"""Finds recordings that a corpus has twice: on both sides of a hold-out, they flatter it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from lightsernet_edge.errors import DatasetError

from .clip import Clip

_BLOCK = 2**20


def same_recordings(
    clips: Sequence[Clip], matters: Callable[[Clip, Clip], bool]
) -> list[tuple[Clip, Clip]]:
    """Return pairs of clips that are the same bytes, or stretches of them that overlap.

    Parameters
    ----------
    clips : sequence of Clip
    matters : callable
        Tells whether a pair is to be reported.

    Returns
    -------
    list of (Clip, Clip)
        For each clip the first other one before it, in the order of `clips`.

    Raises
    ------
    DatasetError
        If a file cannot be read.
    """
    by_size: defaultdict[int, dict[Path, None]] = defaultdict(dict)
    for clip in clips:
        if clip.path.is_file():
            by_size[clip.path.stat().st_size][clip.path] = None
    # Files of different sizes need not be read.
    content_of: dict[Path, str] = {}
    for paths in by_size.values():
        for path in paths:
            content_of[path] = _digest(path) if len(paths) > 1 else str(path)
    by_content: defaultdict[str, list[Clip]] = defaultdict(list)
    found = []
    for clip in clips:
        if clip.path not in content_of:
            continue
        others = by_content[content_of[clip.path]]
        twin = next((c for c in others if _overlap(c, clip) and matters(c, clip)), None)
        if twin is not None:
            found.append((twin, clip))
        others.append(clip)
    return found


def _overlap(one: Clip, other: Clip) -> bool:
    _, start, end = one.stretch
    _, other_start, other_end = other.stretch
    return start < other_end and other_start < end


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()
