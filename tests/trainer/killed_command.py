"""The command line, killed on the spot once it has saved an epoch.

Usage: python killed_command.py FOLDER EPOCH ARGUMENT...

FOLDER is where the run keeps its state, EPOCH the number of the epoch, from 1.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from lightsernet_edge.cli import main
from lightsernet_trainer.training.checkpoint import Checkpoint


def run_and_die(folder: Path, epoch: int, arguments: list[str]) -> int:
    """Run the command line; SIGKILL this process when `folder` holds that epoch."""
    save = Checkpoint.save

    def save_and_die(
        checkpoint: Checkpoint, model: Any, history: list[Mapping[str, float]]
    ) -> None:
        save(checkpoint, model, history)  # type: ignore[arg-type]
        if len(history) == epoch and (folder / "state.npz").exists():
            os.kill(os.getpid(), signal.SIGKILL)

    with mock.patch.object(Checkpoint, "save", save_and_die):
        return main(arguments)


if __name__ == "__main__":
    sys.exit(run_and_die(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
