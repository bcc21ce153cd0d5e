"""Print labels and raw int8 outputs of recordings, as whatever interpreter is here has them.

    python int8_outputs.py [--seconds S ...] --clips CLIP...

``--seconds`` adds the outputs of the first S seconds, of shorter clips with
zeros after them. One JSON object on stdout; run by the environments that are
compared, so it must work on every NumPy and every interpreter.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.audio.recording import Recording, read_recording


def raw_output(recognizer: EmotionRecognizer, recording: Recording) -> list[int]:
    """Return the integers of the output tensor."""
    output = recognizer.output(recording)
    assert output.dtype == np.int8, output.dtype
    values: list[int] = output.tolist()
    return values


def main() -> dict[str, Any]:
    """Run the recordings through the model that ships."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, nargs="*", default=[])
    parser.add_argument("--clips", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()

    recognizer = EmotionRecognizer()
    clips = {}
    for path in arguments.clips:
        recording = read_recording(path, recognizer.sample_rate)
        outputs = {"whole": raw_output(recognizer, recording)}
        for seconds in arguments.seconds:
            n_samples = round(seconds * recognizer.sample_rate)
            part = np.zeros(n_samples)
            part[: recording.samples.size] = recording.samples[:n_samples]
            outputs[str(seconds)] = raw_output(recognizer, Recording(part, recognizer.sample_rate))
        clips[path.name] = {
            "samples": recording.samples.size,
            "label": recognizer.classify(path).label,
            "outputs": outputs,
        }
    interpreters = {"ai_edge_litert", "tflite_runtime", "tensorflow"}
    return {
        "python": list(sys.version_info[:3]),
        "numpy": np.__version__,
        "interpreters": sorted(interpreters & set(sys.modules)),
        "clips": clips,
    }


if __name__ == "__main__":
    print(json.dumps(main()))
