"""Models that a stranger has changed, with their hash made anew, each tried in a child process.

``python -m tests.edge.model.mutated_models COUNT FIRST_SEED`` runs many; a seed gives the same
file again.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import random
import resource
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from lightsernet_edge.classifier import open_classifier
from lightsernet_edge.errors import LightSernetError, ModelError
from lightsernet_edge.model.file import embedded_record, read_model, without_record
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_firmware.firmware_model import FirmwareModel

# Of the processor's time; and of the clock's, for one that waits.
LIMIT_S, CLOCK_S = 10, 300
LIMIT_BYTES = 2**30
WORDS = (0, 1, 2, 3, 4, 5, 16, 64, 255, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True)
class SealedBytes:
    """A model file, and where in it a change changes more than a weight.

    Attributes
    ----------
    content : bytes
        The whole file.
    head : int
        Number of bytes in front of the model's own.
    sha256 : bytes
        As the record has it.
    structure : tuple of int
        Positions in `content` that hold no constant.
    """

    content: bytes
    head: int
    sha256: bytes
    structure: tuple[int, ...]

    @classmethod
    def of(cls, content: bytes) -> SealedBytes:
        """Find the parts of a model file."""
        model = without_record(content)
        head = len(content) - len(model)
        constants: set[int] = set()
        for tensor in read_graph(model).tensors:
            data = bytes(tensor.data)
            # Short constants are axes, shapes and biases: they stay among what is changed.
            if len(data) > 256:
                start = head + model.index(data)
                constants.update(range(start, start + len(data)))
        record = embedded_record(content)
        assert record is not None
        structure = tuple(p for p in range(head, len(content)) if p not in constants)
        return cls(content, head, record.sha256.encode(), structure)

    def mutated(self, seed: int) -> bytes:
        """Return the file with up to four places changed, and the hash made anew."""
        draw = random.Random(seed)
        damaged = bytearray(self.content)
        for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
            at = draw.choice(self.structure)
            word = at - at % 4
            kind = draw.randrange(7)
            if kind == 0:
                damaged[at] ^= 1 << draw.randrange(8)
            elif kind == 1:
                damaged[at] = draw.randrange(256)
            elif kind == 2:
                struct.pack_into("<I", damaged, word, draw.choice(WORDS))
            elif kind == 3:
                value = struct.unpack_from("<I", damaged, word)[0] + draw.choice((-4, -1, 1, 4))
                struct.pack_into("<I", damaged, word, value % 2**32)
            elif kind == 4:
                source = draw.choice(self.structure)
                source -= source % 4
                damaged[word : word + 4] = damaged[source : source + 4]
            elif kind == 5:
                struct.pack_into("<H", damaged, at - at % 2, draw.choice((0, 4, 8, 0xFFFF)))
            else:
                # A small number becomes another: an operator, a type, a tensor's index.
                places = [p for p in self.structure if damaged[p] in range(1, 32)]
                damaged[draw.choice(places)] = draw.randrange(32)
        damaged[len(self.content) :] = b""
        digest = hashlib.sha256(damaged[self.head :]).hexdigest().encode()
        at = damaged.index(self.sha256)
        damaged[at : at + len(digest)] = digest
        return bytes(damaged)


def try_in_child(path: Path) -> tuple[str, str]:
    """Do what ``info`` and ``classify`` do with a model, in a forked child.

    Returns
    -------
    verdict : str
        ``ok`` or ``refused``, or what must not happen.
    detail : str
        The error line, or what is known of the end.
    """
    read, write = os.pipe()
    # The child begins with what this process holds.
    held = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    child = os.fork()
    if child == 0:
        os.close(read)
        status = 70
        try:
            signal.alarm(CLOCK_S)
            resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            status, text = _run(path)
            os.write(write, text.encode()[-2000:])
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        text = stream.read().decode(errors="replace")
    _, state, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(state):
        name = signal.Signals(os.WTERMSIG(state)).name
        return ("hang" if name in ("SIGALRM", "SIGXCPU") else "crash"), name
    if (grown := usage.ru_maxrss * 1024 - held) > LIMIT_BYTES:
        return "memory", f"{grown // 1_000_000} MB"
    status = os.waitstatus_to_exitcode(state)
    if status not in (0, 2):
        return "traceback", f"{status}: {text}"
    return ("ok" if status == 0 else "refused"), text


def _run(path: Path) -> tuple[int, str]:
    """Do what ``info`` and ``classify`` do with a model."""
    try:
        file = read_model(path)
        graph = file.graph
        _ = graph.precision, graph.parameters, graph.macs
        model = FirmwareModel(file)
        with contextlib.suppress(ModelError):
            model.layer_costs(graph.input.shape[1])
            model.listener_ram_bytes()
            _ = model.blob
        classifier = open_classifier(file)
        # Rows of silence and of noise, of two lengths: the interpreter makes room twice.
        for n_frames in (90, 184):
            rows = np.random.default_rng(n_frames).normal(size=(n_frames, graph.input.shape[2]))
            classifier.decide(classifier.run(rows), start_s=0.0, end_s=1.0)
    except LightSernetError as error:
        return error.exit_status, str(error)
    except Exception:
        return 1, traceback.format_exc()
    return 0, ""


def _many(count: int, first: int, bases: list[Path], folder: Path) -> None:
    sealed = [SealedBytes.of(base.read_bytes()) for base in bases]
    found: Counter[str] = Counter()
    slowest = 0.0
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # A collection in a child would copy all that it shares with this process.
    gc.freeze()
    for seed in range(first, first + count):
        path = folder / "mutated.tflite"
        path.write_bytes(sealed[seed % len(sealed)].mutated(seed))
        start = time.monotonic()
        verdict, detail = try_in_child(path)
        slowest = max(slowest, time.monotonic() - start)
        found[verdict] += 1
        if verdict not in ("ok", "refused"):
            path.rename(folder / f"{verdict}-{seed}.tflite")
            print(seed, verdict, " ".join(detail.split())[:200], flush=True)
        if seed - first == count - 1 or sum(found.values()) % 500 == 0:
            print(f"up to {seed}: {dict(found)}, slowest {slowest:.1f} s", flush=True)


if __name__ == "__main__":
    # What is imported here, no child needs to import.
    for name in ("ai_edge_litert", "lightsernet_edge.engines"):
        import_module(f"{name}.interpreter")
    import_module("numpy.random")

    _many(int(sys.argv[1]), int(sys.argv[2]), [Path(p) for p in sys.argv[4:]], Path(sys.argv[3]))
