"""The child process of `confined`: an engine that answers on stdout what it is asked on stdin."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import MissingDependencyError, ModelError
from ..model.graph_check import read_checked_graph
from . import GROUP
from .confined import HEADER

# On top of what the packages take, in bytes.
_MEMORY = 768 * 2**20


def _main() -> None:
    questions = sys.stdin.buffer
    # What native code prints is not to stand among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    engine: Any = None
    kind: Any = None
    while len(header := questions.read(HEADER.size)) == HEADER.size:
        n_text, n_content = HEADER.unpack(header)
        question = json.loads(questions.read(n_text))
        content = questions.read(n_content)
        try:
            if "engine" in question:
                (point,) = entry_points(group=GROUP, name=question["engine"])
                kind = point.load()
                # Where an engine imports its package late, it does so now.
                getattr(kind, "_import", lambda: None)()
                _limit_memory()
                _answer(answers, {})
            elif "shape" in question:
                output = engine.invoke(np.frombuffer(content).reshape(question["shape"]))
                _answer(answers, {"dtype": str(output.dtype)}, output.tobytes())
            else:
                graph = read_checked_graph(content)
                engine = kind(content, graph, question["threads"], question["xnnpack"])
                _answer(answers, {})
        except MissingDependencyError as error:
            _answer(answers, {"missing": str(error)})
        except ModelError as error:
            _answer(answers, {"error": str(error)})


def _answer(answers: IO[bytes], answer: dict[str, Any], content: bytes = b"") -> None:
    text = json.dumps(answer).encode()
    answers.write(HEADER.pack(len(text), len(content)) + text + content)
    answers.flush()


def _limit_memory() -> None:
    # Only where the system tells how much there is already.
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = Path("/proc/self/statm").read_text("ascii").split()[0]
        size = int(pages) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (size + _MEMORY, hard))


if __name__ == "__main__":
    _main()
