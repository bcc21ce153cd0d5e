"""Print the integers of several engines for recordings: run on an emulated Pi.

    python outputs.py --engines NAME ... --clips CLIP ...

A name is that of an engine, ``default``, or one of these with ``+xnnpack`` behind it;
``builtin`` is LiteRT's built-in kernels, which the SDK does not run on 64-bit Arm. One JSON
object on stdout; the rows of features, the same for all engines, as a hash.
"""

import argparse
import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.classifier import open_classifier
from lightsernet_edge.engines import Engine, interpreter
from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model.file import ModelFile


class BuiltInKernels(interpreter.LiteRTEngine):
    """LiteRT as it runs where its built-in kernels give the reference integers."""

    _is_exact_on_arm = True


def opened(file: ModelFile, name: str) -> Engine:
    """Open a model with what a name of `main` stands for."""
    engine, _, xnnpack = name.partition("+")
    if engine == "builtin":
        return BuiltInKernels(file.model, file.graph, 1, False)
    named = None if engine == "default" else engine
    return open_classifier(file, named, xnnpack=bool(xnnpack)).engine


def main() -> dict[str, Any]:
    """Run the recordings through the model that ships."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engines", nargs="+", required=True)
    parser.add_argument("--clips", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()

    file = open_classifier().file
    front_end = FrontEnd(file.record.features)
    clips = {}
    for path in arguments.clips:
        samples = as_pcm16(read_recording(path, front_end.spec.sample_rate).samples)
        clips[path.name] = front_end.features(samples)
    quantize = file.graph.input.quantization.quantize

    outputs = {}
    for name in arguments.engines:
        ready = opened(file, name)
        outputs[name] = {clip: ready.invoke(rows).tolist() for clip, rows in clips.items()}
    return {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "rows": {
            clip: hashlib.sha256(quantize(rows).tobytes()).hexdigest()
            for clip, rows in clips.items()
        },
        "outputs": outputs,
    }


if __name__ == "__main__":
    print(json.dumps(main()))
