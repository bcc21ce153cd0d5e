"""`examples/ota` as a whole program, built by its Makefile, under sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.firmware_model import FirmwareModel
from tests.firmware.update.simulated_device import MONOCYPHER, OTA, STRICT, missing_for

pytest.importorskip("cryptography", reason="not installed: cryptography")

from lightsernet_firmware.update.keys import read_private_key
from tests.firmware.update.made_updates import packed_update

Start = Callable[..., tuple[int, str]]
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-ffp-contract=off")


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, updates of versions 1 and 2, and an exported folder."""
    folder = tmp_path_factory.mktemp("workbench")
    key = str(folder / "key.pem")
    assert main(["keygen", "--out", key]) == 0
    assert main(["public-key", "--key", key, "--out", str(folder / "update_key.h")]) == 0
    assert main(["export", "--format", "c", "--out", str(folder / "exported")]) == 0
    for version in ("1", "2"):
        out = str(folder / f"{version}.lsu")
        assert main(["sign", "--key", key, "--version", version, "--out", out]) == 0
    return folder


@pytest.fixture(scope="module", params=["sodium", "monocypher"])
def program(request: pytest.FixtureRequest, workbench: Path) -> Path:
    missing = missing_for(request.param) or (None if shutil.which("make") else "needs make")
    if missing:
        pytest.skip(missing)
    folder = workbench / request.param
    shutil.copytree(OTA, folder, ignore=shutil.ignore_patterns("firmware", "update_key.h"))
    shutil.copy(workbench / "update_key.h", folder)
    # Others' code is compiled without our warnings.
    flags = ["-std=c99"] if request.param == "monocypher" else [*STRICT, "-Werror"]
    variables = {
        "EXPORT": str(workbench / "exported"),
        "CRYPTO": request.param,
        "MONOCYPHER": str(MONOCYPHER),
        "CFLAGS": " ".join([*flags, "-O1", *SANITIZED]),
    }
    command = ["make", *(f"{name}={value}" for name, value in variables.items())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "firmware"


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Start:
    """Start the device once; it keeps its flash in a file."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        command = [program, tmp_path / "flash", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


def test_from_an_empty_device_on(start: Start, workbench: Path, tmp_path: Path) -> None:
    old, new = workbench / "1.lsu", workbench / "2.lsu"
    assert start() == (0, "no model\n")
    assert start(old) == (0, "no model\nupdate: UPDATE_OK\n")
    assert start() == (0, "slot A, on trial\n")
    assert start(new) == (0, "slot A, confirmed\nupdate: UPDATE_OK\n")
    for _ in range(3):
        assert start("-", "hang") == (3, "slot B, on trial\n")
    assert start() == (0, "slot A, confirmed\n")
    assert start(new) == (0, "slot A, confirmed\nupdate: UPDATE_OK\n")
    assert start() == (0, "slot B, on trial\n")
    assert start(old) == (5, "slot B, confirmed\nupdate: UPDATE_TOO_OLD\n")


def test_signed_nonsense_leaves_the_memory_alone(
    start: Start, workbench: Path, tmp_path: Path, shipped: ModelFile
) -> None:
    """Whoever has the key errs: sizes that reach beyond the slot, which ends the memory."""
    assert start(workbench / "1.lsu")[0] == start()[0] == 0
    key, blob = read_private_key(workbench / "key.pem"), FirmwareModel(shipped).blob
    beyond = blob[:8] + (2**25).to_bytes(4, "little") + blob[12:]
    update = tmp_path / "update.lsu"
    for content, status in (
        (packed_update(key, beyond, b"", version=2, blob_size=2**25), "UPDATE_BAD_MODEL"),
        (packed_update(key, blob, b"", version=2), "UPDATE_BAD_MODEL"),
        (packed_update(key, b"", b"", version=2, blob_version=5), "UPDATE_BAD_MODEL"),
        (packed_update(key, blob, b"", version=2)[:-1], "UPDATE_TRUNCATED"),
        (packed_update(key, blob, b"", version=2, size=0), "UPDATE_BAD_FORMAT"),
    ):
        update.write_bytes(content)
        assert start(update) == (5, f"slot A, confirmed\nupdate: {status}\n")


@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m4"])
def test_it_compiles_for_a_board(cpu: str, workbench: Path, tmp_path: Path) -> None:
    """Without main.c, which plays the flash."""
    if not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("needs arm-none-eabi-gcc")
    sources = [OTA / "slots.c", OTA / "update.c"]
    flags = [f"-mcpu={cpu}", "-mthumb", *STRICT, "-Werror", "-O2", "-c"]
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, f"-I{workbench / 'exported' / 'include'}", *sources],
        cwd=tmp_path,
        check=True,
    )
