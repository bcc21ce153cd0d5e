"""`DrawLimits`: what draws may take of a machine; it changes nothing of what they are."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lightsernet_edge.errors import InputError

GIGABYTE = 10**9


@dataclass(frozen=True)
class DrawLimits:
    """What draws may take of a machine.

    Attributes
    ----------
    cache_size : float
        The most that they may take where features are kept, in gigabytes of 10^9 bytes,
        above 0. 120 draws of EMO-DB take 0.9.
    workers : int or None
        Processes that make draws beside the training, where the cache is ``disk``; 0 for
        none, None for one for each core that this process may use.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    cache_size: float = 4.0
    workers: int | None = None

    def __post_init__(self) -> None:
        if not self.cache_size > 0.0:
            raise InputError(f"cache_size: found {self.cache_size:g}, expected above 0")
        if self.workers is not None and self.workers < 0:
            raise InputError(f"draw_workers: found {self.workers}, expected at least 0")

    @property
    def processes(self) -> int:
        """Number of processes to start."""
        return _available_cores() if self.workers is None else self.workers


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
