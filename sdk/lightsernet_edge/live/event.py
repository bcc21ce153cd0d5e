"""`Event`: something that a stream has to say."""

from __future__ import annotations

from dataclasses import dataclass

from ..decision import Emotion


@dataclass(frozen=True)
class Event:
    """Something that a stream has to say.

    Attributes
    ----------
    kind : str
        ``utterance``: a whole utterance, when it has ended; ``provisional``: the utterance in
        progress; ``continuous``: the last seconds.
    emotion : Emotion
        Its posteriors are calibrated; its times count from the start of the stream and
        include lost samples.
    broken : bool
        Whether samples were lost inside the stretch or at an edge of it.
    """

    kind: str
    emotion: Emotion
    broken: bool = False
