"""ELF files of the engine for emulated boards."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import InputError, MissingDependencyError

from ..c_export.model_source import model_sources
from ..engine_files import engine_files, engine_sources, include_flags
from ..firmware_model import FirmwareModel
from ..host.cache import cached_build, compiler_version, files_with_names, run_tool

BOARDS = Path(__file__).parents[1] / "boards"
_COMMON = BOARDS / "common"
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
# `bench` wraps the call of a stage, to count its instructions.
_COUNT_STAGES = ("-Wl,--wrap=lsn_stage_run",)
_SUPPORT = ("startup", "semihosting", "print", "wav_file", "stack_paint", "tick")


@dataclass(frozen=True)
class Board:
    """A board that QEMU emulates.

    Attributes
    ----------
    machine : str
        QEMU's name for it; also the folder of its linker script.
    flags : tuple of str
        Flags of the compiler for its core.
    tick_ns : float
        Virtual nanoseconds per SysTick tick: the period of the core's clock.
    """

    machine: str
    flags: tuple[str, ...]
    tick_ns: float


TARGETS = {
    # Armv6-M is a part of Armv7-M, so a Cortex-M3 runs it.
    "cortex-m0plus": Board(
        "mps2-an385", ("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"), 1e3 / 25
    ),
    "cortex-m3": Board("mps2-an385", ("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft"), 1e3 / 25),
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
    "cortex-m33": Board(
        "mps2-an505",
        ("-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        1e3 / 20,
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
    model: FirmwareModel,
    target: str,
    optimization: str = "-O2",
    defines: tuple[str, ...] = (),
) -> Path:
    """Build one of the programs in ``boards/common`` with a model linked in.

    Parameters
    ----------
    program : str or Path
        ``run_clips``, ``bench`` or ``footprint``, or a C file with its own `main`.
    model : FirmwareModel
    target : str
        A key of `TARGETS`.
    optimization : str
        ``-O2``, ``-O3`` or ``-Os``.
    defines : tuple of str
        Further flags for the compiler.

    Returns
    -------
    Path
        The ELF file, in the cache.

    Raises
    ------
    MissingDependencyError
        If the compiler is not installed.
    LightSernetError
        If the compiler fails.
    """
    main = program if isinstance(program, Path) else _COMMON / f"{program}.c"
    scripts = [BOARDS / board(target).machine / "board.ld", _COMMON / "sections.ld"]
    build = _Build(
        compiler=_tool(_COMPILER, "gcc-arm-none-eabi libnewlib-arm-none-eabi"),
        sources=(*engine_sources(), *(_COMMON / f"{name}.c" for name in _SUPPORT), main),
        model=model_sources(model, target),
        core_flags=board(target).flags,
        flags=(*_FLAGS, optimization, *defines),
        link_flags=(*_LINK_FLAGS, *(_COUNT_STAGES if program == "bench" else ())),
        script=scripts[0],
    )
    ingredients = [
        *files_with_names([*engine_files(), *sorted(_COMMON.iterdir()), *scripts, main]),
        *(text.encode() for text in build.model.values()),
        compiler_version([build.compiler]),
        " ".join([*build.core_flags, *build.flags, *build.link_flags]).encode(),
    ]
    return cached_build(f"{main.stem}.elf", ingredients, build.run)


@dataclass(frozen=True)
class _Build:
    """Arguments of the cross compiler."""

    compiler: str
    sources: tuple[Path, ...]
    model: dict[str, str]
    core_flags: tuple[str, ...]
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    script: Path

    def run(self, elf: Path) -> None:
        """Compile and link into `elf`."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.model.items():
                (Path(folder) / name).write_text(text)
            includes = [*include_flags(), f"-I{_COMMON}", f"-I{folder}"]
            objects = []
            for source in (*self.sources, Path(folder) / "model.c"):
                objects.append(f"{folder}/{source.stem}.o")
                command = [self.compiler, *self.core_flags, *self.flags, *includes]
                command += ["-c", str(source), "-o", objects[-1]]
                run_tool(command, "compile the engine")
            command = [self.compiler, *self.core_flags, *self.link_flags]
            command += [f"-T{self.script}", f"-L{_COMMON}", *objects, "-lm", "-o", str(elf)]
            run_tool(command, "link the engine", elf)


def code_bytes(elf: Path) -> int:
    """Return the size in bytes of an ELF file's code and constants, without the model."""
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
