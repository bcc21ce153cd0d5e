"""Every ``python`` block of the documentation runs as it stands there.

A block may suppose a `microphone`: an iterable of blocks of int16.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.docs.markdown import Block, blocks, pages
from tests.docs.scratch import make_scratch, run_in
from tests.places import CHECKOUT

# tests/microphone/test_documented_commands.py runs blocks that open one.
OPENS_A_MICROPHONE = "Microphone("
# The sample clips with pauses of a second, 100 ms at a time.
MICROPHONE = """
from pathlib import Path

import numpy as np
import soundfile

clips = [soundfile.read(path, dtype="int16")[0] for path in Path("examples/clips").glob("*.wav")]
pause = np.zeros(16000, np.int16)
audio = np.concatenate([part for clip in clips for part in (clip, pause)])
microphone = iter(np.split(audio, range(1600, len(audio), 1600)))
"""
BLOCKS = [
    pytest.param(block, id=f"{page.relative_to(CHECKOUT)}-{number}")
    for page in pages()
    for number, block in enumerate(blocks(page), 1)
    if block.language == "python" and OPENS_A_MICROPHONE not in block.text
]


@pytest.mark.parametrize("block", BLOCKS)
def test_block_runs_as_it_stands(block: Block, tmp_path: Path) -> None:
    folder = make_scratch(tmp_path / "checkout")
    done = run_in(folder, sys.executable, "-c", MICROPHONE + block.text)
    assert done.returncode == 0, done.stderr
    # What a block prints is labels; one that prints nothing would show that nothing was said.
    assert bool(done.stdout) == ("print(" in block.text)
