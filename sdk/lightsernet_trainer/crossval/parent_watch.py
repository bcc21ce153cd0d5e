"""Workers that end with the process that started them, also if it was killed."""

from __future__ import annotations

import os
import threading
import time
from functools import cache

_POLL_S = 0.5


@cache
def end_with_parent() -> None:
    """End this process soon after its parent has; once called, it holds for good.

    A pool tells its workers to end; one that was killed tells nobody, and they would go on
    with their folds beside the next run.
    """
    watch = threading.Thread(target=_watch, args=(os.getppid(),), daemon=True)
    watch.start()


def _watch(parent: int) -> None:
    # Whoever loses its parent gets another one.
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os._exit(1)
