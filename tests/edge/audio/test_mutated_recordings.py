"""Recordings with bytes changed, by kept seeds: read, or refused in one line; no crash, no hang."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import soundfile

from tests.edge.audio.awkward_recordings import CLIP, by_bytes

# For more: python -m tests.edge.audio.test_mutated_recordings FOLDER FIRST LAST
SEEDS = range(120)
FORMATS = {"x.flac": None, "x.ogg": "VORBIS", "x.opus": "OPUS", "x.mp3": None, "x.aiff": None}
# In the child: reads every mutation of every file in a folder, in 1 GB.
CHILD = """
import random, resource, sys, warnings
from pathlib import Path
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.capture.recording import FileSource
from lightsernet_edge.errors import AudioError
import numpy as np
folder, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
files = sorted(folder.glob("x.*"))
warnings.simplefilter("ignore")
for seed in range(first, last):
    draw = random.Random(seed)
    path = files[seed % len(files)]
    content = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 6)):
        content = content or bytearray(b"x")
        at = draw.randrange(draw.choice([64, 400, len(content)])) % len(content)
        kind = draw.randrange(4)
        if kind == 0:
            content[at] = draw.randrange(256)
        elif kind == 1:
            word = draw.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, draw.randrange(2**32)])
            content[at : at + 4] = word.to_bytes(4, draw.choice(["little", "big"]))
        elif kind == 2:
            del content[at : at + draw.choice([1, 2, 100, len(content)])]
        else:
            content[at:at] = content[: draw.choice([1, 50, 5000])]
    mutated = folder / "mutated"
    mutated.write_bytes(content)
    print(seed, path.name, flush=True)
    try:
        whole = read_recording(mutated, 16000).samples
        assert np.isfinite(whole).all() and whole.size
        live = sum(block.samples.size for block in FileSource(mutated, 16000, True).blocks())
        assert live == whole.size, (live, whole.size)
    except AudioError as error:
        assert str(mutated) in str(error) and "\\n" not in str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("peak", peak)
assert peak < 2**20
"""


def mutate(folder: Path, first: int, last: int) -> subprocess.CompletedProcess[str]:
    """Read the mutations of some seeds in a child process."""
    clip, rate = soundfile.read(CLIP, dtype="int16")
    for name, subtype in FORMATS.items():
        kind = "OGG" if name == "x.opus" else name[2:].upper()
        if kind in soundfile.available_formats():
            soundfile.write(folder / name, clip, rate, format=kind, subtype=subtype)
    (folder / "x.wav").write_bytes(CLIP.read_bytes())
    (folder / "x.rf64").write_bytes(by_bytes()["ones-rf64.wav"][0])
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(first), str(last)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + 10 * (last - first),
    )


def test_mutated_recordings(tmp_path: Path) -> None:
    done = mutate(tmp_path, SEEDS.start, SEEDS.stop)
    # libmpg123 prints lines of its own.
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr


if __name__ == "__main__":
    outcome = mutate(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.exit(outcome.stdout[-100:] + outcome.stderr if outcome.returncode else 0)
