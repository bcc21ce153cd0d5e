"""The engine on emulated Cortex-M, RISC-V and Xtensa: the integers of the host, counted work."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError, MissingDependencyError
from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model.file import ModelFile, default_model_path
from lightsernet_firmware.board_fit import CODE_BYTES, STACK_BYTES
from lightsernet_firmware.comparison.reference_kernels import LiteRTKernels
from lightsernet_firmware.emulated.board import EmulatedBoard
from lightsernet_firmware.emulated.build import TARGETS
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.build import FIXED_POINT_FRONT_END, host_library
from lightsernet_firmware.host.runner import HostRunner
from lightsernet_firmware.known_boards import Core, cores
from tests.firmware.planner.networks import SMALLEST, VARIANTS, Network

Models = Callable[[Network | None], ModelFile]


def tools(target: str) -> tuple[str, str]:
    """Return the emulator and the compiler of a target."""
    emulator = TARGETS[target].emulator
    return emulator.name, f"{emulator.toolchain.prefix}gcc"


def where_installed(targets: Iterable[str]) -> list[Any]:
    """Return targets as parameters that are skipped where their tools are missing."""
    return [
        pytest.param(
            target,
            marks=pytest.mark.skipif(
                not all(map(shutil.which, tools(target))),
                reason=f"needs {' and '.join(tools(target))}",
            ),
        )
        for target in targets
    ]


# Bounds: instructions of the network for 3 s, at the compiler's -O2.
NETWORK_INSTRUCTIONS = {
    "cortex-m0plus": 1320e6,
    "cortex-m3": 500e6,
    "cortex-m4": 134e6,
    "cortex-m7": 134e6,
    "cortex-m33": 134e6,
    "cortex-m55": 35.5e6,
    "rv32imc": 640e6,
    "rv32imafc": 640e6,
    "xtensa-lx106": 725e6,
}
# Bounds: instructions of the front end for the same, where they are not the common one.
FRONT_END_INSTRUCTIONS = {
    "cortex-m0plus": 85e6,
    "cortex-m3": 50e6,
    "rv32imc": 60e6,
    "rv32imafc": 31e6,
    "xtensa-lx106": 70e6,
}
# The plain C, slow to emulate, and the code of Cortex-M4 on an M33.
SLOW = ("cortex-m0plus", "cortex-m3", "cortex-m33", "rv32imc", "rv32imafc", "xtensa-lx106")
KNOWN_LOOP = Path(__file__).with_name("known_loop.c")
CHECK_KERNELS = Path(__file__).parents[1] / "engine" / "check_kernels.c"


@pytest.fixture(scope="module")
def full_size(model_for: Models) -> ModelFile:
    """The model that ships, or until then a network of its size."""
    return model_for(None if default_model_path().is_file() else VARIANTS[0])


def check_speech(target: str, model: ModelFile, pcm_clips: list[NDArray[np.int16]]) -> None:
    board = EmulatedBoard(FirmwareModel(model), target)
    front_end = FrontEnd(model.record.features)
    quantization = model.graph.input.quantization
    rows = [quantization.quantize(front_end.features(pcm)) for pcm in pcm_clips]
    expected = LiteRTKernels(model).run_features(rows)
    for wanted, found in zip(expected, board.run_features(rows), strict=True):
        np.testing.assert_array_equal(found.logits, wanted.logits)
        np.testing.assert_array_equal(found.posteriors, wanted.posteriors)
    fixed = () if TARGETS[target].has_float_unit else FIXED_POINT_FRONT_END
    on_host = HostRunner(FirmwareModel(model), str(host_library(more_flags=fixed)))
    for wanted, found in zip(
        on_host.run_samples(pcm_clips), board.run_samples(pcm_clips), strict=True
    ):
        # Floats and all: the bits of a host with the same front end are the board's.
        np.testing.assert_array_equal(found.features, wanted.features)
        np.testing.assert_array_equal(found.posteriors, wanted.posteriors)


def counted_core(target: str) -> Core:
    (core,) = (each for each in cores().values() if each.counted == f"bench --target {target}")
    return core


def check_cost(target: str, model: ModelFile) -> dict[str, Any]:
    """Hold the bounds, and what is known of the core; return the counts."""
    firmware = FirmwareModel(model)
    counts = EmulatedBoard(firmware, target).count_instructions(184, 48_000)
    assert counts["network_instructions"] <= NETWORK_INSTRUCTIONS[target]
    assert counts["front_end_instructions"] <= FRONT_END_INSTRUCTIONS.get(target, 20e6)
    assert counts["stack_bytes"] <= STACK_BYTES
    assert counts["text_bytes"] <= CODE_BYTES
    core = counted_core(target)
    for counted, known in (
        (
            counts["network_instructions"],
            core.network_instructions(firmware.layer_costs(184, target)),
        ),
        (counts["front_end_instructions"] / 184, core.front_end_instructions_per_frame),
    ):
        assert counted == pytest.approx(known, rel=0.01)
    return counts


@pytest.mark.parametrize("target", where_installed(each for each in TARGETS if each not in SLOW))
class TestBoards:
    def test_speech(
        self, target: str, full_size: ModelFile, pcm_clips: list[NDArray[np.int16]]
    ) -> None:
        check_speech(target, full_size, pcm_clips)

    def test_cost(self, target: str, full_size: ModelFile) -> None:
        counts = check_cost(target, full_size)
        board = EmulatedBoard(FirmwareModel(full_size), target)
        assert board.count_instructions(184, 48_000) == counts

    @pytest.mark.parametrize(("width", "labels"), [(0.5, 7), (0.25, 9)])
    def test_a_narrow_network_costs_what_is_estimated(
        self, target: str, width: float, labels: int, model_for: Models
    ) -> None:
        firmware = FirmwareModel(model_for(Network(width, 184, labels)))
        counts = EmulatedBoard(firmware, target).count_instructions(184, 48_000)
        estimate = counted_core(target).network_instructions(firmware.layer_costs(184, target))
        assert counts["network_instructions"] == pytest.approx(estimate, rel=0.1)

    @pytest.mark.parametrize("network", [SMALLEST, Network(0.5, 434, 5)], ids=str)
    def test_extremes(self, target: str, network: Network, model_for: Models) -> None:
        file = model_for(network)
        random = np.random.default_rng(0)
        rows = [
            random.integers(-128, 128, (41, network.coefficients)).astype(np.int8),
            random.choice([-128, 127], (30, network.coefficients)).astype(np.int8),
            np.full((1, network.coefficients), 127, np.int8),
        ]
        expected = LiteRTKernels(file).run_features(rows)
        for wanted, found in zip(
            expected, EmulatedBoard(FirmwareModel(file), target).run_features(rows), strict=True
        ):
            np.testing.assert_array_equal(found.logits, wanted.logits)
            np.testing.assert_array_equal(found.posteriors, wanted.posteriors)

    def test_kernels_on_random_shapes(self, target: str, smallest: ModelFile) -> None:
        (result,) = EmulatedBoard(FirmwareModel(smallest), target).run_program(CHECK_KERNELS)
        assert result == {"cases": 9000, "wrong": 0}


@pytest.mark.parametrize("target", where_installed(SLOW))
def test_other_cores(target: str, full_size: ModelFile, pcm_clips: list[NDArray[np.int16]]) -> None:
    check_speech(target, full_size, [pcm_clips[0][:16_000]])
    check_cost(target, full_size)


@pytest.mark.parametrize("target", where_installed(["rv32imc", "xtensa-lx106"]))
def test_plain_kernels_on_random_shapes(target: str, smallest: ModelFile) -> None:
    (result,) = EmulatedBoard(FirmwareModel(smallest), target).run_program(CHECK_KERNELS)
    assert result == {"cases": 9000, "wrong": 0}


@pytest.mark.parametrize("target", where_installed(["cortex-m4", "rv32imc", "xtensa-lx106"]))
def test_instructions_of_known_loops(target: str, smallest: ModelFile) -> None:
    board = EmulatedBoard(FirmwareModel(smallest), target)
    (ticks,) = board.run_program(KNOWN_LOOP, counting=True)
    tick = TARGETS[target].tick_ns
    # Two instructions for each of a million turns more; a reading may be a tick early or late.
    late = 0 if tick == 1 else tick
    assert (ticks["longer"] - ticks["shorter"]) * tick == pytest.approx(2e6, abs=late)


@pytest.mark.parametrize(
    ("target", "emulator"),
    [
        ("cortex-m4", "qemu-system-arm"),
        ("rv32imc", "qemu-system-riscv32"),
        ("xtensa-lx106", "qemu-system-xtensa"),
    ],
)
def test_no_emulator_is_one_clear_line(
    target: str, emulator: str, smallest: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingDependencyError, match=f"needs {emulator}, .*apt-get install qemu"):
        EmulatedBoard(FirmwareModel(smallest), target)


@pytest.mark.parametrize("target", where_installed(["cortex-m4", "rv32imc", "xtensa-lx106"]))
def test_no_compiler_is_one_clear_line(
    target: str, smallest: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator, compiler = tools(target)
    (tmp_path / emulator).symlink_to(str(shutil.which(emulator)))
    monkeypatch.setenv("PATH", str(tmp_path))
    board = EmulatedBoard(FirmwareModel(smallest), target)
    with pytest.raises(MissingDependencyError, match=f"{compiler}, .*apt-get install gcc-"):
        board.run_program(KNOWN_LOOP)


@pytest.mark.parametrize("target", where_installed(["cortex-m4", "rv32imc", "xtensa-lx106"]))
def test_no_c_library_is_one_clear_line(target: str) -> None:
    toolchain = replace(TARGETS[target].emulator.toolchain, specs="--specs=absent.specs")
    with pytest.raises(MissingDependencyError, match=r"absent\.specs .*lib"):
        toolchain.compiler()


def test_unknown_target(smallest: ModelFile) -> None:
    with pytest.raises(InputError, match="cortex-m1"):
        EmulatedBoard(FirmwareModel(smallest), "cortex-m1")
