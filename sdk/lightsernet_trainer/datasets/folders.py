"""A folder of class folders: the folder's name is the label."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from lightsernet_edge.audio.scan import FoundFiles, find_audio_below, is_audio, require_folder
from lightsernet_edge.errors import DatasetError
from lightsernet_edge.files.foreign_text import composed

from .clip import Clip, Corpus


def read(data: Path, labels: Sequence[str] | None) -> Corpus:
    """List the clips of a folder of class folders.

    Who speaks is read from a folder within the class folder, `anger/anna/01.wav`, or else
    from the file name up to its first `_` or `-`, `anger/anna_01.wav`. The second counts
    only if all such names together look like speakers: every file has a prefix, there are
    at least two, and each occurs in two classes or more. `anger/anger_01.wav` therefore
    names nobody, and its speaker is empty. Where neither form fits, write a manifest.

    Parameters
    ----------
    data : pathlib.Path
        The folder of class folders.
    labels : sequence of str or None
        The classes in the model's order. None: the folders' names, sorted.

    Returns
    -------
    Corpus
        Clips of all audio files in and below the class folders; linked folders are entered.

    Raises
    ------
    DatasetError
        If the folder is missing, has audio outside a class folder, a class folder without
        audio, or one that `labels` does not name.

    Warns
    -----
    AudioWarning
        Of files that are passed over, with their number.
    """
    require_folder(data, "a folder of class folders")
    strays = sorted(path for path in data.iterdir() if is_audio(path) and path.is_file())
    if strays:
        raise DatasetError(
            f"{strays[0]}: outside any class folder, expected {data}/LABEL/{strays[0].name}"
        )
    folders = sorted(
        path for path in data.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    files = FoundFiles()
    found = [(folder, path) for folder in folders for path in _require_audio(folder, labels, files)]
    files.warn(data)
    speakers = _speaking_prefixes(found)
    clips = []
    for folder, path in found:
        below = path.relative_to(folder).parts
        speaker = below[0] if len(below) > 1 else _prefix(path)
        if len(below) == 1 and speaker not in speakers:
            speaker = ""
        clips.append(Clip(path, folder.name, speaker))
    found_labels = tuple(dict.fromkeys(composed(folder.name) for folder in folders))
    return Corpus(
        name="folders",
        labels=found_labels if labels is None else tuple(labels),
        clips=tuple(clips),
    )


def _require_audio(folder: Path, labels: Sequence[str] | None, files: FoundFiles) -> list[Path]:
    """Return the recordings of a class, and add what lies beside them to `files`."""
    if labels is not None and composed(folder.name) not in labels:
        raise DatasetError(f"{folder}: unknown label, expected one of {' '.join(labels)}")
    found = find_audio_below(folder)
    if not found.recordings:
        others = f" but {found.other_kinds}" if found.others else ""
        raise DatasetError(
            f"{folder}: no audio in this class folder{others}, expected two clips or more"
        )
    files.add(found)
    return found.recordings


def _prefix(path: Path) -> str:
    """Return the name up to its first `_` or `-`, empty if it has none."""
    prefix, separator, _ = path.stem.replace("-", "_").partition("_")
    return prefix if separator else ""


def _speaking_prefixes(found: Sequence[tuple[Path, Path]]) -> frozenset[str]:
    """Return the prefixes if together they look like speakers, else none."""
    classes: dict[str, set[str]] = defaultdict(set)
    for folder, path in found:
        if path.parent == folder:
            classes[_prefix(path)].add(folder.name)
    if "" in classes or len(classes) < 2 or min(map(len, classes.values())) < 2:
        return frozenset()
    return frozenset(classes)
