"""A fold that trains nothing: steps kept on disk, and a worker that dies when told to."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically

STEPS = 4
_STEP_SECONDS = 0.1


@dataclass(frozen=True)
class StandIn:
    """A job.

    Attributes
    ----------
    folder : Path
        The fold's own.
    number : int
    dies : int
        How often its worker dies in the middle, taking no leave.
    fails : bool
        Whether it raises an error of ours instead.
    together : Path or None
        A folder in which to wait for another worker, at most a while.
    """

    folder: Path
    number: int
    dies: int = 0
    fails: bool = False
    together: Path | None = None


def stand_in(job: StandIn) -> tuple[int, list[float]]:
    """Do the steps that are not done; return the worker's process and what came out."""
    if job.fails:
        raise InputError(f"{job.folder}: made to fail")
    job.folder.mkdir(parents=True, exist_ok=True)
    if job.together is not None:
        (job.together / str(os.getpid())).touch()
        until = time.monotonic() + 20
        while len(list(job.together.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.02)
    for step in range(STEPS):
        kept = job.folder / str(step)
        if kept.exists():
            continue
        if step == STEPS // 2 and len(list(job.folder.glob("died*"))) < job.dies:
            (job.folder / f"died{time.monotonic_ns()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        (job.folder / f"did{step}-{time.monotonic_ns()}").touch()
        # Long enough that a pool which dies finds the worker beside it in the middle of one.
        time.sleep(_STEP_SECONDS)
        value = np.random.default_rng((job.number, step)).normal()
        write_atomically(kept, str(float(value)).encode())
    values = [float((job.folder / str(step)).read_text()) for step in range(STEPS)]
    return os.getpid(), values


def steps_done(job: StandIn) -> int:
    """Count the steps that all runs of a job did together."""
    return len(list(job.folder.glob("did*")))
