"""`Delivery`: events on their way to the caller of a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .event import Event


class Delivery:
    """Calls the callback for each event, and keeps the events that are not delivered yet.

    Parameters
    ----------
    callback : callable or None
        Called with each event.
    """

    def __init__(self, callback: Callable[[Event], object] | None) -> None:
        self._callback = callback
        self.reset()

    def reset(self) -> None:
        """Drop the events that are not delivered yet."""
        self._waiting: list[Event] = []

    def add(self, events: Sequence[Event]) -> None:
        """Keep events for the next call of `deliver`."""
        self._waiting += events

    def deliver(self, events: Sequence[Event]) -> list[Event]:
        """Deliver events, those that wait before them first, and return them.

        If the callback raises, the exception goes to the caller, and the events after the
        one that it was called with wait for the next call.
        """
        delivered = [*self._waiting, *events]
        self._waiting = []
        if self._callback is not None:
            for index, event in enumerate(delivered):
                self._waiting = delivered[index + 1 :]
                self._callback(event)
        return delivered
