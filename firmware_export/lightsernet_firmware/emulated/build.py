"""ELF files of the engine for emulated boards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import InputError

from ..c_export.model_source import model_sources
from ..cross_build import (
    BOARDS,
    COMMON,
    CORTEX_M,
    PROGRAMS,
    RISC_V,
    XTENSA,
    CrossBuild,
    Toolchain,
    build_elf,
)
from ..firmware_model import FirmwareModel

# `bench` wraps the call of a stage, to count its instructions.
_COUNT_STAGES = ("-Wl,--wrap=lsn_stage_run",)
_SUPPORT = ("print", "wav_file", "stack_paint")


@dataclass(frozen=True)
class Emulator:
    """QEMU for an architecture, and the compiler for it.

    Attributes
    ----------
    name : str
        Of the program.
    package : str
        Debian package that has it.
    toolchain : Toolchain
    """

    name: str
    package: str
    toolchain: Toolchain


ARM = Emulator("qemu-system-arm", "qemu-system-arm", CORTEX_M)
RISC_V_32 = Emulator("qemu-system-riscv32", "qemu-system-misc", RISC_V)
XTENSA_SIMULATOR = Emulator("qemu-system-xtensa", "qemu-system-misc", XTENSA)


@dataclass(frozen=True)
class Board:
    """A board that QEMU emulates.

    Attributes
    ----------
    emulator : Emulator
    machine : str
        QEMU's name for it; also the folder of its linker script.
    flags : tuple of str
        Flags of the compiler for its core.
    tick_ns : float
        Virtual nanoseconds per tick: the period of the core's clock on Cortex-M and Xtensa,
        an instruction on RISC-V.
    arguments : tuple of str
        Further arguments of the emulator.
    link_flags : tuple of str
        Further flags for linking.
    has_float_unit : bool
        Whether it computes floats; if not, the engine's front end is the fixed-point one.
    """

    emulator: Emulator
    machine: str
    flags: tuple[str, ...]
    tick_ns: float
    arguments: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    has_float_unit: bool = True


def _cortex_m(cpu: str, machine: str, floats: str, *more: str, mhz: int) -> Board:
    flags = (f"-mcpu={cpu}", "-mthumb", f"-mfloat-abi={floats}", *more)
    return Board(ARM, machine, flags, 1e3 / mhz, has_float_unit=floats == "hard")


def _rv32(*flags: str, lacks: str, link: tuple[str, ...] = ()) -> Board:
    # Instructions of the extensions that the core lacks are exceptions.
    cpu = ",".join(["rv32", *(f"{extension}=false" for extension in f"g{lacks}")])
    arguments = ("-bios", "none", "-cpu", cpu)
    return Board(RISC_V_32, "virt", flags, 1.0, arguments, link, has_float_unit="f" not in lacks)


TARGETS = {
    # Armv6-M is a part of Armv7-M, so a Cortex-M3 runs it.
    "cortex-m0plus": _cortex_m("cortex-m0plus", "mps2-an385", "soft", mhz=25),
    "cortex-m3": _cortex_m("cortex-m3", "mps2-an385", "soft", mhz=25),
    "cortex-m4": _cortex_m("cortex-m4", "mps2-an386", "hard", "-mfpu=fpv4-sp-d16", mhz=25),
    "cortex-m7": _cortex_m("cortex-m7", "mps2-an500", "hard", "-mfpu=fpv5-d16", mhz=25),
    "cortex-m33": _cortex_m("cortex-m33", "mps2-an505", "hard", "-mfpu=fpv5-sp-d16", mhz=20),
    "cortex-m55": _cortex_m("cortex-m55", "mps3-an547", "hard", mhz=32),
    # As in an ESP32-C3. Debian has libraries in compressed instructions, as that chip's own
    # compiler has them, for cores with atomic instructions only; what is linked uses none.
    "rv32imc": _rv32("-march=rv32imc", "-mabi=ilp32", lacks="afd", link=("-march=rv32imac",)),
    # As in an ESP32-P4.
    "rv32imafc": _rv32("-march=rv32imafc", "-mabi=ilp32f", lacks="d"),
    # As in an ESP8266.
    "xtensa-lx106": Board(
        XTENSA_SIMULATOR, "sim", (), 1e3 / 40, ("-cpu", "lx106"), has_float_unit=False
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
    toolchain = machine.emulator.toolchain
    return build_elf(
        CrossBuild(
            sources=(
                main,
                *toolchain.core_sources,
                toolchain.semihosting,
                *(COMMON / f"{name}.c" for name in _SUPPORT),
            ),
            model=model_sources(model, target),
            toolchain=toolchain,
            core_flags=machine.flags,
            script=(BOARDS / machine.machine / "board.ld").read_text(),
            optimization=optimization,
            defines=defines,
            link_flags=(*machine.link_flags, *(_COUNT_STAGES if program == "bench" else ())),
        )
    )
