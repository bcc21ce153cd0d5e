"""Folds that last until somebody ends their workers.

Usage: python -m tests.trainer.crossval.orphans FOLDER
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rich.console import Console

from lightsernet_trainer.crossval.parallel import run_folds


def stay(folder: Path) -> None:
    """Leave the process's number, and stay."""
    (folder / f"{os.getpid()}").touch()
    time.sleep(600)


if __name__ == "__main__":
    run_folds(stay, [Path(sys.argv[1])] * 2, "loky", 2, Console(quiet=True))
