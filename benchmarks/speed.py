"""Speed, as ratios within one run: machines differ, ratios travel better.

Usage: python benchmarks/speed.py [--json]

Every pair is measured in turns, and the median of the ratios is reported.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import python_speech_features
from rich.console import Console
from rich.table import Table

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.features import FrontEnd, recipe

CLIPS = Path(__file__).parents[1] / "examples" / "clips"
Seconds = float


def clock(work: Callable[[], object], repeats: int = 1) -> Seconds:
    """Time one call, averaged over a few."""
    begun = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - begun) / repeats


def in_turns(
    first: Callable[[], Seconds], second: Callable[[], Seconds], rounds: int
) -> tuple[Seconds, Seconds, float]:
    """Measure two things in turns; medians, and the median of second / first."""
    pairs = [(first(), second()) for _ in range(rounds)]
    ratio = statistics.median(b / a for a, b in pairs)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), ratio


def front_end(name: str) -> tuple[Seconds, Seconds, float]:
    """Ours against python_speech_features on 3 s of speech, both on float64."""
    clips = [read_recording(path, 16000).samples for path in sorted(CLIPS.glob("*.wav"))]
    samples = np.concatenate(clips)[:48000]
    ours = FrontEnd(recipe(name))
    scaled = samples * 32768.0

    def theirs() -> object:
        return python_speech_features.mfcc(
            scaled, 16000, 0.064, 0.016, 40, 40, 1024, 80, 7600, 0, 0, False, np.hanning
        )

    return in_turns(lambda: clock(lambda: ours.features(samples), 5), lambda: clock(theirs, 5), 41)


def imports() -> tuple[Seconds, Seconds, float]:
    """Importing the package, and TensorFlow, each in a new process."""

    def start(module: str) -> Seconds:
        command = [sys.executable, "-c", f"import {module}"]
        return clock(lambda: subprocess.run(command, check=True, capture_output=True))

    start("lightsernet_edge")
    start("tensorflow")
    return in_turns(lambda: start("lightsernet_edge"), lambda: start("tensorflow"), 5)


def training_epoch(jit_compile: bool | str) -> tuple[Seconds, Seconds, float]:
    """One epoch of ours, features cached, against plain Keras `fit` on ready arrays."""
    import keras

    from lightsernet_trainer.datasets.clip import Clip
    from lightsernet_trainer.network.light_sernet import light_sernet
    from lightsernet_trainer.network.losses import loss_function
    from lightsernet_trainer.training.batches import Augmentation, CropBatches
    from lightsernet_trainer.training.feature_store import FeatureStore
    from lightsernet_trainer.training.fitting import fit_epoch

    n_clips, n_frames, n_labels = 96, 184, 7
    labels = tuple(str(i) for i in range(n_labels))
    clips = [
        Clip(path, labels[i % n_labels], "s")
        for i, path in enumerate(sorted(CLIPS.glob("*.wav")) * 14)
    ][:n_clips]
    store = FeatureStore(recipe("edge"), "memory")
    batches = CropBatches(
        store, clips, labels, recipe("edge"), n_frames, 32, 0, Augmentation(2, 20, 0.2)
    )
    ours = light_sernet(n_frames, 40, n_labels)
    ours.compile(
        keras.optimizers.Adam(1e-4),
        loss_function("cross-entropy", 0.0, 0.1),
        metrics=["accuracy"],
        jit_compile=False,
    )
    theirs = light_sernet(n_frames, 40, n_labels)
    theirs.compile(
        keras.optimizers.Adam(1e-4),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit_compile,
    )
    features = np.concatenate([crops for crops, _ in batches.epoch(0)])
    truth = np.concatenate([targets.argmax(axis=1) for _, targets in batches.epoch(0)])

    def fit() -> object:
        return theirs.fit(features, truth, batch_size=32, epochs=1, verbose=0)

    fit_epoch(ours, batches, 0)
    fit()
    epochs = iter(range(1, 100))
    theirs_first = in_turns(
        lambda: clock(fit), lambda: clock(lambda: fit_epoch(ours, batches, next(epochs))), 7
    )
    return theirs_first[1], theirs_first[0], 1.0 / theirs_first[2]


def classification() -> tuple[Seconds, Seconds, float]:
    """A clip from file to label: built-in kernels against XNNPACK, one thread."""
    clip = max(CLIPS.glob("*.wav"), key=lambda path: path.stat().st_size)
    plain, xnnpack = EmotionRecognizer(), EmotionRecognizer(xnnpack=True)
    return in_turns(
        lambda: clock(lambda: plain.classify(clip)),
        lambda: clock(lambda: xnnpack.classify(clip)),
        15,
    )


MEASUREMENTS: tuple[tuple[str, str, str, Callable[[], tuple[Seconds, Seconds, float]]], ...] = (
    ("front end edge", "edge", "python_speech_features", lambda: front_end("edge")),
    (
        "front end light-sernet",
        "light-sernet",
        "python_speech_features",
        lambda: front_end("light-sernet"),
    ),
    ("front end psf", "psf", "python_speech_features", lambda: front_end("psf")),
    ("import", "lightsernet_edge", "tensorflow", imports),
    ("clip to label, int8", "built-in kernels", "XNNPACK", classification),
    ("training epoch", "ours", "plain Keras fit", lambda: training_epoch("auto")),
    ("training epoch", "ours", "Keras fit without XLA", lambda: training_epoch(False)),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []
    for name, first, second, measure in MEASUREMENTS:
        seconds, other, ratio = measure()
        rows.append(
            {
                "what": name,
                "first": first,
                "first_ms": 1e3 * seconds,
                "second": second,
                "second_ms": 1e3 * other,
                "second_over_first": ratio,
            }
        )
        if arguments.json:
            print(json.dumps(rows[-1]), flush=True)
    if not arguments.json:
        table = Table(box=None, header_style="bold")
        for heading in ("what", "A", "A ms", "B", "B ms", "B / A"):
            table.add_column(
                heading, justify="right" if "ms" in heading or "/" in heading else "left"
            )
        for row in rows:
            table.add_row(
                str(row["what"]),
                str(row["first"]),
                f"{row['first_ms']:.2f}",
                str(row["second"]),
                f"{row['second_ms']:.2f}",
                f"{row['second_over_first']:.2f}",
            )
        Console(width=120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
