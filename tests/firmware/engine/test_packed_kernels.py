"""The kernels with packed weights, of hosts: random stages beside plain C, and whole networks.

Each set of kernels that this processor runs, and those of AArch64 under QEMU.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.engine_files import engine_sources, include_flags
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.build import host_library
from lightsernet_firmware.host.kernels import VARIABLE, kernel_flags, runnable_kernels
from lightsernet_firmware.host.packaged import VARIANTS
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.engine.test_c_hygiene import STRICT
from tests.firmware.planner.networks import SMALLEST, Network

HARNESS = Path(__file__).parent / "check_packed.c"
CROSS_COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
# As the wheels have them.
AARCH64 = dict(
    zip(("sdot", "neon"), (variant.flags for variant in VARIANTS["aarch64"]), strict=True)
)
PACKED = [name for name in runnable_kernels() if name != "plain"]
STAGES = 600
# Files of the engine that hold code for these kernels, and what they are compared with.
PACKED_SOURCES = [
    path
    for path in engine_sources()
    if path.parent.name == "packed" or path.name == "lsn_stage_run.c"
]
PLAIN_SOURCES = [
    path
    for path in engine_sources()
    if path.parent.name == "kernels" or path.name == "lsn_layout.c"
]


def check_packed(command: list[str], run: list[str], folder: Path) -> dict[str, object]:
    """Compile the harness, run it, and return what it prints."""
    program = folder / "check_packed"
    sources = [*map(str, [*PACKED_SOURCES, *PLAIN_SOURCES]), str(HARNESS)]
    subprocess.run(
        [*command, "-std=c99", "-g", *include_flags(), *sources, "-lm", "-o", str(program)],
        check=True,
    )
    done = subprocess.run(
        [*run, str(program)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed: dict[str, object] = json.loads(done.stdout)
    return printed


@pytest.mark.no_preload
@pytest.mark.parametrize("kernels", PACKED)
def test_random_stages_under_sanitizers(
    kernels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("gcc"):
        pytest.skip("needs gcc with its sanitizers")
    monkeypatch.setenv(VARIABLE, kernels)
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = ["gcc", "-O1", *sanitizers, "-march=native", *kernel_flags()]
    found = check_packed(command, [], tmp_path)
    assert found["kernels"] == kernels
    assert (found["stages"], found["wrong"]) == (STAGES, 0)
    # Sums of rows fit the operands of AVX2 alone.
    assert (int(str(found["shared"])) > 30) == (kernels == "avx2")
    # Kernels that add products in an int16 leave models with a weight of -128 to plain C.
    assert found["packed"] == STAGES or kernels == "neon"


@pytest.mark.no_preload
@pytest.mark.parametrize("kernels", AARCH64)
def test_random_stages_on_aarch64(kernels: str, tmp_path: Path) -> None:
    for tool in (CROSS_COMPILER, EMULATOR):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
    command = [CROSS_COMPILER, "-O2", "-static", *AARCH64[kernels]]
    found = check_packed(command, [EMULATOR], tmp_path)
    assert found["kernels"] == kernels
    assert (found["stages"], found["wrong"]) == (STAGES, 0)
    assert int(str(found["packed"])) > STAGES // 2


@pytest.mark.parametrize(
    "command",
    [
        ["gcc", "-mavx2"],
        ["gcc", "-mavxvnni"],
        ["gcc", "-mavx512vnni", "-mavx512bw"],
        ["clang", "-mavx2"],
        ["clang", "-mavxvnni"],
        ["clang", "-mavx512vnni", "-mavx512bw"],
        *([CROSS_COMPILER, *flags] for flags in AARCH64.values()),
    ],
    ids=" ".join,
)
def test_no_warnings(command: list[str], tmp_path: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    probe = tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    if subprocess.run(
        [*command, "-c", probe, "-o", tmp_path / "o"], capture_output=True
    ).returncode:
        pytest.skip(f"{' '.join(command)}: not known to this compiler")
    for source in PACKED_SOURCES:
        done = subprocess.run(
            [*command, *STRICT, *include_flags(), "-c", str(source), "-o", str(tmp_path / "o")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("network", [None, SMALLEST], ids=lambda n: str(n or "shipped"))
def test_all_kernels_give_the_same_integers(
    network: Network | None,
    model_for: Callable[[Network | None], ModelFile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blob = FirmwareModel(model_for(network)).blob
    results: dict[int, list[list[int]]] = {}
    for kernels in runnable_kernels():
        monkeypatch.setenv(VARIABLE, kernels)
        model = HostModel(blob, str(host_library()))
        assert model.kernels == kernels
        assert (model.struct.packed is not None) == (kernels != "plain")
        stream = model.stream()
        random = np.random.default_rng(5)
        for rows in (1, 2, 13, 184):
            features = random.integers(-128, 128, (rows, model.struct.n_coefficients))
            stream.reset()
            stream.push_features(features.astype(np.int8))
            stream.finish()
            found = stream.result()
            assert found is not None
            results.setdefault(rows, []).append(np.concatenate(found).tolist())
    for answers in results.values():
        assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("name", ["nonsense", "mve"])
def test_unknown_kernels_are_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, name)
    with pytest.raises(InputError, match=f"{VARIABLE}: found '{name}', expected one of plain, "):
        kernel_flags()


def test_kernels_of_another_processor_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "sdot" if "sdot" not in runnable_kernels() else "avx2"
    monkeypatch.setenv(VARIABLE, other)
    with pytest.raises(InputError, match="expected what this processor runs: plain"):
        kernel_flags()


def test_pack_checks_its_memory(smallest_host: HostModel) -> None:
    if smallest_host.kernels == "plain":
        pytest.skip("no vector kernels for this processor")
    pack, struct = smallest_host.library.lsn_pack, smallest_host.struct
    size = smallest_host.library.lsn_pack_size(struct)
    memory = np.zeros(size + 64, np.uint8)
    start = memory.ctypes.data + -memory.ctypes.data % 16
    assert pack(None, start, memory.size) == 1
    assert pack(struct, None, memory.size) == 1
    assert pack(struct, start + 1, memory.size) == 2
    assert pack(struct, start, size - 1) == 8


def test_where_nothing_is_packed_no_memory_is_looked_at(
    smallest_blob: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on 32-bit Arm, where memory for nothing may lie anywhere."""
    monkeypatch.setenv(VARIABLE, "plain")
    model = HostModel(smallest_blob, str(host_library()))
    pack, struct = model.library.lsn_pack, model.struct
    assert model.library.lsn_pack_size(struct) == 0
    assert pack(struct, None, 0) == 0
    assert pack(struct, model._blob.ctypes.data + 8, 0) == 0
    assert pack(None, None, 0) == 1
