"""Exported folders on emulated cores: the host's integers, and the label of a clip."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightsernet_firmware.emulated.build import BOARDS
from tests.firmware.formats.emulators import (
    MACHINES,
    PROGRAMS,
    SUPPORT,
    Machine,
    emulate,
    expected,
    export,
    needs,
    run,
)

CORTEX_M = [name for name in MACHINES if name.startswith("cortex")]


@pytest.fixture(scope="module")
def cmake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("cmake", tmp_path_factory.mktemp("elsewhere") / "exported")


def toolchain_file(machine: Machine) -> str:
    return f"""
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER {machine.compiler})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "{" ".join(machine.core)}")
"""


def firmware_project(machine: Machine, exported: Path) -> str:
    sources = [PROGRAMS / "exported_on_board.c", *SUPPORT, *machine.support]
    return f"""
cmake_minimum_required(VERSION 3.16)
project(firmware C)
# The board's linker script knows the model by the name of its file, model.obj.

set(CMAKE_C_OUTPUT_EXTENSION_REPLACE 1)
set(CMAKE_BUILD_TYPE Release)
add_subdirectory({exported} lightsernet)
add_executable(firmware {" ".join(str(path) for path in sources)})
target_include_directories(firmware PRIVATE {BOARDS / "common"})
target_link_libraries(firmware PRIVATE lightsernet::lightsernet)
target_link_options(firmware PRIVATE {" ".join(machine.link)})
"""


@pytest.mark.targets
@needs("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
@pytest.mark.parametrize("target", CORTEX_M)
def test_cmake_on_cortex_m(target: str, cmake_folder: Path, tmp_path: Path) -> None:
    machine = MACHINES[target]
    (tmp_path / "toolchain.cmake").write_text(toolchain_file(machine))
    (tmp_path / "CMakeLists.txt").write_text(firmware_project(machine, cmake_folder))
    folder = tmp_path / "build"
    run("cmake", "-S", tmp_path, "-B", folder, "--toolchain", tmp_path / "toolchain.cmake")
    run("cmake", "--build", folder)
    assert emulate(machine, folder / "firmware") == expected(cmake_folder, machine.has_float_unit)
