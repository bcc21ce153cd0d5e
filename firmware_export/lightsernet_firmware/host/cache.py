"""The cache of compiled engines: a folder for each set of sources and flags.

The folder's name is a hash of everything that a build depends on, so that any
change builds anew. A build writes to a temporary name, so that two processes
that build at the same time do not disturb each other.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from lightsernet_edge.errors import LightSernetError

_TIMEOUT_S = 600
_HASH_DIGITS = 20


def cached_build(name: str, ingredients: Sequence[bytes], build: Callable[[Path], None]) -> Path:
    """Return the path of a file in the cache, building the file if it is not there.

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
        If the cache, in ``$XDG_CACHE_HOME`` or ``~/.cache``, cannot be written to.
    """
    digest = hashlib.sha256()
    for part in ingredients:
        digest.update(f"{len(part)}\n".encode() + part)
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base else Path.home() / ".cache"
    folder = root / "lightsernet-edge" / digest.hexdigest()[:_HASH_DIGITS]
    path = folder / name
    if not path.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as temporary:
                build(Path(temporary) / name)
                (Path(temporary) / name).replace(path)
        except OSError as error:
            raise LightSernetError(f"{folder}: cannot be written ({error.strerror})") from None
    return path


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
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        reason = next((line for line in lines if "error" in line), lines[0])
        raise LightSernetError(f"{command[0]} cannot {what}: {reason}")
    if made is not None and not made.is_file():
        raise LightSernetError(
            f"{command[0]} cannot {what}: it reports success, but gave no {made.name}"
        )
    return done.stdout.decode(errors="replace")


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(list(command), capture_output=True, check=False, timeout=_TIMEOUT_S)
    except OSError as error:
        raise LightSernetError(f"{command[0]}: cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise LightSernetError(f"{command[0]}: did not end within {_TIMEOUT_S} s") from None
