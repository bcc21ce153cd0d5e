"""The folds of a protocol: what each trains on, and what it is scored on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sklearn.model_selection import StratifiedKFold

from lightsernet_edge.errors import DatasetError, DatasetWarning, InputError

from ..datasets.clip import Corpus
from ..datasets.duplicates import same_recordings
from ..datasets.splits import Split, hold_out_speakers
from ..results.protocols import LEAVE_ONE_SPEAKER_OUT, PROTOCOLS, STRATIFIED

_N_FOLDS = 10
# One seed for all trainings: the folds stay the same, so that seeds can be compared.
_FOLD_SEED = 0


@dataclass(frozen=True)
class Fold:
    """A part of a cross-validation.

    Attributes
    ----------
    name : str
        The speaker held out, several joined by ``+``, or the fold's number from 1.
    split : Split
    """

    name: str
    split: Split

    @property
    def folder(self) -> str:
        """The name as that of a folder: a manifest's speaker may be ``../x``."""
        name = quote(self.name, safe="+", errors="surrogateescape")
        return name.replace(".", "%2E") if name in (".", "..") else name


def make_folds(
    corpus: Corpus,
    protocol: str,
    speakers: Sequence[str] | None = None,
    folds: int | None = None,
) -> tuple[Fold, ...]:
    """Return the folds of a protocol.

    Parameters
    ----------
    corpus : Corpus
    protocol : str
        A key of `protocols.PROTOCOLS`.
    speakers : sequence of str, optional
        Only the folds that leave out these; for `protocols.LEAVE_ONE_SPEAKER_OUT`.
        For ``loso`` several may be joined by ``+``: one fold leaves them all out.
    folds : int, optional
        Number of folds of a `protocols.STRATIFIED` one, from 2 to the clips of the rarest
        class; 10 by default.

    Raises
    ------
    InputError
        If there is no such protocol or speaker, a speaker is given twice, or a class
        has too few clips.
    DatasetError
        If the protocol needs speakers, and a clip names none or all are of one.
    """
    if protocol in LEAVE_ONE_SPEAKER_OUT:
        if folds is not None:
            raise InputError(f"folds: found {folds}, but protocol {protocol!r} has one per speaker")
        return _leave_speakers_out(corpus, protocol, speakers)
    if protocol in STRATIFIED:
        if speakers is not None:
            raise InputError(f"speakers: the folds of protocol {protocol!r} mix speakers")
        return _stratified(corpus, _N_FOLDS if folds is None else folds)
    raise InputError(f"protocol: found {protocol!r}, expected one of {', '.join(PROTOCOLS)}")


def warn_of_flattery(corpus: Corpus, protocol: str) -> None:
    """Warn if a fold may score recordings that it was trained on.

    Raises
    ------
    DatasetError
        If a file cannot be read.

    Warns
    -----
    DatasetWarning
    """
    mixes = protocol in STRATIFIED
    pairs = same_recordings(corpus.clips, lambda one, other: mixes or one.speaker != other.speaker)
    if pairs:
        one, other = pairs[0]
        warnings.warn(
            f"{len(pairs)} of {len(corpus.clips)} clips are recordings that the data has twice, so "
            f"a fold may score what it was trained on; the first: {other.path} is {one.path}",
            DatasetWarning,
            stacklevel=2,
        )


def _leave_speakers_out(
    corpus: Corpus, protocol: str, speakers: Sequence[str] | None
) -> tuple[Fold, ...]:
    if not corpus.speakers_known:
        raise DatasetError(
            f"protocol {protocol}: not every clip of the data names its speaker, expected "
            f"that, or protocol {' or '.join(STRATIFIED)}"
        )
    if len(corpus.speakers) < 2:
        raise DatasetError(
            f"protocol {protocol}: every clip of the data is of one speaker, "
            f"{corpus.speakers[0]!r}, expected two or more, or protocol {' or '.join(STRATIFIED)}"
        )
    groups = [_group(corpus, item) for item in speakers or corpus.speakers]
    named = [speaker for group in groups for speaker in group]
    for speaker in named:
        if speaker not in corpus.speakers:
            raise InputError(
                f"speakers: {speaker!r} is none of the speakers {', '.join(corpus.speakers)}"
            )
        if named.count(speaker) > 1:
            raise InputError(f"speakers: found {speaker!r} twice, expected it once")
    for group in groups:
        if len(group) > 1 and protocol != "loso":
            raise InputError(
                f"speakers: found {'+'.join(group)!r}, but protocol {protocol!r} adapts to "
                "one speaker"
            )
    return tuple(Fold("+".join(group), hold_out_speakers(corpus, group)) for group in groups)


def _stratified(corpus: Corpus, count: int) -> tuple[Fold, ...]:
    fewest = min(corpus.counts, key=lambda label: corpus.counts[label])
    if not 2 <= count <= corpus.counts[fewest]:
        raise InputError(
            f"folds: found {count}, expected 2..{corpus.counts[fewest]}, the clips of {fewest!r}"
        )
    dealer = StratifiedKFold(count, shuffle=True, random_state=_FOLD_SEED)
    clips = corpus.clips
    folds = []
    for number, (train, test) in enumerate(
        dealer.split(clips, [clip.label for clip in clips]), start=1
    ):
        split = Split(
            tuple(clips[i] for i in train),
            tuple(clips[i] for i in test),
            f"fold {number} of {count}, speakers on both sides: flattering",
        )
        folds.append(Fold(str(number), split))
    return tuple(folds)


def _group(corpus: Corpus, item: str) -> list[str]:
    # A speaker's name may hold a plus.
    return [item] if item in corpus.speakers else item.split("+")
