"""Run folds one after another, in several processes, or on a Dask or Ray cluster."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from uuid import uuid4

from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from rich.progress import Progress

from lightsernet_edge.errors import InputError, LightSernetError, MissingDependencyError
from lightsernet_edge.extras import installation

from .parent_watch import end_with_parent

PARALLEL = ("none", "loky", "dask", "ray")

# How often a fold is begun. If its worker dies each time, the fold is the cause.
_ATTEMPTS = 3
# The least that Ray starts with; folds pass far less.
_RAY_STORE_BYTES = 200 * 2**20
# An actor that dies is started again, and its fold with it.
_RAY_ACTORS = {"max_restarts": _ATTEMPTS, "max_task_retries": _ATTEMPTS}

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


def run_folds(
    function: Callable[[Job], Outcome],
    jobs: Sequence[Job],
    parallel: str,
    workers: int,
    console: Console,
) -> list[Outcome]:
    """Call `function` on every job.

    If a worker dies, its fold is begun again; with ``loky`` so are the folds that ran at
    the same time. A function that keeps its steps on disk, as `fold_run.run_fold` does,
    goes on where it stopped.

    Parameters
    ----------
    function : callable
        Of one job; must be picklable, as must jobs and outcomes.
    jobs : sequence
    parallel : {"none", "loky", "dask", "ray"}
        One after another in this process, or over joblib's backend of that name. A cluster
        of `workers` processes on this machine is started and stopped, unless
        ``DASK_SCHEDULER_ADDRESS`` or ``RAY_ADDRESS`` names one that runs; its machines must
        see the same files.
    workers : int
        Jobs at a time.
    console : rich.console.Console
        Where progress is shown.

    Returns
    -------
    list
        The outcomes, in the order of the jobs.

    Raises
    ------
    InputError
        If `parallel` is none of these.
    MissingDependencyError
        If Dask or Ray is not installed.
    LightSernetError
        If a fold's worker dies three times.
    Exception
        What `function` raises.
    """
    if parallel not in PARALLEL:
        raise InputError(f"parallel: found {parallel!r}, expected one of {', '.join(PARALLEL)}")
    outcomes: dict[int, Outcome] = {}
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("folds", total=len(jobs))
        for place, outcome in _run(function, jobs, parallel, workers):
            outcomes[place] = outcome
            progress.update(task, completed=len(outcomes))
    return [outcomes[place] for place in range(len(jobs))]


def _run(
    function: Callable[[Job], Outcome], jobs: Sequence[Job], parallel: str, workers: int
) -> Iterator[tuple[int, Outcome]]:
    """Yield the place and the outcome of each job as soon as it is done."""
    if parallel == "none" or len(jobs) == 0:
        yield from ((place, function(job)) for place, job in enumerate(jobs))
        return
    missing = set(range(len(jobs)))
    with tempfile.TemporaryDirectory() as begun, _BACKENDS[parallel](workers):
        call = delayed(_Attempt(function, Path(begun)))
        while missing:
            # A fold takes long, so none is to wait in a batch behind another.
            running = Parallel(
                workers, batch_size=1, pre_dispatch="n_jobs", return_as=_RETURN_AS[parallel]
            )
            try:
                for place, outcome in running(call(jobs[i], i) for i in sorted(missing)):
                    missing.remove(place)
                    yield place, outcome
            except BrokenProcessPool:
                # Loky gives up all running folds; Dask and Ray begin the one fold again.
                continue


@dataclass(frozen=True)
class _Attempt(Generic[Job, Outcome]):
    """Calls a function in a worker, unless workers died of it too often.

    A cluster does not say how often it has begun a task again, and joblib waits for ever
    if the cluster gives up. So each beginning leaves a file, and these are counted.

    Attributes
    ----------
    function : callable
    begun : Path
        Folder of these files.
    """

    function: Callable[[Job], Outcome]
    begun: Path

    def __call__(self, job: Job, place: int) -> tuple[int, Outcome]:
        end_with_parent()
        attempts = self.begun / str(place)
        attempts.mkdir(parents=True, exist_ok=True)
        if len(list(attempts.iterdir())) >= _ATTEMPTS:
            raise LightSernetError(
                f"parallel: workers died {_ATTEMPTS} times at fold {place + 1} or beside it; "
                "expected enough memory for that many folds at a time, or fewer jobs"
            )
        (attempts / uuid4().hex).touch()
        return place, self.function(job)


@contextmanager
def _loky(workers: int) -> Iterator[None]:
    with parallel_config("loky", n_jobs=workers):
        yield


@contextmanager
def _dask(workers: int) -> Iterator[None]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise _not_installed("dask") from None
    address = dask.config.get("scheduler-address", None)
    # A fold starts processes of its own, which a daemonic worker may not.
    with dask.config.set({"distributed.worker.daemon": False}):
        if address is not None:
            with Client(address), parallel_config("dask"):
                yield
            return
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            Client(cluster),
            parallel_config("dask"),
        ):
            yield


@contextmanager
def _ray(workers: int) -> Iterator[None]:
    # Nothing is reported to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise _not_installed("ray") from None
    register_ray()
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False)
    else:
        ray.init(
            # Without an address Ray joins any cluster that runs on this machine.
            address="local",
            num_cpus=workers,
            object_store_memory=_RAY_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    try:
        with parallel_config("ray", n_jobs=workers, ray_remote_args=_RAY_ACTORS):
            yield
    finally:
        ray.shutdown()


def _not_installed(name: str) -> MissingDependencyError:
    return MissingDependencyError(f"parallel {name}: {name} is not installed: {installation(name)}")


_BACKENDS = {"loky": _loky, "dask": _dask, "ray": _ray}
# Ray's backend returns all outcomes at the end.
_RETURN_AS = {"loky": "generator_unordered", "dask": "generator_unordered", "ray": "list"}
