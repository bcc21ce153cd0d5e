"""Ordinary speech: recordings of people who show no emotion to speak of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lightsernet_edge.audio.scan import audio_files_below, require_folder
from lightsernet_edge.errors import InputError
from lightsernet_edge.labels import NEUTRAL

from .clip import Clip, Corpus

PARTS = ("train", "fit", "test")
# Of the layout.
NAME = "ordinary"


def read_ordinary(folders: Iterable[Path], part: str) -> tuple[Clip, ...]:
    """List one of three parts of the recordings in some folders.

    A part is what the hash of a file's name says, so that it stays when recordings come or go:
    one trains networks, one fits decisions, one tests.

    Parameters
    ----------
    folders : iterable of Path
    part : {"train", "fit", "test"}

    Returns
    -------
    tuple of Clip
        Sorted, at least one; without label and speaker.

    Raises
    ------
    InputError
        If a folder holds no recording, or none is of that part.
    """
    if part not in PARTS:
        raise InputError(f"part: found {part!r}, expected one of {', '.join(PARTS)}")
    paths: list[Path] = []
    for folder in folders:
        found = audio_files_below(folder) if folder.is_dir() else []
        if not found:
            raise InputError(f"ordinary: {folder} holds no recording, expected a folder of speech")
        paths += found
    chosen = tuple(Clip(path, "", "") for path in paths if part_of(path) == part)
    if not chosen:
        raise InputError(f"ordinary: found {len(paths)} recordings and none to {part} with")
    return chosen


def read(data: Path, part: str) -> Corpus:
    """List ordinary speech as a corpus to score a model on: all of it is neutral.

    Parameters
    ----------
    data : pathlib.Path
        A folder of recordings.
    part : {"all", "train", "fit", "test"}

    Raises
    ------
    DatasetError
        If the folder is missing.
    """
    require_folder(data, "a folder of recordings")
    found = audio_files_below(data)
    chosen = [path for path in found if part in ("all", part_of(path))]
    clips = tuple(Clip(path, NEUTRAL, "") for path in chosen)
    return Corpus(name=NAME, labels=(NEUTRAL,), clips=clips)


def part_of(path: Path) -> str:
    """Return the part that a recording belongs to, by its name without ending."""
    digest = hashlib.sha256(path.stem.encode(errors="surrogateescape")).hexdigest()
    return PARTS[int(digest[:8], 16) % len(PARTS)]
