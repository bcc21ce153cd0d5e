"""Whether the machine itself stood still while something was timed on it."""

from __future__ import annotations

import threading
import time

_STEP_S = 0.02


class StallWatch(threading.Thread):
    """Measures for how long this process was not run at all.

    Attributes
    ----------
    longest_s : float
        The longest time between two looks at the clock, in seconds.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest_s = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        """Look at the clock until the watch is over."""
        before = time.monotonic()
        while not self._over.wait(_STEP_S):
            now = time.monotonic()
            self.longest_s = max(self.longest_s, now - before)
            before = now

    def __enter__(self) -> StallWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
