"""Readers of speech corpora: one module a layout, one function for all of them.

The readers list files and labels. They read no audio and need no NumPy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.audio.scan import warned_of_afterwards
from lightsernet_edge.errors import DatasetError, InputError, ModelError
from lightsernet_edge.files.foreign_text import composed

from . import emodb, folders, iemocap, manifest, ordinary, ravdess
from .clip import Clip, Corpus

__all__ = ["LAYOUTS", "Clip", "Corpus", "Layout", "load"]


@dataclass(frozen=True)
class Layout:
    """How a data set lies on disk.

    Attributes
    ----------
    read : callable
        Takes the path, the part and the labels; returns the corpus.
    files : str
        What it reads, as a pattern below its path; for messages.
    parts : tuple of str
        The parts that can be asked for.
    takes_labels : bool
        Whether the caller may give the labels and their order; otherwise the layout has
        its own.
    """

    read: Callable[[Path, str, Sequence[str] | None], Corpus]
    files: str
    parts: tuple[str, ...] = ("all",)
    takes_labels: bool = False


LAYOUTS = {
    "emodb": Layout(
        read=lambda data, part, labels: emodb.read(data),
        files="wav/SSTTTEv.wav",
    ),
    "ravdess": Layout(
        read=lambda data, part, labels: ravdess.read(data, part),
        files="Actor_*/03-*.wav",
        parts=ravdess.PARTS,
    ),
    "iemocap": Layout(
        read=lambda data, part, labels: iemocap.read(data, part),
        files="Session*/dialog/EmoEvaluation/*.txt",
        parts=iemocap.PARTS,
    ),
    "folders": Layout(
        read=lambda data, part, labels: folders.read(data, labels),
        files="LABEL/*.wav",
        takes_labels=True,
    ),
    "manifest": Layout(
        read=lambda data, part, labels: manifest.read(data, labels),
        files="a header and a row for each clip",
        takes_labels=True,
    ),
    "ordinary": Layout(
        read=lambda data, part, labels: ordinary.read(data, part),
        files="**/*.wav",
        parts=("all", *ordinary.PARTS),
    ),
}


def load(
    dataset: str,
    data: Path,
    *,
    part: str = "all",
    labels: Sequence[str] | None = None,
    trainable: bool = True,
) -> Corpus:
    """List a data set's clips.

    Parameters
    ----------
    dataset : str
        A key of `LAYOUTS`.
    data : pathlib.Path
        Its folder; for `manifest` the CSV file.
    part : str
        One of the layout's parts.
    labels : sequence of str or None
        The classes in the model's order, for `folders` and `manifest`. None: sorted.
    trainable : bool
        Demand what training and splitting need: two classes, and two clips in each. A
        finished model can be scored on less.

    Returns
    -------
    Corpus
        At least one clip.

    Raises
    ------
    InputError
        If the data set, the part or the labels make no sense.
    DatasetError
        If the data is missing, empty, inconsistent, or too little to train on, or a label
        cannot be a model's.
    """
    layout = LAYOUTS.get(dataset)
    if layout is None:
        raise InputError(f"dataset {dataset!r}: unknown, expected one of {' '.join(LAYOUTS)}")
    if part not in layout.parts:
        raise InputError(
            f"part {part!r}: unknown to {dataset}, expected one of {' '.join(layout.parts)}"
        )
    if labels is not None:
        labels = tuple(map(composed, labels))
        _check_labels(dataset, layout, labels)
    with warned_of_afterwards():
        try:
            corpus = layout.read(data, part, labels)
        except OSError as error:
            raise DatasetError(
                f"{error.filename or data}: cannot be read ({error.strerror or error})"
            ) from error
        if not corpus.clips:
            what = dataset if part == "all" else f"{dataset}'s part {part!r}"
            raise DatasetError(f"{data}: holds no audio of {what}, expected {layout.files}")
        if trainable:
            _check_trainable(corpus, data)
    return corpus


def _check_labels(dataset: str, layout: Layout, labels: Sequence[str]) -> None:
    if not layout.takes_labels:
        raise InputError(f"labels {','.join(labels)!r}: expected none, {dataset} has its own")
    if not all(labels) or len(set(labels)) != len(labels):
        raise InputError(f"labels {','.join(labels)!r}: expected each one once and none empty")


def _check_trainable(corpus: Corpus, data: Path) -> None:
    # Late: it loads NumPy.
    from lightsernet_edge.model.record import check_labels

    if len(corpus.labels) < 2:
        raise DatasetError(
            f"{data}: the only class is {corpus.labels[0]!r}, expected at least two classes"
        )
    try:
        check_labels(corpus.labels)
    except ModelError as error:
        raise DatasetError(f"{data}: {error}") from None
    for label, count in corpus.counts.items():
        if count == 0:
            raise DatasetError(f"{data}: class {label!r} has no clip, expected at least 2")
        if count == 1:
            path = next(clip.path for clip in corpus.clips if clip.label == label)
            raise DatasetError(
                f"{data}: class {label!r} has one clip ({path}), expected at least 2"
            )
