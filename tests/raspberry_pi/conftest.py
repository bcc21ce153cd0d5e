"""Fixtures: emulated systems with the wheel that is in dist/, clips, and what x86 says of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware.host.cache import run_tool
from tests.firmware.comparison.litert_oracle import ReferenceKernels
from tests.places import CHECKOUT, CLIP_FILES
from tests.raspberry_pi.emulated_pi import Core, EmulatedPi
from tests.raspberry_pi.pi_root import SYSTEMS, pip_install

PLUGIN = Path(__file__).parent / "programs" / "count_instructions.c"


@pytest.fixture(scope="session")
def wheels() -> dict[str, Path]:
    """The platform wheels, by Python's name of the machine."""
    found = {}
    for system in SYSTEMS.values():
        made = sorted(
            (CHECKOUT / "dist").glob(f"*_{system.machine}.whl"), key=lambda p: p.stat().st_mtime
        )
        if not made:
            pytest.skip(f"no wheel for {system.machine} in dist/: make wheels")
        found[system.machine] = made[-1]
    return found


@pytest.fixture(scope="session")
def raspberry_pi(wheels: dict[str, Path]) -> Callable[[str, Core], EmulatedPi]:
    """Start a system on a core, with the wheel installed."""
    installed = set()

    def start(name: str, core: Core) -> EmulatedPi:
        folder, system = CHECKOUT / "build" / "pi" / name, SYSTEMS[name]
        if not (folder / "root").is_dir():
            pytest.skip(f"no {folder}: make test-pi")
        if name not in installed:
            shutil.rmtree(folder / "sdk", ignore_errors=True)
            pip_install(system, folder / "sdk", (str(wheels[system.machine]),))
            installed.add(name)
        return EmulatedPi(name, folder, core)

    return start


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin of QEMU that counts instructions."""
    library = tmp_path_factory.mktemp("plugin") / "count_instructions.so"
    run_tool(["cc", "-O2", "-shared", "-fPIC", str(PLUGIN), "-o", str(library)], "compile")
    return library


@pytest.fixture(scope="session")
def fifty_clips() -> list[Path]:
    """Fifty clips of EMO-DB at even distances; without EMO-DB the sample clips."""
    root = os.environ.get("LIGHTSERNET_DATA")
    files = sorted((Path(root) / "emodb" / "wav").glob("*.wav")) if root else []
    if not files:
        return CLIP_FILES
    return [files[index] for index in np.linspace(0, len(files) - 1, 50).round().astype(int)]


@dataclass(frozen=True)
class Reference:
    """A clip's rows of features, int8, and the integers of the reference kernels, on x86."""

    rows: NDArray[np.int8]
    output: list[int]


@pytest.fixture(scope="session")
def reference(fifty_clips: list[Path]) -> dict[str, Reference]:
    """What this machine's Python front end and LiteRT's reference kernels say, by name."""
    file = read_model(default_model_path())
    front_end = FrontEnd(file.record.features)
    kernels = ReferenceKernels(file.model)
    said = {}
    for path in fifty_clips:
        samples = as_pcm16(read_recording(path, front_end.spec.sample_rate).samples)
        rows = file.graph.input.quantization.quantize(front_end.features(samples))
        said[path.name] = Reference(rows, kernels.run(rows)[1].tolist())
    return said
