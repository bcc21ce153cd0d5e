"""The tests of the host engine once more, on a library built with sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.firmware.planner.networks import KEEP_IN, SMALLEST, VARIANTS, Network, int8_model
from tests.places import CHECKOUT

FIRMWARE_TESTS = Path(__file__).parents[1]
# What runs no engine in its own process: boards, browsers, compilers, sanitizers of their own.
ELSEWHERE = (
    "test_sanitizers.py",
    "test_c_hygiene.py",
    "test_packed_kernels.py",
    "test_verbs.py",
    "test_example_program.py",
    "test_on_a_board.py",
    "test_power_cuts.py",
)
FOLDERS_ELSEWHERE = ("emulated", "flashing", "formats", "web")

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc with its sanitizers")


def run_suite(
    paths: list[Path], sanitizers: str, folder: Path, environment: dict[str, str], *options: str
) -> None:
    """Run tests in a process of their own, on a library with sanitizers."""
    # A comma would end an argument of the linker.
    name = sanitizers.replace(",", "-")
    compiler = folder / f"{name}-cc"
    compiler.write_text(
        f'#!/bin/sh\nexec gcc -fsanitize={sanitizers} -fno-sanitize-recover=undefined -g "$@"\n'
    )
    compiler.chmod(0o755)
    cache = folder / f"{name}-cache"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        + [str(path) for path in paths],
        cwd=CHECKOUT,
        env={**os.environ, "CC": str(compiler), "XDG_CACHE_HOME": str(cache), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert list(cache.rglob("liblightsernet.so"))


def test_sanitizers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that runs the engine in Python, under both.

    TensorFlow does not load under a preloaded AddressSanitizer. What it
    converts is kept from runs without.
    """
    monkeypatch.setenv(KEEP_IN, str(tmp_path))
    int8_model.cache_clear()
    for network in (SMALLEST, *VARIANTS, Network(1.0, 184, 9), Network(0.25, 184, 7)):
        int8_model(network)
    int8_model(SMALLEST, 1)
    int8_model.cache_clear()
    run_suite([FIRMWARE_TESTS / "planner" / "test_graph_planner.py"], "undefined", tmp_path, {})
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    # Python keeps memory until it ends. Its libraries' leaks are not ours.
    environment = {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    paths = [
        path
        for path in FIRMWARE_TESTS.rglob("test_*.py")
        if path.name not in ELSEWHERE
        and not {*path.relative_to(FIRMWARE_TESTS).parts} & {*FOLDERS_ELSEWHERE}
    ]
    run_suite(sorted(paths), "address,undefined", tmp_path, environment, "-m", "not no_preload")
