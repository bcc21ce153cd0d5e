"""Seconds a training epoch takes on each backend of Keras that is installed.

Usage: python benchmarks/backends.py [--threads N] [--json]

Of 480 crops of 3 s, an epoch of EMO-DB less a speaker, in the batches of the recipe
`edge`; the median of the epochs after the first, which compiles. Read the ratios:
every backend runs in the same call, one after the other. The last case is the one
before with glibc told to keep the memory that a step gives back: the next step's
pages need not be cleared again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

CASES = (
    ("tensorflow", "none", False),
    ("tensorflow", "bfloat16", False),
    ("jax", "none", False),
    ("torch", "none", False),
    ("torch", "bfloat16", False),
    ("torch", "bfloat16", True),
)
# See "Memory Allocation Tunables" in glibc's manual; sizes in bytes.
KEPT_MEMORY = (
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296"
    ":glibc.malloc.trim_threshold=8589934592"
)
_EPOCHS = 3
_CLIPS = 480

_PROGRAM = """
import statistics, sys, time
from pathlib import Path
import numpy as np
import keras
from lightsernet_edge.features import recipe
from lightsernet_trainer.conditions.condition import CLEAN
from lightsernet_trainer.configuration import DEFAULTS
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.network.light_sernet import light_sernet
from lightsernet_trainer.training.batches import Augmentation, CropBatches
from lightsernet_trainer.training.feature_store import FeatureStore
from lightsernet_trainer.training.fitting import fit_epoch

mixed, n_clips, n_epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if mixed != "none":
    keras.mixed_precision.set_dtype_policy(f"mixed_{mixed}")
labels = tuple("abcdefg")
random = np.random.default_rng(0)
store = FeatureStore(recipe("edge"))
clips = [Clip(Path(str(i)), labels[i % 7], str(i % 9)) for i in range(n_clips)]
for clip in clips:
    store._kept[clip, CLEAN] = random.normal(size=(200, 40)).astype(np.float32)
batch = DEFAULTS["edge"]["batch_size"]
batches = CropBatches(store, clips, labels, store.spec, 184, batch, 0, Augmentation())
network = light_sernet(184, 40, 7)
network.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
seconds = [fit_epoch(network, batches, epoch)["seconds"] for epoch in range(n_epochs + 1)]
print(statistics.median(seconds[1:]))
"""


def epoch_seconds(backend: str, mixed: str, keep_memory: bool, threads: int) -> float:
    """Return the median epoch of one case, run in a process of its own."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
    }
    if keep_memory:
        environment["GLIBC_TUNABLES"] = KEPT_MEMORY
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, mixed, str(_CLIPS), str(_EPOCHS)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    rows = []
    for backend, mixed, keep_memory in CASES:
        if find_spec(backend) is None:
            console.print(f"{backend}: not installed")
            continue
        with console.status(f"{backend} {mixed}"):
            seconds = epoch_seconds(backend, mixed, keep_memory, arguments.threads)
        rows.append(
            {
                "backend": backend,
                "mixed_precision": mixed,
                "kept_memory": keep_memory,
                "epoch_s": seconds,
            }
        )
    if arguments.json:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table(box=None, header_style="bold")
    headings = ("backend", "mixed precision", "memory", "seconds an epoch", "of the first")
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["backend"],
            row["mixed_precision"],
            "kept" if row["kept_memory"] else "",
            f"{row['epoch_s']:.1f}",
            f"{row['epoch_s'] / rows[0]['epoch_s']:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
