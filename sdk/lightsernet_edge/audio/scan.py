"""Finds the recordings in a folder, by their names."""

from pathlib import Path

from ..errors import DatasetError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


def is_audio(path: Path) -> bool:
    """Tell whether `path` has the name of a recording.

    Hidden files do not count: macOS leaves `._NAME.wav` beside `NAME.wav`, which is not audio.
    """
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")


def audio_files(folder: Path) -> list[Path]:
    """Return the recordings directly in `folder`, sorted."""
    return sorted(path for path in folder.iterdir() if is_audio(path) and path.is_file())


def audio_files_below(folder: Path) -> list[Path]:
    """Return the recordings in `folder` and in all visible folders below it, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if is_audio(path)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


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
