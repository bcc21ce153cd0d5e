"""What a reader returns: labelled clips, and the corpus they make up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.files.foreign_text import composed

# Clips that are named where many cannot be used.
_NAMED = 10


@dataclass(frozen=True)
class Clip:
    """One labelled utterance: an audio file or a stretch of one.

    Attributes
    ----------
    path : pathlib.Path
        The audio file.
    label : str
        The emotion, one of the corpus's labels; accents are composed (NFC).
    speaker : str
        Who speaks; empty where that is not known; accents are composed.
    start_s, end_s : float or None
        The stretch in seconds from the file's beginning, `0 <= start_s < end_s`.
        None means the file's beginning and its end.
    """

    path: Path
    label: str
    speaker: str
    start_s: float | None = None
    end_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("label", "speaker"):
            object.__setattr__(self, name, composed(getattr(self, name) or ""))

    @property
    def stretch(self) -> tuple[Path, float, float]:
        """File, start and end in seconds (infinity: to the end); what makes two clips the same."""
        end_s = float("inf") if self.end_s is None else self.end_s
        return self.path, self.start_s or 0.0, end_s


@dataclass(frozen=True)
class Corpus:
    """The clips of one data set.

    Attributes
    ----------
    name : str
        The data set's name, a key of `datasets.LAYOUTS`.
    labels : tuple of str
        The classes in the order in which models number them.
    clips : tuple of Clip
        All clips, sorted by file and start whatever order they were given in, so that a
        seed means the same split on every machine.
    licence : str or None
        The licence of the recordings, None where it is not known.
    source : str or None
        The publication to credit, None where it is not known.
    """

    name: str
    labels: tuple[str, ...]
    clips: tuple[Clip, ...]
    licence: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "clips", tuple(sorted(self.clips, key=lambda c: c.stretch)))

    @property
    def speakers(self) -> tuple[str, ...]:
        """The known speakers, sorted."""
        return tuple(sorted({clip.speaker for clip in self.clips} - {""}))

    @property
    def speakers_known(self) -> bool:
        """Whether every clip names its speaker: without that no split is speaker-independent."""
        return all(clip.speaker for clip in self.clips)

    @property
    def counts(self) -> dict[str, int]:
        """Number of clips of each label, in label order."""
        found = Counter(clip.label for clip in self.clips)
        return {label: found[label] for label in self.labels}


def labels_present(order: Sequence[str], clips: Iterable[Clip]) -> tuple[str, ...]:
    """Return the labels of `order` that occur in `clips`, in that order."""
    found = {clip.label for clip in clips}
    return tuple(label for label in order if label in found)


def refusal_of(messages: Sequence[str], n_clips: int) -> str:
    """Return one message for all clips that cannot be used.

    Parameters
    ----------
    messages : sequence of str
        Of each of them, at least one; the first ten are repeated.
    n_clips : int
        Of which they are some.
    """
    if len(messages) == 1:
        return messages[0]
    rest = len(messages) - _NAMED
    more = f"; and {rest} more" if rest > 0 else ""
    return (
        f"{len(messages)} of {n_clips} clips cannot be used: {'; '.join(messages[:_NAMED])}{more}"
    )
