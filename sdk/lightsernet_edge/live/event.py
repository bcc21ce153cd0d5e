"""`Event`: what a stream reports."""

from __future__ import annotations

from dataclasses import dataclass

from ..decision import Emotion


@dataclass(frozen=True)
class Event:
    """A decision of a stream.

    Attributes
    ----------
    kind : str
        ``utterance``: on an utterance that has ended. ``provisional``: on the utterance in
        progress. ``continuous``: on the last seconds.
    emotion : Emotion
        Its posteriors are calibrated. Its times count from the start of the stream and
        include lost samples.
    broken : bool
        Whether samples were lost inside the stretch or at one of its edges.
    """

    kind: str
    emotion: Emotion
    broken: bool = False
