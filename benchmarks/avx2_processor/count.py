"""Instructions of the network on an emulated Haswell: the engine's, and LiteRT's with XNNPACK.

Usage: python benchmarks/avx2_processor/count.py

One utterance of 184 rows, counted three times each by a plugin of QEMU. Needs gcc and
qemu-x86_64. Instructions are not cycles, but they are the same on a busy machine.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware.comparison.host_benchmark import litert_call
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.build import LIBRARY_FLAGS, compile_engine
from lightsernet_firmware.host.stream import HostModel

PLUGIN = Path(__file__).parents[2] / "tests/raspberry_pi/programs/count_instructions.c"
GETPPID = 110  # its number among the system calls of x86-64
XNNPACK = "xnnpack"
TIMES = 3


def network(engine: str) -> Callable[[], object]:
    """Return a function that runs the network: XNNPACK's, or that of a compiled engine."""
    file = read_model(default_model_path())
    rows = np.random.default_rng(0).integers(-128, 128, (184, 40)).astype(np.int8)
    if engine == XNNPACK:
        invoke = litert_call(file, rows, xnnpack=True)
        if invoke is None:
            sys.exit("needs ai-edge-litert")
        return invoke
    model = HostModel(FirmwareModel(file).blob, engine)
    stream = model.stream()

    def run() -> None:
        # Naming the model here keeps it alive.
        assert model.kernels == "avx2"
        stream.reset()
        stream.push_features(rows)
        stream.finish()

    return run


def run_with_marks(engine: str) -> None:
    """Run the network a few times, with a call of getppid before, between and behind."""
    run = network(engine)
    run()
    for _ in range(TIMES):
        os.getppid()
        run()
    os.getppid()


def counts(plugin: Path, engine: str) -> list[int]:
    """Return the instructions of each run on the emulated processor."""
    emulator = ["qemu-x86_64", "-cpu", "Haswell", "-plugin", f"{plugin},getppid={GETPPID}"]
    done = subprocess.run(
        [*emulator, sys.executable, __file__, engine],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(done.stderr)
    totals = [int(text) for text in re.findall(r"instructions (\d+)", done.stderr)]
    return [later - earlier for earlier, later in itertools.pairwise(totals)]


def main() -> None:
    """Count, and print millions."""
    with tempfile.TemporaryDirectory() as folder:
        plugin, engine = Path(folder) / "count.so", Path(folder) / "engine.so"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", PLUGIN, "-o", plugin], check=True)
        compile_engine(["gcc"], [*LIBRARY_FLAGS, "-march=x86-64-v3"], engine)
        for name, what in (("engine", str(engine)), ("XNNPACK", XNNPACK)):
            print(name, *(f"{count / 1e6:.1f}" for count in counts(plugin, what)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_with_marks(sys.argv[1])
    else:
        main()
