"""ELF files of the engine for Cortex-M cores, by Arm's GCC."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import MissingDependencyError

from .engine_files import engine_files, engine_sources, include_flags
from .host.cache import cached_build, compiler_version, files_with_names, run_tool

BOARDS = Path(__file__).parent / "boards"
COMMON = BOARDS / "common"
PROGRAMS = BOARDS / "programs"
_COMPILER = "arm-none-eabi-gcc"
_FLAGS = (
    "-std=c99",
    "-ffunction-sections",
    "-fdata-sections",
    # As on the host, so that the front end's floats are the same bits everywhere.
    "-ffp-contract=off",
    "-fno-math-errno",
    "-Wall",
    "-Wextra",
    "-Werror",
)
_LINK_FLAGS = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--fatal-warnings")


@dataclass(frozen=True)
class CrossBuild:
    """A program for a board, with the engine and a model linked in.

    Attributes
    ----------
    sources : tuple of Path
        The program's C files, the one with `main` first. They may include what is in
        ``boards/common``.
    model : dict of str to str
        Text of further files by name, ``model.c`` and its headers among them; each ``.c`` is
        compiled.
    core_flags : tuple of str
        Flags of the compiler for the core.
    script : str
        Text of the linker script: the board's memory.
    optimization : str
        ``-O2``, ``-O3`` or ``-Os``.
    defines, link_flags : tuple of str
        Further flags for the compiler, and for linking.
    """

    sources: tuple[Path, ...]
    model: dict[str, str]
    core_flags: tuple[str, ...]
    script: str
    optimization: str = "-O2"
    defines: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()

    @property
    def compiler_flags(self) -> tuple[str, ...]:
        """All flags but those of the core."""
        return (*_FLAGS, self.optimization, *self.defines)

    @property
    def linker_flags(self) -> tuple[str, ...]:
        """All flags for linking but those of the core."""
        return (*_LINK_FLAGS, *self.link_flags)


def build_elf(build: CrossBuild) -> Path:
    """Compile and link a program.

    Returns
    -------
    Path
        The ELF file, in the cache.

    Raises
    ------
    MissingDependencyError
        If the compiler is not installed.
    LightSernetError
        If the compiler fails, as when the board's memory is too small.
    """
    compiler = tool(_COMPILER, "gcc-arm-none-eabi libnewlib-arm-none-eabi")
    headers = sorted(COMMON.iterdir()) + sorted(PROGRAMS.glob("*.h"))
    ingredients = [
        *files_with_names([*engine_files(), *headers, *build.sources]),
        *(text.encode() for text in (*build.model.values(), build.script)),
        compiler_version([compiler]),
        " ".join([*build.core_flags, *build.compiler_flags, *build.linker_flags]).encode(),
    ]
    return cached_build(
        f"{build.sources[0].stem}.elf", ingredients, lambda elf: _run(build, compiler, elf)
    )


def _run(build: CrossBuild, compiler: str, elf: Path) -> None:
    """Compile and link into `elf`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in {**build.model, "board.ld": build.script}.items():
            (folder / file).write_text(text)
        includes = [*include_flags(), f"-I{COMMON}", f"-I{folder}"]
        objects = []
        for source in (*engine_sources(), *build.sources, *sorted(folder.glob("*.c"))):
            objects.append(f"{folder}/{source.stem}.o")
            command = [compiler, *build.core_flags, *build.compiler_flags, *includes]
            command += ["-c", str(source), "-o", objects[-1]]
            run_tool(command, "compile the engine")
        command = [compiler, *build.core_flags, *build.linker_flags]
        command += [f"-T{folder}/board.ld", f"-L{COMMON}", *objects, "-lm", "-o", str(elf)]
        run_tool(command, "link the engine", elf)


def code_bytes(elf: Path) -> int:
    """Return the size in bytes of an ELF file's code and constants, without the model."""
    size = tool("arm-none-eabi-size", "binutils-arm-none-eabi")
    sizes = {}
    for line in run_tool([size, "-A", str(elf)], "read").splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit():
            sizes[words[0]] = int(words[1])
    return sum(sizes.get(section, 0) for section in (".text", ".ARM.exidx", ".data"))


def tool(name: str, package: str) -> str:
    """Return the path of a program.

    Raises
    ------
    MissingDependencyError
        If it is not found; `package` are the Debian packages that have it.
    """
    path = shutil.which(name)
    if path is None:
        raise MissingDependencyError(
            f"firmware for a board needs {name}, which is not found "
            f"(Debian: apt-get install {package})"
        )
    return path
