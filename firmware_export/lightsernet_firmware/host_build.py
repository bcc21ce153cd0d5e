"""The C engine as a shared library for this machine, compiled once and kept.

The library goes into a cache, in a folder named after the hash of sources,
flags, compiler and processor: a change of any of them builds it again, and two
processes that build at once do not disturb each other.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from lightsernet_edge.errors import LightSernetError, MissingDependencyError

ENGINE = Path(__file__).parent / "engine"

# C99 without contraction of float operations, so that the front end gives the
# same bits as on a board. -march=native because the library never leaves the
# machine it is compiled on, and the inner loops of the convolutions are two to
# four times faster with its widest vectors; -O3 because they are vectorised
# there. -fno-math-errno lets sqrtf be one instruction.
FLAGS = (
    "-std=c99",
    "-O3",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fPIC",
    "-shared",
)
_TIMEOUT_S = 300


def engine_sources() -> list[Path]:
    """Return the engine's C files, in order of their names."""
    return sorted((ENGINE / "src").glob("*.c"))


def host_library() -> Path:
    """Return the compiled library, building it if the cache lacks it.

    The compiler is ``$CC``, or ``cc``; the cache is ``$XDG_CACHE_HOME`` or
    ``~/.cache``.

    Raises
    ------
    MissingDependencyError
        If there is no C compiler.
    LightSernetError
        If it fails, or the cache cannot be written to.
    """
    compiler = _compiler()
    folder = _cache() / _key(compiler)
    library = folder / "liblightsernet.so"
    if not library.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _build(compiler, library)
        except OSError as error:
            raise LightSernetError(
                f"{folder}: the engine cannot be built there ({error.strerror})"
            ) from None
    return library


def _compiler() -> str:
    name = os.environ.get("CC") or "cc"
    path = shutil.which(name)
    if path is None:
        raise MissingDependencyError(
            f"engine native needs a C compiler, but {name!r} is not found: install one "
            "(Debian: apt-get install gcc libc6-dev) or name it in CC"
        )
    return path


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lightsernet-edge" / "engine"


def _key(compiler: str) -> str:
    digest = hashlib.sha256()
    for path in [*engine_sources(), *sorted(ENGINE.rglob("*.h"))]:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    version = subprocess.run(
        [compiler, "--version"], capture_output=True, check=False, timeout=_TIMEOUT_S
    )
    digest.update(version.stdout + " ".join(FLAGS).encode() + _processor().encode())
    return digest.hexdigest()[:20]


def _processor() -> str:
    """Return what ``-march=native`` depends on: a home may be shared by machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine() + platform.processor()
    wanted = ("model name", "flags", "Features", "CPU part")
    return "".join(sorted({line for line in lines if line.startswith(wanted)}))


def _build(compiler: str, library: Path) -> None:
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        temporary = Path(folder) / library.name
        command = [compiler, *FLAGS, f"-I{ENGINE / 'include'}"]
        command += [*map(str, engine_sources()), "-o", str(temporary), "-lm"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no message"]
            reason = next((line for line in lines if "error" in line), lines[0])
            raise LightSernetError(f"{compiler} cannot compile the engine: {reason}")
        temporary.replace(library)
