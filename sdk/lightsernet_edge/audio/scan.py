"""Find the audio files of a data set on disk."""

from pathlib import Path

from ..errors import DatasetError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


def is_audio(path: Path) -> bool:
    """Tell by its name whether `path` is an audio file.

    Hidden files are none: macOS leaves `._NAME.wav` beside `NAME.wav`, and it is no audio.
    """
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")


def audio_files(folder: Path) -> list[Path]:
    """Return the audio files directly in `folder`, sorted."""
    return sorted(path for path in folder.iterdir() if is_audio(path) and path.is_file())


def audio_files_below(folder: Path) -> list[Path]:
    """Return the audio files in `folder` and in the visible folders below it, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if is_audio(path)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def require_folder(path: Path, expected: str) -> None:
    """Raise unless `path` is a folder.

    Parameters
    ----------
    path : pathlib.Path
        What the caller named.
    expected : str
        What it should be, for the message: "the folder that holds ...".

    Raises
    ------
    DatasetError
        If there is nothing at `path`, or something else.
    """
    if not path.exists():
        raise DatasetError(f"{path}: not found, expected {expected}")
    if not path.is_dir():
        raise DatasetError(f"{path}: is a file, expected {expected}")
