"""ELF files of the engine for emulated boards."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import InputError, MissingDependencyError

from ..engine_files import engine_files, engine_sources, include_flags
from ..export.c_export import model_sources
from ..host.cache import cached_build, compiler_version, files_with_names, run_tool

BOARDS = Path(__file__).parents[1] / "boards"
_COMMON = BOARDS / "common"
_COMPILER = "arm-none-eabi-gcc"
_FLAGS = (
    "-std=c99",
    "-ffunction-sections",
    "-fdata-sections",
    # As on the host: the front end's floats are the same bits everywhere.
    "-ffp-contract=off",
    "-fno-math-errno",
    "-Wall",
    "-Wextra",
    "-Werror",
)
_LINK_FLAGS = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--fatal-warnings")
_SUPPORT = ("startup", "semihosting", "print", "wav_file", "stack_paint", "tick")


@dataclass(frozen=True)
class Board:
    """A board that QEMU emulates.

    Attributes
    ----------
    machine : str
        QEMU's name for it; also the folder of its linker script.
    flags : tuple of str
        Of the compiler, for its core.
    tick_ns : float
        Virtual nanoseconds of one SysTick tick: the period of the core's clock.
    """

    machine: str
    flags: tuple[str, ...]
    tick_ns: float


TARGETS = {
    "cortex-m4": Board(
        "mps2-an386",
        ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
        1e3 / 25,
    ),
    "cortex-m7": Board(
        "mps2-an500",
        ("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"),
        1e3 / 25,
    ),
    "cortex-m55": Board(
        "mps3-an547", ("-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"), 1e3 / 32
    ),
}


def board(target: str) -> Board:
    """Return the board of a target.

    Raises
    ------
    InputError
        If there is no such target.
    """
    if target not in TARGETS:
        raise InputError(f"target: found {target!r}, expected one of {', '.join(TARGETS)}")
    return TARGETS[target]


def build_program(
    program: str | Path,
    target: str,
    blob: bytes,
    ram: int,
    labels: int,
    optimization: str = "-O2",
    defines: tuple[str, ...] = (),
) -> Path:
    """Build one of the programs in ``boards/common`` with a model linked in.

    Parameters
    ----------
    program : str or Path
        ``run_clips``, ``bench`` or ``footprint``, or a C file with a main of
        its own.
    target : str
        A key of `TARGETS`.
    blob : bytes
    ram : int
        Bytes of a stream on the target.
    labels : int
    optimization : str
        ``-O2``, ``-O3`` or ``-Os``.
    defines : tuple of str
        More flags for the compiler.

    Returns
    -------
    Path
        The ELF file, in the cache.

    Raises
    ------
    MissingDependencyError
        If the compiler is not installed.
    LightSernetError
        If it fails.
    """
    the_board = board(target)
    compiler = _tool(_COMPILER, "gcc-arm-none-eabi libnewlib-arm-none-eabi")
    main = program if isinstance(program, Path) else _COMMON / f"{program}.c"
    sources = [*engine_sources(), *(_COMMON / f"{name}.c" for name in _SUPPORT), main]
    scripts = [BOARDS / the_board.machine / "board.ld", _COMMON / "sections.ld"]
    flags = [*the_board.flags, *_FLAGS, optimization, *defines]
    link = list(_LINK_FLAGS)
    if program == "bench":
        link.append("-Wl,--wrap=lsn_stage_run")
    model = model_sources(blob, ram, labels)

    def build(elf: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in model.items():
                (Path(folder) / name).write_text(text)
            objects = []
            includes = [*include_flags(), f"-I{_COMMON}"]
            for source in [*sources, Path(folder) / "model.c"]:
                objects.append(f"{folder}/{source.stem}.o")
                command = [compiler, *flags, *includes, f"-I{folder}", "-c", str(source)]
                run_tool([*command, "-o", objects[-1]], "compile the engine")
            command = [compiler, *the_board.flags, *link, f"-T{scripts[0]}", f"-L{_COMMON}"]
            run_tool([*command, *objects, "-lm", "-o", str(elf)], "link the engine", elf)

    ingredients = [
        *files_with_names([*engine_files(), *sorted(_COMMON.iterdir()), *scripts, main]),
        *(text.encode() for text in model.values()),
        compiler_version([compiler]),
        " ".join([*flags, *link]).encode(),
    ]
    return cached_build(f"{main.stem}.elf", ingredients, build)


def code_bytes(elf: Path) -> int:
    """Return the size of an ELF file's code and constants, without the model."""
    output = run_tool(
        [_tool("arm-none-eabi-size", "binutils-arm-none-eabi"), "-A", str(elf)], "read"
    )
    sizes = {}
    for line in output.splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit():
            sizes[words[0]] = int(words[1])
    return sum(sizes.get(section, 0) for section in (".text", ".ARM.exidx", ".data"))


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise MissingDependencyError(
            f"emulated boards need {name}, which is not found (Debian: apt-get install {package})"
        )
    return path
