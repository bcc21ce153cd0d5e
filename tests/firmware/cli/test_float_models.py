"""Models that the engine cannot run are refused by every verb that asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from tests.places import GOLDEN

FLOAT32 = GOLDEN / "float32.tflite"


@pytest.mark.parametrize(
    "command",
    [
        ["export", "MODEL", "--format", "c", "--out", "OUT"],
        ["validate", "MODEL", "--audio", "AUDIO"],
        ["bench", "MODEL", "--target", "host"],
        ["bench", "MODEL", "--target", "cortex-m4"],
        ["classify", "--engine", "native", "--model", "MODEL", "AUDIO/0.wav"],
        ["listen", "--engine", "native", "--model", "MODEL", "--input", "AUDIO/0.wav"],
    ],
    ids=lambda command: " ".join(word for word in command if word.islower()),
)
def test_float_models_are_refused_by_name_with_what_to_do(
    command: list[str], recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"MODEL": FLOAT32, "OUT": tmp_path / "out", "AUDIO": recordings}
    words = []
    for word in command:
        name, slash, rest = word.partition("/")
        words.append(f"{values[name]}{slash}{rest}" if name in values else word)
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    for part in (f"{FLOAT32}: ", "is float32, expected full-integer int8", "int8.tflite"):
        assert part in line
    assert " --" not in line, "train has no flag that does it"
