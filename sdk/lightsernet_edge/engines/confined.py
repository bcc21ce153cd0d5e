"""An engine in a child process, for graphs that cannot be checked before they run.

An interpreter crashes its process on some graphs, and never ends on others. In a child, either
is an error like any other. The child has the caller's rights: this is no protection against
code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import weakref
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import MissingDependencyError, ModelError
from ..model.tflite_graph import Graph

# What stands before each message: the lengths of its JSON and of the bytes behind.
HEADER = struct.Struct("<II")
# Of the packages, which takes long on a slow board.
_IMPORT_S = 120.0
# An answer that takes this long, and as long as the audio lasts on top, is of no use.
_ANSWER_S = 5.0
_FRAME_S = 0.016


class ConfinedEngine:
    """An engine that a child process runs; see `lightsernet_edge.engines.Engine`.

    Parameters
    ----------
    name : str
        Of the engine.
    model : bytes
        A verified TFLite flatbuffer.
    graph : Graph
        Its graph.
    threads : int
        Number of threads.
    xnnpack : bool
        Whether to run on XNNPACK.

    Raises
    ------
    MissingDependencyError
        If a package that the engine needs is missing.
    ModelError
        If the engine refuses the model, crashes on it, or does not answer.
    """

    def __init__(self, name: str, model: bytes, graph: Graph, threads: int, xnnpack: bool) -> None:
        self._what = ", ".join(graph.unchecked)
        self._child = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
        )
        weakref.finalize(self, _end, self._child)
        self._ask({"engine": name}, b"", _IMPORT_S)
        self._ask({"threads": threads, "xnnpack": xnnpack}, model, 2 * _ANSWER_S)

    def invoke(self, features: NDArray[np.float64]) -> NDArray[np.float32] | NDArray[np.int8]:
        """Run the network once on `features`, shape (n_frames, n_coefficients)."""
        rows = np.ascontiguousarray(features, np.float64)
        limit = _ANSWER_S + _FRAME_S * len(rows)
        answer, content = self._ask({"shape": rows.shape}, rows.tobytes(), limit)
        output: NDArray[np.float32] | NDArray[np.int8] = np.frombuffer(content, answer["dtype"])
        return output

    def _ask(self, question: dict[str, Any], content: bytes, limit: float) -> tuple[Any, bytes]:
        timer = threading.Timer(limit, self._child.kill)
        timer.start()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            text = json.dumps(question).encode()
            self._child.stdin.write(HEADER.pack(len(text), len(content)) + text + content)
            self._child.stdin.flush()
            header = self._child.stdout.read(HEADER.size)
            if len(header) < HEADER.size:
                self._fail(timer.finished.is_set(), limit)
            n_text, n_content = HEADER.unpack(header)
            answer = json.loads(self._child.stdout.read(n_text))
            content = self._child.stdout.read(n_content)
        except (OSError, ValueError):
            self._fail(timer.finished.is_set(), limit)
        finally:
            timer.cancel()
        if "missing" in answer:
            raise MissingDependencyError(answer["missing"])
        if "error" in answer:
            raise ModelError(answer["error"])
        return answer, content

    def _fail(self, is_late: bool, limit: float) -> NoReturn:
        status = self._child.wait()
        if is_late:
            end = f"did not answer within {limit:.0f} s"
        elif status < 0:
            end = f"crashed ({signal.Signals(-status).name})"
        else:
            end = f"ended with status {status}"
        raise ModelError(f"the interpreter {end} on the model, which has {self._what}") from None


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            # What is left in the buffer of a broken pipe cannot be written.
            with contextlib.suppress(OSError):
                pipe.close()
    child.wait()
