"""Command lines that several files of tests begin with, and the real command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

MODEL = ("--model", "model.tflite")
SEVEN = "a,b,c,d,e,f,g"
TRAIN = ("train", "--out", "out", "--epochs", "1", "--width", "0.05", "--test-share", "0.5")
EVALUATE = ("evaluate", *MODEL)


def adopt(*arguments: str, labels: str = SEVEN, recipe: str = "edge") -> list[str]:
    return ["adopt", *arguments, "--labels", labels, "--features", recipe]


def start(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the real command in a process of its own."""
    words = [sys.executable, "-m", "lightsernet_edge", *map(str, arguments)]
    return subprocess.run(words, stderr=subprocess.PIPE, check=False, timeout=120, **options)
