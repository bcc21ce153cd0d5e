"""ELF files of the engine for emulated boards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import InputError

from ..c_export.model_source import model_sources
from ..cross_build import BOARDS, COMMON, PROGRAMS, CrossBuild, build_elf
from ..firmware_model import FirmwareModel

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

    @property
    def has_float_unit(self) -> bool:
        """Whether it computes floats; if not, the engine's front end is the fixed-point one."""
        return "-mfloat-abi=soft" not in self.flags


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
    """Build one of the programs in ``boards/programs`` with a model linked in.

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
    main = program if isinstance(program, Path) else PROGRAMS / f"{program}.c"
    machine = board(target)
    return build_elf(
        CrossBuild(
            sources=(main, *(COMMON / f"{name}.c" for name in _SUPPORT)),
            model=model_sources(model, target),
            core_flags=machine.flags,
            script=(BOARDS / machine.machine / "board.ld").read_text(),
            optimization=optimization,
            defines=defines,
            link_flags=_COUNT_STAGES if program == "bench" else (),
        )
    )
