"""A model run on labelled clips, and its scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioError, InputError
from lightsernet_edge.model.record import TrainingData

from ..datasets.clip import Clip, Corpus
from ..results.scores import Scores, score


def predict(
    recognizer: EmotionRecognizer, clips: Sequence[Clip], console: Console, whole: bool = False
) -> NDArray[np.float64]:
    """Run clips through a recogniser, showing progress.

    Parameters
    ----------
    recognizer, clips, console, whole
        As for `evaluate`.

    Returns
    -------
    ndarray of float64, shape (n_clips, n_labels)
        Posteriors.

    Raises
    ------
    InputError
        If a clip's label is none of the model's.
    AudioError
        If a clip cannot be read.
    """
    posteriors = np.empty((len(clips), len(recognizer.labels)))
    for row, clip in zip(
        posteriors,
        track(clips, "scoring", console=console, transient=True, disable=not console.is_terminal),
        strict=True,
    ):
        if clip.label not in recognizer.labels:
            raise InputError(
                f"{clip.path}: label {clip.label!r} is none of the model's "
                f"{', '.join(recognizer.labels)}"
            )
        recording = read_recording(clip.path, recognizer.sample_rate, clip.start_s, clip.end_s)
        try:
            emotion = recognizer.classify_samples(
                recording.samples, recording.sample_rate, whole=whole
            )
        except AudioError as error:
            raise AudioError(f"{clip.path}: {error}") from None
        row[:] = list(emotion.posteriors.values())
    return posteriors


def evaluate(
    recognizer: EmotionRecognizer, clips: Sequence[Clip], console: Console, whole: bool = False
) -> tuple[Scores, list[str]]:
    """Score a recogniser on clips.

    Parameters
    ----------
    recognizer : EmotionRecognizer
    clips : sequence of Clip
        At least one; each label is one of the model's.
    console : rich.console.Console
        Where progress is shown.
    whole : bool
        Whether to judge everything in a clip, pauses and noise included, instead of its speech.

    Returns
    -------
    Scores
    list of str
        The predicted label of each clip.

    Raises
    ------
    InputError
        If a clip's label is none of the model's.
    AudioError
        If a clip cannot be read or is too short.
    """
    posteriors = predict(recognizer, clips, console, whole)
    labels = recognizer.file.record.emotions
    said = posteriors[:, [recognizer.labels.index(label) for label in labels]]
    predicted = [labels[i] for i in said.argmax(axis=1)]
    scores = score(
        [clip.label for clip in clips], predicted, [clip.speaker for clip in clips], labels
    )
    return scores, predicted


def protocol(data: TrainingData | None, corpus: Corpus, clips: Sequence[Clip]) -> str:
    """Say in words whether clips were held out from a model's training, by its record.

    Parameters
    ----------
    data : TrainingData or None
        From the model's record.
    corpus : Corpus
        The corpus that the clips belong to.
    clips : sequence of Clip
    """
    if data is None:
        return "model's training data not recorded"
    if not data.speakers or not all(clip.speaker for clip in clips):
        return "speakers unknown: whether they were held out cannot be said"
    heard = ", ".join(sorted({clip.speaker for clip in clips} & set(data.speakers)))
    if not heard:
        return f"no speaker of the model's training data ({data.name})"
    if data.name == corpus.name:
        return f"NOT held out: the model was trained on speakers {heard}"
    return (
        f"speakers {heard} are also names in the model's training data ({data.name}): "
        "held out only if they are other people"
    )
