"""A folder of files, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from lightsernet_edge._version import __version__
from lightsernet_edge.errors import InputError

# What an export writes about itself: its files, and what was in them.
LIST_NAME = "lightsernet-export.json"
# Far more than any list has.
_MOST_LIST_BYTES = 1 << 20


def write_folder(
    folder: Path, kind: str, contents: Mapping[str, bytes], force: bool
) -> tuple[Path, ...]:
    """Write files into a folder that is new, empty, or as an earlier export left it.

    They are written beside their places first and then renamed, so that nothing is there of a
    folder that could not be written. Files of an earlier export that are no longer part of it
    are removed.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    kind : str
        Name of the format, for the list of the files.
    contents : mapping of str to bytes
        By names inside the folder, with ``/``.
    force : bool
        Write too where something else is; that stays, unless it has the name of a file.

    Returns
    -------
    tuple of Path
        The files, their list (`LIST_NAME`) last.

    Raises
    ------
    InputError
        If the folder holds something else and `force` is false, or cannot be written to.
    """
    contents = {**contents, LIST_NAME: _list_of(kind, contents)}
    try:
        if folder.is_dir():
            earlier = _earlier_files(folder)
            if not force:
                _refuse_others(folder, earlier)
            _write_into(folder, contents, earlier)
        else:
            _write_new(folder, contents)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from None
    return tuple(folder / name for name in contents)


def _list_of(kind: str, contents: Mapping[str, bytes]) -> bytes:
    files = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    listed = {"format": kind, "written_by": f"lightsernet-edge {__version__}", "files": files}
    return json.dumps(listed, indent=1).encode() + b"\n"


def _earlier_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 by name of the files that an earlier export wrote, as it listed them."""
    try:
        with (folder / LIST_NAME).open("rb") as file:
            files = json.loads(file.read(_MOST_LIST_BYTES))["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    if not isinstance(files, dict):
        return {}
    return {name: digest for name, digest in files.items() if isinstance(digest, str)}


def _refuse_others(folder: Path, earlier: Mapping[str, str]) -> None:
    """Raise InputError if there is anything that an earlier export did not write as it is."""
    for where, folders, files in os.walk(folder):
        for name in sorted(files + [name for name in folders if (Path(where) / name).is_symlink()]):
            path = Path(where) / name
            inside = path.relative_to(folder).as_posix()
            if inside == LIST_NAME and earlier:
                continue
            if path.is_symlink() or not path.is_file() or inside not in earlier:
                state = "which no export wrote"
            elif hashlib.sha256(path.read_bytes()).hexdigest() != earlier[inside]:
                state = "which has been changed since it was exported"
            else:
                continue
            raise InputError(
                f"{folder}: holds {inside}, {state}; expected an empty folder, a new name, "
                "or --force to write beside it"
            )
        folders.sort()


def _write_new(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        _write_all(beside, contents)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_into(folder: Path, contents: Mapping[str, bytes], earlier: Mapping[str, str]) -> None:
    # Not exchanged for another: the folder may be the one that a shell is in.
    inside = folder / f".export.{secrets.token_hex(4)}"
    try:
        _write_all(inside, contents)
        for name in contents:
            target = folder / name
            if target.is_dir():
                raise InputError(f"{target}: is a folder, expected a file or nothing")
            target.parent.mkdir(parents=True, exist_ok=True)
        for name in contents:
            (inside / name).replace(folder / name)
        for name in set(earlier) - set(contents):
            _remove(folder, name, earlier[name])
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _remove(folder: Path, name: str, digest: str) -> None:
    """Remove a file that is as an export wrote it, and the folders that this leaves empty."""
    path = folder / name
    # The list may have been changed too: nothing outside of the folder is touched.
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        return
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        return
    path.unlink()
    for parent in path.relative_to(folder).parents:
        if parent == Path() or any((folder / parent).iterdir()):
            break
        (folder / parent).rmdir()
