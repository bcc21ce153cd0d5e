"""Processes that make draws beside the training.

They are of help and not needed: whoever needs a draw that is not there makes it. So one that is
killed costs time and nothing else.
"""

from __future__ import annotations

import itertools
import os
import pickle
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lightsernet_edge.errors import LightSernetError

from ..datasets.clip import Clip
from .limits import DrawLimits
from .store import DrawStore

# A block takes a fraction of a second; a process that is hung is not waited for.
_PATIENCE_S = 10.0
# One core each: libraries that start threads of their own would fight for the cores.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@contextmanager
def making(store: DrawStore | None, clips: Sequence[Clip], limits: DrawLimits) -> Iterator[None]:
    """Let processes make draws while the body runs; what is not made by its end is left.

    Parameters
    ----------
    store : DrawStore or None
        None, and one that keeps draws in memory or not at all, has no use for other processes:
        nothing is started.
    clips : sequence of Clip
        The first draws of all are made first.
    limits : DrawLimits
        How many processes.
    """
    workers = limits.processes
    if store is None or store.folder is None or workers == 0:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job"
        job.write_bytes(pickle.dumps((store, list(clips))))
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for worker in range(workers):
                processes.append(_start(job, worker, workers))
            yield
        finally:
            for process in processes:
                _tell_to_stop(process)
            for process in processes:
                _end(process)


def _start(job: Path, worker: int, workers: int) -> subprocess.Popen[bytes]:
    # By module, not by fork or spawn: Keras's threads do not survive the one, and the other
    # runs a caller's script again.
    return subprocess.Popen(
        [sys.executable, "-m", __spec__.name, str(job), str(worker), str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_ONE_THREAD},
    )


def _tell_to_stop(process: subprocess.Popen[bytes]) -> None:
    """Tell a process to stop after the block that it is at."""
    assert process.stdin is not None
    process.stdin.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _work(job: Path, worker: int, workers: int) -> None:
    """Make every so many-th block, until all are done or nobody is there who wants them."""
    store, clips = pickle.loads(job.read_bytes())
    wanted = ((clip, block) for block in range(store.n_blocks) for clip in clips)
    for clip, block in itertools.islice(wanted, worker, None, workers):
        # The pipe is closed when the process at its other end says so, or dies.
        if select.select([sys.stdin], [], [], 0.0)[0]:
            return
        # Whoever needs this draw will meet the error, and can say so.
        with suppress(LightSernetError):
            store.make(clip, block)


if __name__ == "__main__":
    _work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
