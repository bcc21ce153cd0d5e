"""The engine on emulated Cortex-M4, M7 and M55: the integers of the host, counted work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
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
from lightsernet_firmware.host.runner import HostRunner
from lightsernet_firmware.known_boards import known_boards
from tests.firmware.planner.networks import SMALLEST, VARIANTS, Network

Models = Callable[[Network | None], ModelFile]

needs_boards = pytest.mark.skipif(
    not (shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc")),
    reason="needs qemu-system-arm and gcc-arm-none-eabi",
)
# Bounds: instructions of the network for 3 s, at the compiler's -O2.
NETWORK_INSTRUCTIONS = {
    "cortex-m0plus": 1320e6,
    "cortex-m3": 500e6,
    "cortex-m4": 180e6,
    "cortex-m7": 180e6,
    "cortex-m33": 185e6,
    "cortex-m55": 55e6,
}
CHECK_KERNELS = Path(__file__).parents[1] / "engine" / "check_kernels.c"


@pytest.fixture(scope="module")
def full_size(model_for: Models) -> ModelFile:
    """The model that ships, or until then a network of its size."""
    return model_for(None if default_model_path().is_file() else VARIANTS[0])


@needs_boards
@pytest.mark.parametrize("target", TARGETS)
class TestBoards:
    def test_speech(
        self, target: str, full_size: ModelFile, pcm_clips: list[NDArray[np.int16]]
    ) -> None:
        # Slow to emulate: the plain C of Cortex-M3, or the code of Cortex-M4.
        if target in ("cortex-m0plus", "cortex-m3", "cortex-m33"):
            pcm_clips = pcm_clips[:1]
        board = EmulatedBoard(FirmwareModel(full_size), target)
        front_end = FrontEnd(full_size.record.features)
        quantization = full_size.graph.input.quantization
        rows = [quantization.quantize(front_end.features(pcm)) for pcm in pcm_clips]
        expected = LiteRTKernels(full_size).run_features(rows)
        for wanted, found in zip(expected, board.run_features(rows), strict=True):
            np.testing.assert_array_equal(found.logits, wanted.logits)
            np.testing.assert_array_equal(found.posteriors, wanted.posteriors)
        on_host = HostRunner(FirmwareModel(full_size)).run_samples(pcm_clips)
        for wanted, found in zip(on_host, board.run_samples(pcm_clips), strict=True):
            # Floats and all: the host's bits are the board's.
            np.testing.assert_array_equal(found.features, wanted.features)
            np.testing.assert_array_equal(found.posteriors, wanted.posteriors)

    def test_cost(self, target: str, full_size: ModelFile) -> None:
        board = EmulatedBoard(FirmwareModel(full_size), target)
        counts = board.count_instructions(184, 48_000)
        self.check_core(target, counts, full_size)
        assert counts["network_instructions"] <= NETWORK_INSTRUCTIONS[target]
        assert counts["stack_bytes"] <= STACK_BYTES
        assert counts["text_bytes"] <= CODE_BYTES
        if target != "cortex-m0plus":
            assert board.count_instructions(184, 48_000) == counts

    def check_core(self, target: str, counts: dict[str, Any], model: ModelFile) -> None:
        """What is known of a core is what is counted here."""
        (core,) = {each.core for each in known_boards() if each.core.counted.endswith(target)}
        macs = sum(cost.macs for cost in FirmwareModel(model).layer_costs(184, target))
        assert counts["network_instructions"] / macs == pytest.approx(
            core.instructions_per_mac, rel=0.01
        )
        assert counts["front_end_instructions"] / 184 == pytest.approx(
            core.front_end_instructions_per_frame, rel=0.01
        )

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


def test_no_toolchain_is_one_clear_line(
    smallest: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingDependencyError, match="qemu-system-arm"):
        EmulatedBoard(FirmwareModel(smallest), "cortex-m4")


@needs_boards
def test_unknown_target(smallest: ModelFile) -> None:
    with pytest.raises(InputError, match="cortex-m1"):
        EmulatedBoard(FirmwareModel(smallest), "cortex-m1")
