"""The program that `flash` builds for a board: the self-test, said over a serial port."""

from __future__ import annotations

from pathlib import Path

from ..c_export.metadata import metadata_header
from ..c_export.model_source import model_array, model_header
from ..c_export.self_test import self_test_source
from ..cross_build import BOARDS, CORTEX_M, PROGRAMS, CrossBuild, build_elf
from ..emulated.build import board as emulated_board
from ..firmware_model import FirmwareModel
from ..host.cache import run_tool
from ..known_boards import BoardProgram, KnownBoard


def build_self_test(model: FirmwareModel, board: KnownBoard, program: BoardProgram) -> Path:
    """Build the self-test of a model for a board.

    Returns
    -------
    Path
        The ELF file, in the cache.

    Raises
    ------
    MissingDependencyError
        If a compiler is not installed.
    ModelError
        If the engine cannot run the model.
    LightSernetError
        If the compiler fails.
    """
    target = board.core.target
    return build_elf(
        CrossBuild(
            sources=(
                PROGRAMS / "self_test.c",
                *CORTEX_M.core_sources,
                BOARDS / program.console / "console.c",
            ),
            model={
                "model.h": model_header(model),
                "model.c": model_array(model.blob),
                "model_metadata.h": metadata_header(model),
                "model_self_test.c": self_test_source(model.blob),
            },
            toolchain=CORTEX_M,
            core_flags=emulated_board(target).flags,
            script=_linker_script(board, program),
        )
    )


def _linker_script(board: KnownBoard, program: BoardProgram) -> str:
    return f"""\
MEMORY
{{
    CODE (rx) : ORIGIN = 0x{program.flash_origin:08x}, LENGTH = {board.flash_kb}K
    RAM (rwx) : ORIGIN = 0x{program.ram_origin:08x}, LENGTH = {program.ram_kb}K
}}
REGION_ALIAS("MODEL", CODE)
INCLUDE sections.ld
"""


def write_raw(elf: Path, raw: Path) -> None:
    """Write an ELF file's bytes as they lie in flash.

    Raises
    ------
    MissingDependencyError
        If the tool for it is not installed.
    """
    run_tool([CORTEX_M.program("objcopy"), "-O", "binary", str(elf), str(raw)], "convert")
