"""A recording's name, and samples to put into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clip.wav"


@pytest.fixture
def pcm() -> NDArray[np.int16]:
    """Noise that holds the largest and the smallest sample."""
    values = np.random.default_rng(1).integers(-32768, 32768, 8000)
    values[:4] = (-32768, 32767, 0, -1)
    return values.astype("<i2")
