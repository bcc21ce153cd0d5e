"""Splits of a corpus into clips for training and clips held out for the score."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lightsernet_edge.errors import DatasetError, DatasetWarning, InputError

from .clip import Clip, Corpus
from .duplicates import same_recordings

_SHARE_OF_SPEAKERS = 5


@dataclass(frozen=True)
class Split:
    """Clips for training, and clips that only the score uses.

    Attributes
    ----------
    train, test : tuple of Clip
    protocol : str
        What was held out, in words; every score carries it.
    """

    train: tuple[Clip, ...]
    test: tuple[Clip, ...]
    protocol: str

    @property
    def clips(self) -> tuple[Clip, ...]:
        """All of them: those for training, then those held out."""
        return self.train + self.test


def train_on_all(corpus: Corpus) -> Split:
    """Hold out nothing: no score can be had.

    Parameters
    ----------
    corpus : Corpus

    Raises
    ------
    DatasetError
        If a class has no clip.
    """
    return _checked(corpus, Split(corpus.clips, (), "all clips trained on: no score"))


def hold_out_speakers(corpus: Corpus, test_speakers: Sequence[str]) -> Split:
    """Hold out all clips of some speakers.

    Parameters
    ----------
    corpus : Corpus
        Every clip names its speaker.
    test_speakers : sequence of str
        Whom to hold out; some of the corpus's speakers, not all.

    Raises
    ------
    InputError
        If a speaker is unknown, or none is left to train on.
    DatasetError
        If a class would have no clip to train on, or a clip names no speaker.
    """
    if not corpus.speakers_known:
        nameless = next(clip for clip in corpus.clips if not clip.speaker)
        raise DatasetError(
            f"{nameless.path}: names no speaker, expected one for every clip where speakers "
            "are held out"
        )
    unknown = sorted(set(test_speakers) - set(corpus.speakers))
    if unknown:
        raise InputError(
            f"test_speakers: {unknown[0]!r} is none of the speakers {', '.join(corpus.speakers)}"
        )
    train = tuple(clip for clip in corpus.clips if clip.speaker not in test_speakers)
    test = tuple(clip for clip in corpus.clips if clip.speaker in test_speakers)
    return _checked(
        corpus, Split(train, test, f"speakers {', '.join(sorted(set(test_speakers)))} held out")
    )


def on_both_sides(split: Split) -> list[tuple[Clip, Clip]]:
    """Return pairs of a clip to train on and one held out that are the same recording.

    Raises
    ------
    DatasetError
        If a file cannot be read.
    """
    held_out = set(split.test)
    if not held_out:
        return []
    return same_recordings(
        split.clips, lambda one, other: one not in held_out and other in held_out
    )


def warn_of_flattery(split: Split) -> None:
    """Warn if clips held out are recordings that are trained on too.

    Raises
    ------
    DatasetError
        If a file cannot be read.

    Warns
    -----
    DatasetWarning
    """
    if pairs := on_both_sides(split):
        one, other = pairs[0]
        warnings.warn(
            f"{len(pairs)} of {len(split.test)} clips held out are recordings that are trained on "
            f"too, so the score flatters; the first: {other.path} is {one.path}",
            DatasetWarning,
            stacklevel=2,
        )


def choose_test_speakers(corpus: Corpus, seed: int) -> list[str]:
    """Choose a fifth of the speakers at random, at least one.

    Parameters
    ----------
    corpus : Corpus
        With at least one known speaker.
    seed : int
        Of the choice, from 0.

    Returns
    -------
    list of str
        Sorted.
    """
    count = max(1, len(corpus.speakers) // _SHARE_OF_SPEAKERS)
    random = np.random.default_rng(seed)
    return sorted(random.choice(corpus.speakers, count, replace=False).tolist())


def hold_out_share(corpus: Corpus, test_share: float, seed: int) -> Split:
    """Hold out a share of each class at random: speakers are on both sides.

    Parameters
    ----------
    corpus : Corpus
    test_share : float
        Share of each class's clips to hold out, between 0 and 1; at least one clip of each
        is held out, and at least one is left.
    seed : int
        Of the choice, from 0.

    Raises
    ------
    InputError
        If `test_share` is not between 0 and 1.
    DatasetError
        If a class would have no clip to train on.
    """
    if not 0.0 < test_share < 1.0:
        raise InputError(f"test_share: found {test_share}, expected a number between 0 and 1")
    by_label: defaultdict[str, list[Clip]] = defaultdict(list)
    for clip in corpus.clips:
        by_label[clip.label].append(clip)
    random = np.random.default_rng(seed)
    held_out: set[Clip] = set()
    for label in corpus.labels:
        clips = by_label[label]
        count = min(len(clips) - 1, max(1, round(test_share * len(clips))))
        held_out.update(clips[i] for i in random.permutation(len(clips))[:count])
    return _checked(
        corpus,
        Split(
            tuple(clip for clip in corpus.clips if clip not in held_out),
            tuple(clip for clip in corpus.clips if clip in held_out),
            f"{test_share:.0%} of the clips held out at random, speakers on both sides: flattering",
        ),
    )


def _checked(corpus: Corpus, split: Split) -> Split:
    trained = {clip.label for clip in split.train}
    for label in corpus.labels:
        if label not in trained:
            raise DatasetError(
                f"{corpus.name}: no clip of {label!r} is left to train on with {split.protocol}"
            )
    return split
