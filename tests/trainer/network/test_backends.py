"""Network, losses and schedules give the same numbers on every backend of Keras."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge import extras
from lightsernet_edge.cli import main

PROGRAM = Path(__file__).parent / "keras_backend.py"
Numbers = dict[str, NDArray[np.float32]]


def run(backend: str, source: Path, out: Path) -> Numbers:
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(source), str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with np.load(out) as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Numbers]:
    """What TensorFlow says, and a file that gives others the same weights."""
    folder = tmp_path_factory.mktemp("backend")
    random = np.random.default_rng(0)
    data = {
        # An odd number of rows, so that pools have partial windows.
        "features": random.normal(size=(12, 47, 20, 1)).astype(np.float32),
        "targets": np.eye(5, dtype=np.float32)[random.integers(0, 5, 12)],
    }
    np.savez(folder / "data.npz", **data)
    found = run("tensorflow", folder / "data.npz", folder / "tensorflow.npz")
    weights = {name: value for name, value in found.items() if name.startswith("w")}
    np.savez(folder / "source.npz", **data, **weights)
    return folder / "source.npz", found


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_same_numbers_as_on_tensorflow(
    backend: str, on_tensorflow: tuple[Path, Numbers], tmp_path: Path
) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    source, expected = on_tensorflow
    found = run(backend, source, tmp_path / "found.npz")
    np.testing.assert_allclose(found["untrained"], expected["untrained"], atol=1e-5)
    for loss in ("cross-entropy", "focal"):
        losses = expected[f"{loss} losses"]
        assert losses[-1] < losses[0]
        np.testing.assert_allclose(found[f"{loss} losses"], losses, rtol=2e-3)
    # Moving variances of torch are n / (n - 1) of Keras's; n is 12 at the least here.
    np.testing.assert_allclose(found["trained"], expected["trained"], atol=0.02)
    # These variances are all torch's, no hundredth of them.
    np.testing.assert_allclose(found["averaged"], expected["averaged"], atol=0.05)
    assert not np.allclose(expected["averaged"], expected["trained"], atol=0.05)


@pytest.mark.parametrize(
    ("backend", "status", "words"),
    [
        ("numpy2", 2, "KERAS_BACKEND: found 'numpy2', expected one of tensorflow, torch, jax"),
        ("jax", 1, "KERAS_BACKEND: jax is not installed: pip install jax"),
        ("torch", 1, 'KERAS_BACKEND: torch is not installed: pip install ".[torch]" in a checkout'),
    ],
)
def test_a_backend_that_is_not_there(
    backend: str,
    status: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", backend)
    is_there = extras.find_spec
    monkeypatch.setattr(
        extras, "find_spec", lambda name: None if name == backend else is_there(name)
    )
    for verb in ("train", "crossval"):
        arguments = ["--dataset", "emodb", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
        assert main([verb, *arguments]) == status
        assert words in capsys.readouterr().err
