"""The fixed-point front end beside the float one, on every clip of EMO-DB, on this machine.

Usage: python benchmarks/fixed_point_front_end.py --data DIR [--model FILE] [--clips N] [--json]

DIR holds emodb/. The engine is compiled twice, as for cores with and without a
floating-point unit, and runs every clip whole. Prints how many integers of the features
are equal and how far the others are off, and how many clips get the same label.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.build import FIXED_POINT_FRONT_END, host_library
from lightsernet_firmware.host.outcome import Outcome
from lightsernet_firmware.host.runner import HostRunner


def compare(model: FirmwareModel, paths: list[Path]) -> dict[str, Any]:
    """Run clips through both front ends, and count."""
    rate = model.file.record.features.sample_rate
    runners = [
        HostRunner(model, str(host_library(more_flags=flags)))
        for flags in ((), FIXED_POINT_FRONT_END)
    ]
    steps = np.zeros(256, np.int64)
    labels = 0
    for path in paths:
        clip = [as_pcm16(read_recording(path, rate).samples)]
        floats, integers = (runner.run_samples(clip)[0] for runner in runners)
        steps += _steps(floats, integers)
        labels += int(np.argmax(floats.posteriors) == np.argmax(integers.posteriors))
    return {
        "clips": len(paths),
        "labels_agree": labels,
        "features": int(steps.sum()),
        "equal": float(steps[0] / steps.sum()),
        "within_1": float(steps[:2].sum() / steps.sum()),
        "max_lsb": int(np.flatnonzero(steps)[-1]),
    }


def _steps(floats: Outcome, integers: Outcome) -> NDArray[np.int64]:
    """Count the features by their difference, shape (256,)."""
    assert floats.features is not None
    assert integers.features is not None
    off = np.abs(floats.features.astype(np.int64) - integers.features)
    return np.bincount(off.ravel(), minlength=256)


def main() -> None:
    """Compare on all clips, or on some of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="holds emodb/")
    parser.add_argument("--model", type=Path, default=default_model_path())
    parser.add_argument("--clips", type=int, help="only so many, spread evenly")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    paths = sorted((arguments.data / "emodb" / "wav").glob("*.wav"))
    if arguments.clips is not None:
        chosen = np.linspace(0, len(paths) - 1, arguments.clips).round().astype(int)
        paths = [paths[index] for index in chosen]
    result = compare(FirmwareModel(read_model(arguments.model)), paths)
    if arguments.json:
        print(json.dumps(result))
        return
    print(
        f"{result['clips']} clips, {result['features']:,} integers: {result['equal']:.3%} equal, "
        f"{result['within_1']:.3%} within 1, at most {result['max_lsb']} off; "
        f"{result['labels_agree']} labels agree"
    )


if __name__ == "__main__":
    main()
