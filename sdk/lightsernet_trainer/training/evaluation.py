"""A model run on labelled clips, and its scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import track

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.decision import Emotion
from lightsernet_edge.errors import AudioError, InputError
from lightsernet_edge.features import FrontEnd
from lightsernet_edge.judged_parts import judged_parts
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.model.record import ModelRecord, TrainingData
from lightsernet_edge.profiles.enrolment import profile_of
from lightsernet_edge.profiles.profile import Profile

from ..datasets.clip import Clip, Corpus, refusal_of
from ..results.answers import Answer, Answers, rounded
from ..results.scores import Scores, score


def hear(
    recognizer: EmotionRecognizer, clips: Sequence[Clip], console: Console, whole: bool = False
) -> list[Emotion]:
    """Run clips through a recogniser, showing progress.

    Parameters
    ----------
    recognizer, clips, console, whole
        As for `evaluate`.

    Returns
    -------
    list of Emotion
        What it decides of each.

    Raises
    ------
    InputError, AudioError
        As `hear_each`.
    """
    return hear_each([(recognizer, clip) for clip in clips], clips, console, whole)


def hear_each(
    pairs: Iterable[tuple[EmotionRecognizer, Clip]],
    clips: Sequence[Clip],
    console: Console,
    whole: bool = False,
) -> list[Emotion]:
    """Run each clip through a recogniser of its own, showing progress.

    Parameters
    ----------
    pairs : iterable of (EmotionRecognizer, Clip)
        The clips, each with who hears it.
    clips : sequence of Clip
        The same.
    console, whole
        As for `evaluate`.

    Returns
    -------
    list of Emotion
        What is decided of each.

    Raises
    ------
    InputError
        If a clip's label is none of the model's.
    AudioError
        If clips cannot be read or are too short: the first ten are named, all are counted.
    """
    heard: list[Emotion] = []
    refused: list[str] = []
    hidden = not console.is_terminal
    for recognizer, clip in track(
        pairs, "scoring", len(clips), console=console, transient=True, disable=hidden
    ):
        if clip.label not in recognizer.labels:
            raise InputError(
                f"{clip.path}: label {clip.label!r} is none of the model's "
                f"{', '.join(recognizer.labels)}"
            )
        try:
            recording = read_recording(clip.path, recognizer.sample_rate, clip.start_s, clip.end_s)
        except AudioError as error:
            refused.append(str(error))
            continue
        try:
            heard.append(
                recognizer.classify_samples(recording.samples, recording.sample_rate, whole=whole)
            )
        except AudioError as error:
            refused.append(f"{clip.path}: {error}")
    if refused:
        raise AudioError(refusal_of(refused, len(clips)))
    return heard


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
        If clips cannot be read or are too short: the first ten are named, all are counted.
    """
    heard = hear(recognizer, clips, console, whole)
    return scored(heard, clips, recognizer.labels)


def scored(
    heard: Sequence[Emotion], clips: Sequence[Clip], labels: Sequence[str]
) -> tuple[Scores, list[str]]:
    """Score what was decided of clips; see `evaluate`.

    Parameters
    ----------
    heard : sequence of Emotion
        Of each clip.
    clips : sequence of Clip
    labels : sequence of str
        That can be said, in the model's order.
    """
    predicted = [max(labels, key=emotion.posteriors.__getitem__) for emotion in heard]
    truth, speakers = [clip.label for clip in clips], [clip.speaker for clip in clips]
    return score(truth, predicted, speakers, labels), predicted


def enrolled(
    recognizer: EmotionRecognizer, clips: Sequence[Clip], count: int
) -> dict[str, tuple[Profile, set[Clip]]]:
    """Enrol each speaker with some neutral clips.

    Parameters
    ----------
    recognizer : EmotionRecognizer
    clips : sequence of Clip
        The first neutral ones of each speaker are taken.
    count : int
        How many of each, at least 1.

    Returns
    -------
    dict of str to (Profile, set of Clip)
        By speaker: the profile, and the clips that it was made of.

    Raises
    ------
    InputError
        If a clip names no speaker, a speaker has too few neutral clips, or the model takes no
        profiles.
    AudioError
        If clips cannot be read: the first ten are named, all are counted.
    """
    record = recognizer.file.record
    front_end = FrontEnd(record.features.without_standardisation())
    found = {}
    refused: list[str] = []
    tried = 0
    for speaker in sorted({clip.speaker for clip in clips}):
        theirs = [c for c in clips if (c.speaker, c.label) == (speaker, NEUTRAL)][:count]
        if not speaker or len(theirs) < count:
            raise InputError(
                f"enrol: found {len(theirs)} neutral clips of speaker {speaker!r}, expected "
                f"{count} of each speaker"
            )
        rows = []
        for clip in theirs:
            tried += 1
            try:
                recording = read_recording(
                    clip.path, recognizer.sample_rate, clip.start_s, clip.end_s
                )
            except AudioError as error:
                refused.append(str(error))
                continue
            parts = judged_parts(recording.samples, record)
            rows += [front_end.features(part) for part in parts.cut(recording.samples)]
        if not refused:
            found[speaker] = profile_of(rows, record, recognizer.posteriors), set(theirs)
    if refused:
        raise AudioError(refusal_of(refused, tried))
    return found


def answers_of(
    heard: Sequence[Emotion],
    clips: Sequence[Clip],
    data: str,
    record: ModelRecord,
    enrolled_with: int,
) -> Answers:
    """Return what was decided of clips, to be kept.

    Parameters
    ----------
    heard : sequence of Emotion
        Of each clip, by a recogniser of the model.
    clips : sequence of Clip
    data : str
        Name of the data set.
    record : ModelRecord
        Of the model.
    enrolled_with : int
        Number of neutral clips that each speaker was enrolled with.
    """
    return Answers(
        data,
        record.sha256,
        record.outputs,
        record.decision.temperature,
        enrolled_with,
        tuple(
            Answer(clip.path.name, clip.speaker, clip.label, _outputs(emotion, record))
            for clip, emotion in zip(clips, heard, strict=True)
        ),
    )


def _outputs(emotion: Emotion, record: ModelRecord) -> tuple[float, ...]:
    outputs = tuple(emotion.posteriors.values())
    if record.other_output:
        outputs = (*outputs, max(0.0, 1.0 - sum(outputs)))
    return rounded(outputs)


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
