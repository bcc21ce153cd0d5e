"""The examples as programs, and the clips that they are run on."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from tests.places import EXAMPLES

CLIPS = EXAMPLES / "clips"
ANGER, SADNESS = CLIPS / "anger_03a02Wc.wav", CLIPS / "sadness_15a02Ta.wav"
TIMEOUT_S = 60


def run_example(name: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        **options,
    )
