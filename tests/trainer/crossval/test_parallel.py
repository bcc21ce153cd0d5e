"""Folds over processes and clusters: the same outcomes, and workers that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_trainer.crossval.parallel import PARALLEL, run_folds
from tests.places import CHECKOUT
from tests.trainer.crossval.fold_stand_in import STEPS, StandIn, stand_in, steps_done

QUIET = Console(quiet=True)
CLUSTERS = tuple(name for name in PARALLEL if name != "none")


@pytest.fixture(autouse=True)
def _workers_find_the_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    for name in ("DASK_SCHEDULER_ADDRESS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


def need(parallel: str) -> None:
    if parallel == "dask":
        pytest.importorskip("distributed", reason="the extra dask is not installed")
    if parallel == "ray":
        pytest.importorskip("ray", reason="the extra ray is not installed")


@pytest.mark.parametrize("parallel", CLUSTERS)
def test_cluster_gives_what_one_process_gives(parallel: str, tmp_path: Path) -> None:
    """Two workers, one of them killed in the middle of a fold."""
    need(parallel)
    together = tmp_path / "together"
    together.mkdir()
    alone = [StandIn(tmp_path / f"alone{i}", i) for i in range(3)]
    jobs = [StandIn(tmp_path / f"fold{i}", i, int(i == 1), together=together) for i in range(3)]
    expected = run_folds(stand_in, alone, "none", 1, QUIET)
    found = run_folds(stand_in, jobs, parallel, 2, QUIET)
    assert [values for _, values in found] == [values for _, values in expected]
    assert {process for process, _ in expected} == {os.getpid()}
    assert os.getpid() not in {process for process, _ in found}
    assert len(list(together.iterdir())) >= 2
    assert len(list((tmp_path / "fold1").glob("died*"))) == 1
    # No step that was done is done again, but one that another worker was at.
    assert steps_done(jobs[1]) == STEPS
    assert sum(steps_done(job) for job in jobs) <= 3 * STEPS + 1


# Ray takes long to start: once is enough.
@pytest.mark.parametrize("parallel", ["loky", "dask"])
def test_a_fold_that_kills_every_worker_is_given_up(parallel: str, tmp_path: Path) -> None:
    need(parallel)
    jobs = [StandIn(tmp_path / "fold0", 0), StandIn(tmp_path / "fold1", 1, dies=10**6)]
    with pytest.raises(LightSernetError, match="workers died 3 times at fold"):
        run_folds(stand_in, jobs, parallel, 2, QUIET)
    # Each death may cost the fold beside it the step it was at.
    assert steps_done(jobs[0]) <= STEPS + 3


@pytest.mark.parametrize("parallel", ["none", "loky", "dask"])
def test_errors_come_as_they_are(parallel: str, tmp_path: Path) -> None:
    need(parallel)
    jobs = [StandIn(tmp_path / "fold0", 0), StandIn(tmp_path / "fold1", 1, fails=True)]
    with pytest.raises(InputError, match="fold1: made to fail"):
        run_folds(stand_in, jobs, parallel, 2, QUIET)


@pytest.mark.parametrize("parallel", PARALLEL)
def test_no_folds(parallel: str) -> None:
    assert run_folds(stand_in, [], parallel, 2, QUIET) == []


def test_no_such_way() -> None:
    with pytest.raises(InputError, match="parallel: found 'threads'"):
        run_folds(stand_in, [], "threads", 2, QUIET)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_who_started_them(number: int, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "tests.trainer.crossval.orphans", tmp_path])
    try:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        process.send_signal(number)
        process.wait()
    workers = [int(path.name) for path in tmp_path.iterdir()]
    wait_until(lambda: not any(is_alive(worker) for worker in workers))


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    """Whether there is such a process, and not only what is left of it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
