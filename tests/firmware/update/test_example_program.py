"""`examples/ota` as a whole program, built by its Makefile, under sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from tests.firmware.update.simulated_device import MONOCYPHER, OTA, STRICT, missing_for

pytest.importorskip("cryptography", reason="not installed: cryptography")

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
    short = tmp_path / "short.lsu"
    short.write_bytes(new.read_bytes()[:-1])
    assert start(short) == (5, "slot B, confirmed\nupdate: UPDATE_TOO_OLD\n")


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
