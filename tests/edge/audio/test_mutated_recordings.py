"""Recordings with bytes changed, by kept seeds: read, or refused in one line; no crash, no hang."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import soundfile

from tests.edge.audio.awkward_recordings import CLIP, by_bytes

# For more: python -m tests.edge.audio.test_mutated_recordings FOLDER FIRST LAST
SEEDS = range(200)
FORMATS = {
    "x.flac": ("FLAC", None),
    "x.ogg": ("OGG", "VORBIS"),
    "x.opus": ("OGG", "OPUS"),
    "x.mp3": ("MP3", None),
    "x.aiff": ("AIFF", None),
    "x.au": ("AU", None),
    "x.caf": ("CAF", None),
    "x.w64": ("W64", None),
    "x.gsm": ("WAV", "GSM610"),
}
# In the child: reads every mutation of every file in a folder. Each gets 10 s of the processor,
# all of them 1 GB.
CHILD = """
import random, resource, signal, sys, time, warnings
from pathlib import Path
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.capture.recording import FileSource
from lightsernet_edge.errors import AudioError
import numpy as np
folder, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
files = sorted(folder.glob("x.*"))
warnings.simplefilter("ignore")
found, slowest = {"read": 0, "refused": 0}, (0.0, first)
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
    signal.setitimer(signal.ITIMER_PROF, 10.0)
    begin = time.process_time()
    try:
        whole = read_recording(mutated, 16000).samples
        assert np.isfinite(whole).all() and whole.size
        live = sum(block.samples.size for block in FileSource(mutated, 16000, True).blocks())
        assert live == whole.size, (live, whole.size)
        found["read"] += 1
    except AudioError as error:
        assert str(mutated) in str(error) and "\\n" not in str(error)
        found["refused"] += 1
    slowest = max(slowest, (time.process_time() - begin, seed))
signal.setitimer(signal.ITIMER_PROF, 0)
# Not ru_maxrss, which a process inherits from the one that started it.
lines = open("/proc/self/status").read().splitlines()
peak = int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
print(found, f"slowest {slowest[0]:.2f} s (seed {slowest[1]}), peak {peak // 1024} MB")
assert peak < 2**20
"""


def write_originals(folder: Path) -> None:
    """Write the recordings that are mutated."""
    clip, rate = soundfile.read(CLIP, dtype="int16")
    for name, (kind, subtype) in FORMATS.items():
        if kind in soundfile.available_formats():
            soundfile.write(folder / name, clip, rate, format=kind, subtype=subtype)
    (folder / "x.wav").write_bytes(CLIP.read_bytes())
    (folder / "x.rf64").write_bytes(by_bytes()["ones-rf64.wav"][0])


def mutate(folder: Path, first: int, last: int) -> subprocess.CompletedProcess[str]:
    """Read the mutations of some seeds in a child process."""
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(first), str(last)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + 10 * (last - first),
    )


def test_mutated_recordings(tmp_path: Path) -> None:
    write_originals(tmp_path)
    done = mutate(tmp_path, SEEDS.start, SEEDS.stop)
    # libmpg123 prints lines of its own.
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    counts = done.stdout.splitlines()[-1]
    assert "'read': 0" not in counts
    assert "'refused': 0" not in counts


def _many(folder: Path, first: int, last: int) -> None:
    """Print what is found, and go on behind a seed that ends the child."""
    write_originals(folder)
    while first < last:
        done = mutate(folder, first, last)
        lines = done.stdout.splitlines()
        if done.returncode == 0:
            print(lines[-1])
            return
        print(f"status {done.returncode}: {lines[-1]}: {done.stderr[-500:]}", flush=True)
        first = int(lines[-1].split()[0]) + 1 if lines else last


if __name__ == "__main__":
    _many(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
