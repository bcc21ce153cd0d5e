"""The cache of compiled engines: a folder for each set of sources and flags.

The folder's name is a hash of everything that a build depends on, so that any
change builds anew. A build writes to a temporary name, so that two processes
that build at the same time do not disturb each other. Beside a file stands its
SHA-256: one that a crash left empty or short is built again.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from lightsernet_edge.errors import LightSernetError
from lightsernet_edge.files.atomic_write import write_atomically

_TIMEOUT_S = 600
_HASH_DIGITS = 20
# What a linker says of a disk that is full; its driver's own line has no reason.
_REASONS = ("No space left on device", "Disk quota exceeded")
_DRIVER = "collect2:"


def cached_build(name: str, ingredients: Sequence[bytes], build: Callable[[Path], None]) -> Path:
    """Return the path of a file in the cache, building the file if it is not there, or damaged.

    Parameters
    ----------
    name : str
        Name of the file.
    ingredients : sequence of bytes
        Everything that the file depends on.
    build : callable
        Writes the file to the path that it is given.

    Raises
    ------
    LightSernetError
        If the cache, in ``$XDG_CACHE_HOME`` or ``~/.cache``, cannot be written to. Where
        neither is known, the file is built in a temporary folder, once in each process.
    """
    folder = _root() / "lightsernet-edge" / digest_of(ingredients)[:_HASH_DIGITS]
    path = folder / name
    checksum = folder / f"{name}.sha256"
    try:
        if not _is_whole(path, checksum):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as temporary:
                made = Path(temporary) / name
                build(made)
                # While the two are exchanged, others find them unequal and build for themselves.
                write_atomically(checksum, _sha256(made))
                made.replace(path)
    except OSError as error:
        raise LightSernetError(
            f"{folder}: cannot be written ({error.strerror}); XDG_CACHE_HOME may name another place"
        ) from None
    return path


def _root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        # As in a container whose user has no name.
        return Path(_temporary_folder().name)


@cache
def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes with this process."""
    return tempfile.TemporaryDirectory(prefix="lightsernet-edge-")


def _is_whole(path: Path, checksum: Path) -> bool:
    try:
        return checksum.read_bytes() == _sha256(path)
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).hexdigest().encode()


def digest_of(ingredients: Sequence[bytes]) -> str:
    """Return the SHA-256 of everything that a build depends on, in hexadecimal digits."""
    digest = hashlib.sha256()
    for part in ingredients:
        digest.update(f"{len(part)}\n".encode() + part)
    return digest.hexdigest()


def files_with_names(paths: Sequence[Path]) -> list[bytes]:
    """Return the names and contents of files, as ingredients of a build."""
    return [part for path in paths for part in (path.name.encode(), path.read_bytes())]


def compiler_version(compiler: Sequence[str]) -> bytes:
    """Return what a compiler, with its own arguments, prints as its version.

    Raises
    ------
    LightSernetError
        If it cannot be run.
    """
    return _run([*compiler, "--version"]).stdout


def run_tool(command: Sequence[str], what: str, made: Path | None = None) -> str:
    """Run a tool of a toolchain and return its output.

    Parameters
    ----------
    command : sequence of str
    what : str
        What the tool does, for the message: ``compile the engine``.
    made : Path, optional
        The file that the tool must write.

    Raises
    ------
    LightSernetError
        If the tool fails, with its first complaint in the message, or leaves no file.
    """
    done = _run(command)
    if done.returncode != 0:
        reason = _complaint(done.stderr.decode(errors="replace"))
        raise LightSernetError(f"{command[0]} cannot {what}: {reason}")
    if made is not None and not made.is_file():
        raise LightSernetError(
            f"{command[0]} cannot {what}: it reports success, but gave no {made.name}"
        )
    return done.stdout.decode(errors="replace")


def _complaint(stderr: str) -> str:
    """Return the line of a tool's messages that says most."""
    lines = stderr.strip().splitlines() or ["no message"]
    for is_reason in (
        lambda line: any(reason in line for reason in _REASONS),
        lambda line: "error" in line and not line.startswith(_DRIVER),
        lambda line: not line.startswith(_DRIVER),
    ):
        for line in filter(is_reason, lines):
            return line
    return lines[0]


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            list(command),
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_S,
            # The messages are searched for English words.
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        raise LightSernetError(f"{command[0]}: cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise LightSernetError(f"{command[0]}: did not end within {_TIMEOUT_S} s") from None
