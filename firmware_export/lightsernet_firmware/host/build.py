"""The C engine as a shared library for this machine, compiled once and cached."""

from __future__ import annotations

import ctypes
import os
import platform
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightsernet_edge.errors import LightSernetError, MissingDependencyError

from ..engine_files import engine_files, engine_sources, include_flags
from .cache import cached_build, compiler_version, files_with_names, run_tool
from .kernels import VARIABLE, kernel_flags
from .packaged import packaged_library

BENCH_SOURCES = (Path(__file__).parents[1] / "boards" / "host" / "bench_front_end.c",)

# C99 without contraction of float operations, so that the front end gives the
# same bits as on a board. -O3 vectorises the loops that have no kernels.
# -fno-math-errno lets sqrtf be one instruction.
LIBRARY_FLAGS = (
    "-std=c99",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fPIC",
    "-shared",
)
# The library never leaves the machine that compiles it, and its widest vectors
# choose the kernels of the convolutions.
FLAGS = (*LIBRARY_FLAGS, "-march=native")
# For `host_library`: the front end of cores that have no floating-point unit.
FIXED_POINT_FRONT_END = ("-DLSN_FIXED_POINT_FRONT_END=1",)


def host_library(
    more_sources: tuple[Path, ...] = (),
    more_flags: tuple[str, ...] = (),
    kernels: str | None = None,
) -> Path:
    """Return the path of the compiled library, building it if nobody has yet.

    One that the package carries, as platform wheels do, comes first; then the cache. The
    compiler is ``$CC``, which may hold arguments as in make, or ``cc``. The kernels are the best
    that it has for this processor. Those that ``$LIGHTSERNET_KERNELS`` names are compiled here.

    Parameters
    ----------
    more_sources : tuple of Path
        C files to compile besides the engine's.
    more_flags : tuple of str
        Flags that follow `FLAGS`.
    kernels : str, optional
        Those to compile, instead of what the variable says.

    Raises
    ------
    MissingDependencyError
        If there is no C compiler, and the package carries no library for this processor.
    InputError
        If `kernels`, or else ``$LIGHTSERNET_KERNELS``, names none that this processor runs.
    LightSernetError
        If the compiler fails, ``$CC`` is no command, or the cache cannot be written to.
    """
    is_special = more_sources or more_flags or kernels or os.environ.get(VARIABLE)
    carried = None if is_special else packaged_library()
    if carried is not None:
        return carried
    compiler = _compiler()
    flags = [*FLAGS, *kernel_flags(kernels), *more_flags]

    def build(library: Path) -> None:
        compile_engine(compiler, flags, library, more_sources)

    ingredients = [
        *files_with_names([*engine_files(), *more_sources]),
        compiler_version(compiler),
        os.fsencode(" ".join([*compiler, *flags])),
        _processor().encode(),
    ]
    return cached_build("liblightsernet.so", ingredients, build)


def compile_engine(
    compiler: Sequence[str],
    flags: Sequence[str],
    library: Path,
    more_sources: Sequence[Path] = (),
) -> None:
    """Compile the engine to a shared library.

    Parameters
    ----------
    compiler : sequence of str
        The compiler and its own arguments.
    flags : sequence of str
        `LIBRARY_FLAGS`, and those that choose the processor.
    library : Path
        Where it goes.
    more_sources : sequence of Path
        C files to compile besides the engine's.

    Raises
    ------
    LightSernetError
        If the compiler cannot be run, or fails.
    """
    command = [*compiler, *flags, *include_flags()]
    command += [*map(str, [*engine_sources(), *more_sources]), "-o", str(library), "-lm"]
    run_tool(command, "compile the engine", library)


def load_library(path: str) -> Any:
    """Load a compiled engine.

    Raises
    ------
    LightSernetError
        If the system refuses, as from a folder that is mounted ``noexec``.
    """
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        # The dynamic loader names the path itself.
        reason = str(error).removeprefix(f"{path}: ")
        raise LightSernetError(
            f"{path}: cannot be loaded ({reason}); if programs may not run from there (noexec), "
            "XDG_CACHE_HOME may name another place"
        ) from None


def _compiler() -> list[str]:
    """Return the compiler and its own arguments."""
    words = _words(os.environ.get("CC", "")) or ["cc"]
    path = shutil.which(words[0])
    if path is None:
        raise MissingDependencyError(
            f"engine native needs a C compiler, but {words[0]!r} is not found: install one "
            "(Debian: apt-get install gcc libc6-dev) or name it in CC"
        )
    return [path, *words[1:]]


def _words(command: str) -> list[str]:
    """Split a command such as ``ccache gcc``; the path of a program may hold spaces."""
    if shutil.which(command):
        return [command]
    try:
        return shlex.split(command)
    except ValueError as error:
        raise LightSernetError(f"CC: found {command!r}, expected a command ({error})") from None


def _processor() -> str:
    """Return what ``-march=native`` depends on: machines may share a home folder."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine() + platform.processor()
    wanted = ("model name", "flags", "Features", "CPU part")
    return "".join(sorted({line for line in lines if line.startswith(wanted)}))
