"""The tests of the host engine once more, on a library built with sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from networks import KEEP_IN, SMALLEST, Network, int8_model

HERE = Path(__file__).parent
# Under AddressSanitizer TensorFlow does not load: models are converted before,
# and nothing of the suite may need it.
ADDRESS_SUITE = ("test_engine_stream.py", "test_features_in_c.py")
UNDEFINED_SUITE = ("test_integers.py", "test_graph_planner.py", "test_every_layer.py")

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc with its sanitizers")


def run_suite(
    names: tuple[str, ...], sanitizers: str, folder: Path, environment: dict[str, str]
) -> None:
    """Run tests in a process of their own, on a library with sanitizers."""
    compiler = folder / "sanitizing-cc"
    compiler.write_text(
        f'#!/bin/sh\nexec gcc -fsanitize={sanitizers} -fno-sanitize-recover=undefined -g "$@"\n'
    )
    compiler.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        + [str(HERE / name) for name in names],
        cwd=HERE.parents[1],
        env={**os.environ, "CC": str(compiler), "XDG_CACHE_HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert list(folder.rglob("liblightsernet.so"))


def test_address_sanitizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP_IN, str(tmp_path))
    int8_model.cache_clear()
    for network in (SMALLEST, Network(labels=5)):
        int8_model(network)
    int8_model.cache_clear()
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    # Python keeps memory until it ends. Its libraries' leaks are not ours.
    environment = {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    run_suite(ADDRESS_SUITE, "address,undefined", tmp_path, environment)


def test_undefined_behaviour_sanitizer(tmp_path: Path) -> None:
    run_suite(UNDEFINED_SUITE, "undefined", tmp_path, {})
