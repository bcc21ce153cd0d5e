"""Get EMO-DB: download, unpack, check every recording, move into place."""

import csv
import filecmp
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lightsernet_edge.errors import DatasetError, DownloadError, InputError, LightSernetError
from lightsernet_edge.files.folder_lock import locked

from .archive import unpack
from .download import download

# Three times the size of the archive.
MOST_BYTES = 128 * 1024 * 1024
EMODB_URL = "http://emodb.bilderbar.info/download/download.zip"

# The recordings are moved last: a folder that has them has the rest too.
_CONTENTS = ("erklaerung.txt", "erkennung.txt", "lablaut", "labsilb", "silb", "wav")
# Inside the target, so that moving into place never crosses a file system.
_STAGING = ".fetch-emodb"


@dataclass(frozen=True)
class _Checksums:
    """SHA-256 (hex): of recordings by file name, of all else by path."""

    recordings: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class FetchReport:
    """The outcome of a fetch.

    Attributes
    ----------
    folder : pathlib.Path
        The data set's folder.
    files : int
        Recordings in it, each with the SHA-256 that was expected.
    bytes : int
        Their size together.
    already_there : bool
        Whether the folder was complete before, so that nothing was fetched.
    """

    folder: Path
    files: int
    bytes: int
    already_there: bool = False


def emodb_checksums() -> dict[str, str]:
    """Return the SHA-256 (hex) of each of EMO-DB's 535 recordings by file name."""
    return _checksums("emodb_sha256.csv")


def emodb_label_checksums() -> dict[str, str]:
    """Return the SHA-256 (hex) of what EMO-DB holds besides, by path: ``silb/03a01Fa.silb``."""
    return _checksums("emodb_labels_sha256.csv")


def _checksums(table: str) -> dict[str, str]:
    content = (resources.files("lightsernet_trainer.datasets") / table).read_text(encoding="ascii")
    return {row["file"]: row["sha256"] for row in csv.DictReader(content.splitlines())}


def fetch_emodb(
    to: Path,
    *,
    url: str = EMODB_URL,
    archive: Path | None = None,
    progress: bool = True,
    checksums: Mapping[str, str] | None = None,
    label_checksums: Mapping[str, str] | None = None,
    timeout_s: float = 30.0,
) -> FetchReport:
    """Put EMO-DB into a folder and check every file of it.

    What a folder lacks is added. No file that is there is changed or removed.

    Parameters
    ----------
    to : pathlib.Path
        New, empty, or EMO-DB's. Afterwards it holds `wav/` and the rest of EMO-DB.
    url : str
        Where to get the archive.
    archive : pathlib.Path or None
        A local copy of it, used instead of `url`.
    progress : bool
        Whether to draw a bar on stderr, if that is a terminal.
    checksums, label_checksums : mapping of str to str or None
        SHA-256 (hex) of recordings by file name, of all else by path; None: EMO-DB's.
    timeout_s : float
        How long the server may stay silent, seconds.

    Returns
    -------
    FetchReport

    Raises
    ------
    DownloadError
        If the download fails, or what arrives is not EMO-DB.
    DatasetError
        If `archive` is not EMO-DB's, or `to` holds something else.
    InputError
        If `to` is a file or `url` no HTTP address.
    MissingDependencyError
        If the downloader is not installed.
    LightSernetError
        If the files cannot be written.
    """
    sums = emodb_checksums() if checksums is None else checksums
    labels = emodb_label_checksums() if label_checksums is None else label_checksums
    _expect_folder_and_archive(to, archive)
    try:
        if (to / "wav").is_dir():
            missing, size = _check(to / "wav", sums, name=str(to / "wav"))
            if not missing:
                return FetchReport(to, len(sums), size, already_there=True)
        _refuse_others_folder(to, archive)
        return _fetch_into(to, url, archive, _Checksums(sums, labels), progress, timeout_s)
    except OSError as error:
        raise LightSernetError(
            f"{error.filename or to}: cannot be read or written ({error.strerror or error})"
        ) from error


def _expect_folder_and_archive(to: Path, archive: Path | None) -> None:
    if to.exists() and not to.is_dir():
        raise InputError(f"{to}: is a file, expected a folder for EMO-DB")
    if archive is not None and not archive.is_file():
        raise DatasetError(f"{archive}: no such file, expected EMO-DB's zip archive")


def _fetch_into(
    to: Path,
    url: str,
    archive: Path | None,
    sums: _Checksums,
    progress: bool,
    timeout_s: float,
) -> FetchReport:
    created = [folder for folder in (to, *to.parents) if not folder.exists()]
    staging = to / _STAGING
    try:
        to.mkdir(parents=True, exist_ok=True)
        with locked(to) as is_ours:
            if not is_ours:
                raise DatasetError(f"{to}: another fetch is at work there, expected none")
            # An earlier run that was killed may have left it.
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            try:
                unpacked, size = _staged(staging, url, archive, sums, progress, timeout_s)
                _move(unpacked, to)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except BaseException:
        for folder in created:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
    return FetchReport(to, len(sums.recordings), size)


