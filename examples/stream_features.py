"""Compute features as audio arrives: the front end of a model, chunk by chunk.

Usage: python stream_features.py CLIP
"""

import sys
from pathlib import Path

from lightsernet_edge import (
    FrontEnd,
    LightSernetError,
    default_model_path,
    read_model,
    read_recording,
)

CHUNK = 400  # samples; any size gives the same rows


def main() -> int:
    clips = Path(__file__).parent / "clips"
    clip = Path(sys.argv[1]) if len(sys.argv) == 2 else sorted(clips.glob("*.wav"))[0]
    spec = read_model(default_model_path()).record.features
    try:
        samples = read_recording(clip, spec.sample_rate).samples
    except LightSernetError as error:
        print(f"stream_features.py: {error}", file=sys.stderr)
        return error.exit_status
    stream = FrontEnd(spec).stream()
    rows = 0
    for start in range(0, len(samples), CHUNK):
        for row in stream.push(samples[start : start + CHUNK]):
            end_s = (rows * spec.hop_length + spec.frame_length) / spec.sample_rate
            rows += 1
            print(f"{end_s:6.3f} s  {row[:4].round(2)}")
    print(f"{rows} rows of {spec.n_coefficients} coefficients")
    return 0


if __name__ == "__main__":
    sys.exit(main())
