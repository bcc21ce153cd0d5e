"""What a fold scores is what `classify` says, to the last of the five digits that are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from lightsernet_edge import EmotionRecognizer, read_model
from lightsernet_edge.judged_parts import SPEECH
from lightsernet_trainer.conditions import parse_condition
from lightsernet_trainer.crossval.fold_scores import FoldScorer, HeldOutClips
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.training.evaluation import hear
from tests.places import CLIP_FILES, GOLDEN

RATE = 16000
MODEL = GOLDEN / "int8.tflite"


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Three of one utterance, one of two, with a second of silence around; one of silence."""
    silence = np.zeros(RATE, np.int16)
    heard = [soundfile.read(path, dtype="int16")[0] for path in CLIP_FILES[:5]]
    spoken = [[samples] for samples in heard[:3]] + [heard[3:], [silence]]
    clips = []
    for number, parts in enumerate(spoken):
        path = tmp_path / f"{number}.wav"
        padded = [silence, *(piece for part in parts for piece in (part, silence))]
        soundfile.write(path, np.concatenate(padded), RATE)
        clips.append(Clip(path, "anger", "someone"))
    return clips


def test_scores_are_what_classify_says(clips: list[Clip]) -> None:
    model = read_model(MODEL)
    assert model.record.decision.temperature == 1.0
    held_out = HeldOutClips(clips, model.record, parse_condition("clean", RATE))
    assert [parts.judged == SPEECH for parts in held_out.parts] == [True] * 4 + [False]
    assert [len(rows) for rows in held_out.rows] == [1, 1, 1, 2, 1]
    scored = np.array([c.posteriors for c in FoldScorer(model, "f").score("loso", held_out, 0)])
    recognizer = EmotionRecognizer(MODEL)
    with pytest.warns(UserWarning, match="found no speech"):
        said = [list(recognizer.classify(clip.path).posteriors.values()) for clip in clips]
    np.testing.assert_array_equal(scored, np.round(said, 5))
    heard, whole = (
        [
            list(e.posteriors.values())
            for e in hear(recognizer, clips, Console(quiet=True), all_of_it)
        ]
        for all_of_it in (False, True)
    )
    np.testing.assert_array_equal(said, heard)
    np.testing.assert_array_equal(whole[-1], said[-1])
    assert np.not_equal(whole[:-1], said[:-1]).any(axis=1).all()