def _staged(
    staging: Path,
    url: str,
    archive: Path | None,
    sums: _Checksums,
    progress: bool,
    timeout_s: float,
) -> tuple[Path, int]:
    """Return what `_unpack` does, of the archive or of what is downloaded."""
    if archive is not None:
        return _unpack(archive, staging, sums, name=str(archive))
    source = staging / "download.zip"
    download(url, source, most_bytes=MOST_BYTES, timeout_s=timeout_s, progress=progress)
    try:
        return _unpack(source, staging, sums, name=url)
    except DatasetError as error:
        raise DownloadError(str(error)) from error


def _refuse_others_folder(to: Path, archive: Path | None) -> None:
    """Raise if `to` holds other things: EMO-DB does not unpack into somebody's home folder."""
    expected = {to / name for name in (*_CONTENTS, _STAGING)}
    others = sorted(set(to.iterdir()) - expected) if to.is_dir() else []
    others = [path for path in others if archive is None or path.resolve() != archive.resolve()]
    if others:
        raise DatasetError(
            f"{to}: holds {others[0].name}, expected a new or empty folder, or EMO-DB's"
        )


def _unpack(archive: Path, staging: Path, sums: _Checksums, name: str) -> tuple[Path, int]:
    """Unpack and check; return the folder that holds `wav/`, and the recordings' size in bytes."""
    root = staging / "unpacked"
    root.mkdir()
    unpack(archive, root, name=name)
    # With or without a folder around everything: archives of it exist in both forms.
    candidates = [path for path in (root / "wav", *sorted(root.glob("*/wav"))) if path.is_dir()]
    if not candidates:
        raise DatasetError(f"{name}: has no folder wav/, expected EMO-DB's archive")
    wav = candidates[0]
    missing, size = _check(wav, sums.recordings, name=name)
    if missing:
        raise DatasetError(
            f"{name}: lacks {len(missing)} of {len(sums.recordings)} recordings, the first "
            f"{missing[0]}, expected all of EMO-DB"
        )
    _keep_labels(wav.parent, sums, name)
    return wav.parent, size


def _keep_labels(unpacked: Path, sums: _Checksums, name: str) -> None:
    """Remove what is not EMO-DB's from beside and between its recordings.

    Raises
    ------
    DatasetError
        If a file of EMO-DB has other bytes.
    """
    for path in sorted(unpacked.rglob("*")):
        file = path.relative_to(unpacked).as_posix()
        if not path.is_file() or file.removeprefix("wav/") in sums.recordings:
            continue
        if file not in sums.labels:
            path.unlink()
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != sums.labels[file]:
            raise DatasetError(
                f"{name}: {file} is damaged, its SHA-256 is {digest}, expected {sums.labels[file]}"
            )


def _check(wav: Path, sums: Mapping[str, str], name: str) -> tuple[list[str], int]:
    """Return the recordings that `wav` lacks, and the size in bytes of those it has.

    Raises
    ------
    DatasetError
        If a recording is not EMO-DB's or has other bytes.
    """
    found = {path.name: path for path in wav.glob("*.wav") if not path.name.startswith(".")}
    strangers = sorted(found.keys() - sums.keys())
    if strangers:
        raise DatasetError(f"{name}: has {strangers[0]}, expected EMO-DB's {len(sums)} recordings")
    size = 0
    for file, path in sorted(found.items()):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != sums[file]:
            raise DatasetError(
                f"{name}: {file} is damaged, its SHA-256 is {digest}, expected {sums[file]}"
            )
        size += len(content)
    return sorted(sums.keys() - found.keys()), size


def _move(unpacked: Path, to: Path) -> None:
    """Move EMO-DB's own entries into `to`, past the files that are there already."""
    contents = [unpacked / name for name in _CONTENTS if (unpacked / name).exists()]
    for source in contents:
        for conflict in _conflicts(source, to / source.name):
            raise DatasetError(f"{conflict}: differs from EMO-DB's, expected it gone or the same")
    for source in contents:
        _merge(source, to / source.name)


def _conflicts(source: Path, target: Path) -> Iterator[Path]:
    """Yield what is at or below `target` and differs from what is to be put there."""
    if not target.exists():
        return
    if source.is_dir() and target.is_dir():
        for child in sorted(source.iterdir()):
            yield from _conflicts(child, target / child.name)
    elif not (source.is_file() and target.is_file() and filecmp.cmp(source, target, shallow=False)):
        yield target


def _merge(source: Path, target: Path) -> None:
    if not target.exists():
        source.replace(target)
    elif source.is_dir():
        for child in sorted(source.iterdir()):
            _merge(child, target / child.name)
