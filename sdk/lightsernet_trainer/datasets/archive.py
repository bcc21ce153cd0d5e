"""Unpack a zip archive that is not trusted."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath

from lightsernet_edge.errors import DatasetError

# Ten times the size of EMO-DB; a larger archive would only fill the disk.
_MAX_BYTES = 512 * 1024 * 1024
_MAX_ENTRIES = 20_000
_CHUNK = 1 << 20
# Of a file or folder, as most file systems have it.
_MAX_NAME_BYTES = 255
_SHOWN = 100

# What `zipfile` and the decompressors under it raise on damaged bytes. A bzip2 stream's
# damage is an OSError, so reading and writing are kept apart below.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


def unpack(archive: Path, into: Path, *, name: str) -> None:
    """Unpack `archive` into an empty folder, or refuse it.

    Names are checked before anything is written: absolute ones, those with `..`, links,
    doubles, files that are folders as well and long names are refused, and so is an archive of
    more than 20 000 entries or 512 MiB.

    Parameters
    ----------
    archive : pathlib.Path
        The zip file.
    into : pathlib.Path
        The folder. If the archive turns out damaged, the caller removes what was written.
    name : str
        What messages call the archive: its path or its address.

    Raises
    ------
    DatasetError
        If the archive is no zip, damaged, or refused.
    OSError
        If the files cannot be written.
    """
    try:
        opened = zipfile.ZipFile(archive)
    except _DAMAGE as error:
        raise DatasetError(f"{name}: is not a zip archive or is cut off ({error})") from error
    with opened:
        for entry, path in _checked(opened.infolist(), name):
            target = into.joinpath(*path.parts)
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for chunk in _chunks(opened, entry, name):
                    file.write(chunk)


def _checked(
    entries: Sequence[zipfile.ZipInfo], name: str
) -> list[tuple[zipfile.ZipInfo, PureWindowsPath]]:
    """Return the entries with their paths, once all of them are harmless."""
    size = sum(entry.file_size for entry in entries)
    if size > _MAX_BYTES or len(entries) > _MAX_ENTRIES:
        raise DatasetError(
            f"{name}: would unpack to {len(entries)} entries and {size} bytes, "
            f"expected at most {_MAX_ENTRIES} and {_MAX_BYTES}"
        )
    # Windows' rules know both separators and drives, so they also catch what is harmful
    # only there.
    checked = [(entry, PureWindowsPath(entry.filename)) for entry in entries]
    files = {path for entry, path in checked if not entry.is_dir()}
    seen = set()
    for entry, path in checked:
        link = stat.S_ISLNK(entry.external_attr >> 16)
        is_path = path.parts and not path.anchor and ".." not in path.parts
        is_long = any(len(part.encode()) > _MAX_NAME_BYTES for part in path.parts)
        if not is_path or link or is_long or path in seen or not files.isdisjoint(path.parents):
            more = "..." if len(entry.filename) > _SHOWN else ""
            raise DatasetError(
                f"{name}: has the entry {entry.filename[:_SHOWN]!r}{more}, expected relative paths "
                f"without '..' or names of more than {_MAX_NAME_BYTES} bytes, each one once, none "
                "of them a file and a folder, and no links"
            )
        seen.add(path)
    return checked


def _chunks(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """Yield an entry's content, never more than its declared size; its CRC is checked."""
    try:
        with opened.open(entry) as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except _DAMAGE as error:
        raise DatasetError(f"{name}: {entry.filename!r} in it is damaged ({error})") from error
