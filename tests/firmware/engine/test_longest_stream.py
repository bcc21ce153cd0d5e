"""The longest stream there can be: the sums of the mean have room for what it still owes.

As many stages as a blob may have, as tall as they may be, as many columns: the case in
which most rows come out of `lsn_finish`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.model.quantization import Quantization
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.engine_files import engine_sources, include_flags
from lightsernet_firmware.planner.network_plan import Head, NetworkPlan, Requantization, Stage
from lightsernet_firmware.planner.network_plan import Path as ConvolutionPath
from lightsernet_firmware.planner.requantization import Multiplier, SoftmaxScale

HARNESS = Path(__file__).parent / "longest_stream.c"
STAGES, KERNEL, COLUMNS = 16, 32, 256
# On zero points of -128, that furthest from what the mean takes off.
LARGEST = 127


def tallest_plan() -> NetworkPlan:
    half = Multiplier.from_real(0.5)
    always = Requantization(np.zeros(1, np.int64), (half,), -128, LARGEST, LARGEST)
    path = ConvolutionPath("path", np.zeros((1, KERNEL, 1, 1), np.int8), always, 0, None)
    stage = Stage("stage", COLUMNS, 1, -128, (path,), (1, 1), COLUMNS)
    head = Head(
        width=COLUMNS,
        channels=1,
        input_zero_point=-128,
        mean_zero_point=-128,
        mean_multiplier=Multiplier.from_real(1.0),
        weights=np.array([[1], [-1]], np.int8),
        requantization=Requantization(np.zeros(2, np.int64), (half, half), 0),
        softmax=SoftmaxScale.from_logits(0.1, 1.0),
    )
    return NetworkPlan(Quantization(1.0, 0), (stage,) * STAGES, head)


@pytest.mark.no_preload
@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc with its sanitizers")
def test_the_mean_has_room_for_the_rows_of_finish(tmp_path: Path) -> None:
    program, blob = tmp_path / "longest_stream", tmp_path / "blob"
    blob.write_bytes(build_blob(tallest_plan(), None, ("a", "b")))
    command = ["gcc", "-std=c99", "-O2", "-g", "-fsanitize=address,undefined"]
    command += ["-fno-sanitize-recover=all", *include_flags()]
    command += [*map(str, engine_sources()), str(HARNESS), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    done = subprocess.run([program, blob], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    values, room = map(int, done.stdout.split())
    assert values == room
