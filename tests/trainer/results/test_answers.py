"""Answers as a file: what is read is what was written, and nothing else is taken for it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge.errors import InputError
from lightsernet_trainer.results.answers import Answer, Answers, read_answers, ua_among
from lightsernet_trainer.results.answers import write_answers as write
from tests.places import DOCS

LABELS = ("anger", "neutral", "other")


def answers(rows: list[tuple[str, tuple[float, ...]]], **changes: Any) -> Answers:
    clips = tuple(Answer(f"{i}.wav", "x", truth, row) for i, (truth, row) in enumerate(rows))
    fields = {"data": "d", "model": "m", "labels": LABELS, "temperature": 1.0, "enrolled": 0}
    return Answers(**{**fields, **changes}, clips=clips)


@given(st.lists(st.lists(st.integers(0, 256), min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_is_read_is_what_was_written(counts: list[list[int]]) -> None:
    rows = [("anger", tuple(round(count / 256, 5) for count in row)) for row in counts]
    said = answers(rows, temperature=1.5, enrolled=8)
    with TemporaryDirectory() as folder:
        write(Path(folder) / "a.json", said)
        assert read_answers(Path(folder) / "a.json") == said


def test_the_likeliest_of_the_labels_that_occur() -> None:
    # "other" leads everywhere and does not count; neither does neutral, which nobody is.
    said = answers([("anger", (0.1, 0.3, 0.6)), ("anger", (0.2, 0.1, 0.7))])
    assert ua_among(said) == 1.0
    said = answers([("anger", (0.1, 0.3, 0.6)), ("neutral", (0.1, 0.2, 0.7))])
    assert ua_among(said) == 0.5
    assert ua_among(answers([("", (0.1, 0.2, 0.7))])) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "schema is 2, expected 1"),
        ({"labels": ["a"]}, r"clips\[0\]"),
        ({"temperature": 0}, "temperature is 0"),
        ({"clips": []}, "clips"),
        ({"clips": [["a.wav", "x", "anger", [0, 1, 257]]]}, r"whole numbers in 0\.\.256"),
        ({"clips": [["a.wav", "x", "anger", [0, True, 1]]]}, r"whole numbers in 0\.\.256"),
        ({"clips": [["a.wav", "x"]]}, "expected file, speaker, label"),
    ],
)
def test_another_file_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    write(path, answers([("anger", (0.25, 0.25, 0.5))]))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=words) as refused:
        read_answers(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("content", ["", "[1]", "{", "null"])
def test_no_answers_at_all(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.json"):
        read_answers(tmp_path / "a.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_answers(tmp_path / "none.json")


def test_the_kept_ones_are_of_one_model() -> None:
    names = ("nemo", "commands-fit", "commands-test")
    kept = [read_answers(DOCS / "answers" / f"{name}.json") for name in names]
    assert len({said.model for said in kept}) == 1
    assert {said.temperature for said in kept} == {1.0}
    assert all(np.isfinite(said.outputs).all() for said in kept)
