"""A data set of class folders, made of copies of one clip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_folders(root: Path, counts: Mapping[str, int], clip: Path) -> Path:
    """Make a folder of class folders with copies of a clip in them."""
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for index in range(count):
            (root / label / f"{index}.wav").write_bytes(clip.read_bytes())
    return root
