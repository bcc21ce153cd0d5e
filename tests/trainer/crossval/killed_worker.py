"""A real fold whose worker is killed in the middle, once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from lightsernet_trainer.crossval.fold_job import FoldJob, FoldOutcome
from lightsernet_trainer.crossval.fold_run import run_fold
from lightsernet_trainer.training.checkpoint import Checkpoint

_UNFORTUNATE = "10"


def run_and_die_once(job: FoldJob) -> FoldOutcome:
    """Run a fold; whoever has first saved an epoch of fold 10 is killed on the spot."""
    save = Checkpoint.save

    def save_and_tell(
        checkpoint: Checkpoint, model: Any, history: list[Mapping[str, float]]
    ) -> None:
        save(checkpoint, model, history)  # type: ignore[arg-type]
        (job.folder / f"epoch{len(history)}-{time.monotonic_ns()}").touch()
        if job.fold.name == _UNFORTUNATE and not deaths(job.folder.parent):
            (job.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    with mock.patch.object(Checkpoint, "save", save_and_tell):
        return run_fold(job)


def deaths(folds: Path) -> list[str]:
    """Return the names of the folds a worker died at."""
    return [path.parent.name for path in folds.glob("*/died")]


def epochs_done(folds: Path) -> list[str]:
    """Return fold and epoch, for every epoch that was saved, as often as it was."""
    done = folds.glob("*/epoch*")
    return sorted(f"{path.parent.name} {path.name.split('-')[0]}" for path in done)
