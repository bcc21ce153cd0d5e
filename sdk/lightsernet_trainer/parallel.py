"""Runs folds one after another or several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


def run_folds(
    function: Callable[[Job], Outcome],
    jobs: Sequence[Job],
    parallel: str,
    workers: int,
    console: Console,
) -> list[Outcome]:
    """Call `function` on every job; results in the order of the jobs."""
    hidden = not console.is_terminal
    if parallel == "none":
        return [
            function(job)
            for job in track(jobs, "folds", console=console, transient=True, disable=hidden)
        ]
    done = Parallel(workers, backend=parallel, return_as="generator")(
        delayed(function)(job) for job in jobs
    )
    return list(track(done, "folds", len(jobs), console=console, transient=True, disable=hidden))
