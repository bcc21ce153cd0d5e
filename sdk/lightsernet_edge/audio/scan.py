"""Finds the recordings in a folder, by their names, and says what it passes over."""

from __future__ import annotations

import os
import warnings
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import AudioWarning, DatasetError

AUDIO_SUFFIXES = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus"),
    *(".mp3", ".mp2", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf"),
)
# Suffixes that a message names, the most frequent first.
_MOST_NAMED = 4


@dataclass
class FoundFiles:
    """What lies in a folder.

    Attributes
    ----------
    recordings : list of Path
        Sorted.
    others : Counter of str
        Number of visible files that are no recordings by their names, by suffix.
    dangling : int
        Number of recordings that are links to nothing.
    again : int
        Number of linked folders that were not entered, because they were already.
    """

    recordings: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    dangling: int = 0
    again: int = 0

    @property
    def other_kinds(self) -> str:
        """How many files of which suffix are no recordings; empty if there are none."""
        kinds = self.others.most_common()
        named = [f"{count} {suffix or 'without suffix'}" for suffix, count in kinds[:_MOST_NAMED]]
        left = sum(count for _, count in kinds[_MOST_NAMED:])
        return ", ".join([*named, f"{left} others"] if left else named)

    def add(self, more: FoundFiles) -> None:
        """Take in what was found in another folder."""
        self.recordings += more.recordings
        self.others += more.others
        self.dangling += more.dangling
        self.again += more.again

    def warn(self, folder: Path) -> None:
        """Warn of what is passed over, with its number, in one line."""
        passed_over = []
        if self.others:
            total = sum(self.others.values())
            passed_over.append(f"{total} files not named as recordings ({self.other_kinds})")
        if self.dangling:
            passed_over.append(f"{self.dangling} links to files that are not there")
        if self.again:
            passed_over.append(f"{self.again} links to folders that are read already")
        if passed_over:
            warnings.warn(
                f"{folder}: passed over {' and '.join(passed_over)}", AudioWarning, stacklevel=3
            )


def is_audio(path: Path) -> bool:
    """Tell whether `path` has the name of a recording.

    Hidden files do not count: macOS leaves `._NAME.wav` beside `NAME.wav`, which is not audio.
    """
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")


def audio_files(folder: Path) -> list[Path]:
    """Return the recordings directly in `folder`, sorted.

    Warns
    -----
    AudioWarning
        If visible files are no recordings by their names.
    """
    found = FoundFiles()
    for _ in _enter(folder, found):
        pass
    found.recordings.sort()
    found.warn(folder)
    return found.recordings


def audio_files_below(folder: Path) -> list[Path]:
    """Return the recordings in `folder` and in all visible folders below it, sorted.

    Linked folders are entered, each folder once.

    Warns
    -----
    AudioWarning
        If visible files are no recordings by their names, a linked folder was read already,
        or a link leads nowhere.
    """
    found = find_audio_below(folder)
    found.warn(folder)
    return found.recordings


@contextmanager
def warned_of_afterwards() -> Iterator[None]:
    """Hold warnings back until the body has ended well: an error stands alone."""
    with warnings.catch_warnings(record=True) as held:
        warnings.simplefilter("always")
        yield
    for each in held:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def find_audio_below(folder: Path) -> FoundFiles:
    """Find the recordings in `folder` and in all visible folders below it.

    Raises
    ------
    OSError
        If a folder cannot be listed.
    """
    found = FoundFiles()
    entered: set[tuple[int, int]] = set()
    # Links wait until all real folders are known, so that recordings have their real names.
    waiting, links = [folder], deque[Path]()
    while waiting or links:
        here = waiting.pop() if waiting else links.popleft()
        status = here.stat()
        if (status.st_dev, status.st_ino) in entered:
            found.again += 1
            continue
        entered.add((status.st_dev, status.st_ino))
        for below in _enter(here, found):
            (links if below.is_symlink() else waiting).append(below)
    found.recordings.sort()
    return found


def _enter(folder: Path, found: FoundFiles) -> Iterator[Path]:
    """Sort in the files of a folder, and yield the visible folders in it, sorted."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    for name in names:
        path = folder / name
        if path.is_dir():
            yield path
        elif not is_audio(path):
            found.others[path.suffix.lower()] += 1
        elif path.is_file():
            found.recordings.append(path)
        else:
            found.dangling += 1


def require_folder(path: Path, expected: str) -> None:
    """Raise DatasetError unless `path` is a folder.

    Parameters
    ----------
    path : pathlib.Path
        As the caller gave it.
    expected : str
        For the message: "the folder that holds ...".

    Raises
    ------
    DatasetError
        If `path` does not exist, or is not a folder.
    """
    if not path.exists():
        raise DatasetError(f"{path}: not found, expected {expected}")
    if not path.is_dir():
        raise DatasetError(f"{path}: is a file, expected {expected}")
