"""Scores against a computation by hand, and what is said of their protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightsernet_edge.model.record import TrainingData
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.training.evaluation import protocol, score


def test_by_hand() -> None:
    scores = score(list("aaab"), list("aabb"), list("xxyy"), "abc")
    assert scores.clips == 4
    assert scores.confusion == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert scores.wa == 0.75
    # Classes that nobody spoke do not count: recalls are 2/3 and 1.
    assert scores.ua == pytest.approx(5 / 6)
    # F1 of a is 4/5, of b 2/3, weighted 3 to 1.
    assert scores.f1 == pytest.approx(0.75 * 0.8 + 0.25 * 2 / 3)
    assert scores.per_speaker == {
        "x": {"clips": 2, "ua": 1.0, "wa": 1.0},
        "y": {"clips": 2, "ua": 0.5, "wa": 0.5},
    }


@pytest.mark.parametrize(
    ("data", "speakers", "says"),
    [
        (None, "pq", "not recorded"),
        (TrainingData("some", speakers=("r",)), "pq", "no speaker of the model's"),
        (TrainingData("some", speakers=("q", "r")), "pq", "NOT held out.*q"),
        (TrainingData("other", speakers=("q", "r")), "pq", "q are also names.*other people"),
        (TrainingData("some", speakers=("r",)), ["p", ""], "speakers unknown"),
        (TrainingData("some"), "pq", "speakers unknown"),
    ],
)
def test_protocol(data: TrainingData | None, speakers: str, says: str) -> None:
    clips = [Clip(Path(f"{i}.wav"), "a", speaker) for i, speaker in enumerate(speakers)]
    corpus = Corpus("some", ("a", "b"), tuple(clips))
    import re

    assert re.search(says, protocol(data, corpus, clips))
