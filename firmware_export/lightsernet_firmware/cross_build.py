"""ELF files of the engine for the cores of boards, by GCC."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import MissingDependencyError

from .engine_files import engine_files, engine_sources, include_flags
from .host.cache import cached_build, compiler_version, files_with_names, run_tool

BOARDS = Path(__file__).parent / "boards"
COMMON = BOARDS / "common"
PROGRAMS = BOARDS / "programs"
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
_LINK_FLAGS = ("-nostartfiles", "-Wl,--gc-sections", "-Wl,--fatal-warnings")


@dataclass(frozen=True)
class Toolchain:
    """GCC for an architecture, and what programs need there besides C.

    Attributes
    ----------
    prefix : str
        Of the names of its programs.
    packages : str
        Debian packages that have them, and a C library.
    specs : str
        Flag that selects this C library, for compiling and linking.
    folder : str
        Folder of ``boards/`` with what differs from core to core.
    core_files : tuple of str
        C files of this folder from reset to `main`, with the counter of time.
    semihosting : Path
        C file that calls the debugger, or the simulator.
    """

    prefix: str
    packages: str
    specs: str
    folder: str
    core_files: tuple[str, ...] = ("reset.c", "tick.c")
    semihosting: Path = COMMON / "semihosting.c"

    @property
    def core_sources(self) -> tuple[Path, ...]:
        """C files from reset to `main`, and the counter of time."""
        own = BOARDS / self.folder
        return (*(own / name for name in self.core_files), COMMON / "startup.c")

    def program(self, name: str) -> str:
        """Return the path of one of its programs, such as ``gcc``.

        Raises
        ------
        MissingDependencyError
            If it is not found.
        """
        path = shutil.which(self.prefix + name)
        if path is None:
            raise MissingDependencyError(
                f"firmware for a board needs {self.prefix}{name}, which is not found "
                f"(Debian: apt-get install {self.packages})"
            )
        return path

    def compiler(self) -> str:
        """Return the path of its C compiler, which has the C library.

        Raises
        ------
        MissingDependencyError
            If either is not found.
        """
        gcc = self.program("gcc")
        name = self.specs.partition("=")[2]
        # Of a file that it does not find, GCC says the name alone.
        if run_tool([gcc, f"-print-file-name={name}"], "find its library").strip() == name:
            raise MissingDependencyError(
                f"firmware for a board needs {name} of {gcc}'s C library, which is not found "
                f"(Debian: apt-get install {self.packages})"
            )
        return gcc


CORTEX_M = Toolchain(
    "arm-none-eabi-",
    "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "--specs=nano.specs",
    "cortex_m",
)
RISC_V = Toolchain(
    "riscv64-unknown-elf-",
    "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "--specs=picolibc.specs",
    "riscv",
)
XTENSA = Toolchain(
    "xtensa-lx106-elf-",
    "gcc-xtensa-lx106 picolibc-xtensa-lx106-elf",
    # Debian has it in the folder above the libraries.
    "--specs=../picolibc.specs",
    "xtensa",
    ("reset.c", "tick.c", "rom_arithmetic.c"),
    BOARDS / "xtensa" / "semihosting.c",
)


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
    toolchain : Toolchain
    core_flags : tuple of str
        Flags of the compiler for the core.
    script : str
        Text of the linker script: the board's memory.
    optimization : str
        ``-O2``, ``-O3`` or ``-Os``.
    defines, link_flags : tuple of str
        Further flags for compiling the program, without the engine, and for linking.
    """

    sources: tuple[Path, ...]
    model: dict[str, str]
    toolchain: Toolchain
    core_flags: tuple[str, ...]
    script: str
    optimization: str = "-O2"
    defines: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()

    @property
    def compiler_flags(self) -> tuple[str, ...]:
        """All flags of the engine; a program has `defines` besides."""
        return (*self.core_flags, *_FLAGS, self.toolchain.specs, self.optimization)

    @property
    def linker_flags(self) -> tuple[str, ...]:
        """All flags for linking."""
        return (*self.core_flags, *_LINK_FLAGS, self.toolchain.specs, *self.link_flags)


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
    compiler = build.toolchain.compiler()
    headers = sorted(COMMON.iterdir()) + sorted(PROGRAMS.glob("*.h"))
    ingredients = [
        *files_with_names([*engine_files(), *headers, *build.sources]),
        *(text.encode() for text in (*build.model.values(), build.script)),
        compiler_version([compiler]),
        " ".join([*build.compiler_flags, *build.defines, *build.linker_flags]).encode(),
    ]
    return cached_build(
        f"{build.sources[0].stem}.elf", ingredients, lambda elf: _run(build, compiler, elf)
    )


def _run(build: CrossBuild, compiler: str, elf: Path) -> None:
    """Compile and link into `elf`."""
    engine = _engine_archive(build, compiler)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in {**build.model, "board.ld": build.script}.items():
            (folder / file).write_text(text)
        command = [compiler, *build.compiler_flags, *build.defines, *include_flags()]
        command += [f"-I{COMMON}", f"-I{folder}"]
        objects = _compile(command, [*build.sources, *sorted(folder.glob("*.c"))], folder)
        command = [compiler, *build.linker_flags, f"-T{folder}/board.ld", f"-L{COMMON}"]
        command += [*objects, str(engine), "-lm", "-o", str(elf)]
        run_tool(command, "link the engine", elf)


def _engine_archive(build: CrossBuild, compiler: str) -> Path:
    """Return the engine's objects in an archive, in the cache: the programs of a core share it."""
    command = [compiler, *build.compiler_flags, *include_flags()]
    ingredients = [
        *files_with_names(engine_files()),
        compiler_version([compiler]),
        " ".join(build.compiler_flags).encode(),
    ]

    def make(archive: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            objects = _compile(command, engine_sources(), Path(name))
            archiver = build.toolchain.program("ar")
            run_tool([archiver, "rcs", str(archive), *objects], "keep the engine", archive)

    return cached_build("engine.a", ingredients, make)


def _compile(command: Sequence[str], sources: Sequence[Path], folder: Path) -> list[str]:
    """Compile C files to objects in `folder`, and return their paths."""
    objects = []
    for source in sources:
        objects.append(f"{folder}/{source.stem}.o")
        run_tool([*command, "-c", str(source), "-o", objects[-1]], "compile the engine")
    return objects


def code_bytes(elf: Path, toolchain: Toolchain) -> int:
    """Return the size in bytes of an ELF file's code and constants, without the model."""
    sizes = {}
    for line in run_tool([toolchain.program("size"), "-A", str(elf)], "read").splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit():
            sizes[words[0]] = int(words[1])
    return sum(sizes.get(section, 0) for section in (".text", ".ARM.exidx", ".data"))
