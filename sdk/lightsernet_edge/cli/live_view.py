"""The output of `listen`: JSON lines, plain lines, or a live view in a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .console import bar_glyphs, stdout_console

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from ..live.event import Event

_REFRESH_S = 0.1
_LAST_EVENTS = 8
# The level meter's range, in dB of full scale.
_METER_DB = (-70.0, 0.0)
_BAR = 30
_CONFIDENCE_BAR = 10


@dataclass
class Progress:
    """The state of the stream between events.

    Attributes
    ----------
    time_s : float
        Length of the audio taken in, in seconds.
    level_db : float
        Level of the last samples, in dB of full scale.
    in_speech : bool
        Whether an utterance is in progress.
    posteriors : dict of str to float
        Of the utterance in progress, or of the last one; empty before the first.
    overflows, stalls : int
        Counts of the source's faults.
    """

    time_s: float = 0.0
    level_db: float = _METER_DB[0]
    in_speech: bool = False
    posteriors: dict[str, float] = field(default_factory=dict)
    overflows: int = 0
    stalls: int = 0


class View(Protocol):
    """Shows events and the state between them."""

    def event(self, event: Event, progress: Progress) -> None:
        """Show an event."""

    def progress(self, progress: Progress) -> None:
        """Show the state between events; called often."""

    def close(self) -> None:
        """Restore the terminal."""


class JsonLines:
    """Prints one JSON object per event.

    Parameters
    ----------
    source : str
        Name of the file or device.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def event(self, event: Event, progress: Progress) -> None:
        """Print the object."""
        print(json.dumps(event_fields(event, self._source, progress)), flush=True)

    def progress(self, progress: Progress) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class PlainLines:
    """Prints one line per event."""

    def __init__(self) -> None:
        self._glyphs = bar_glyphs()

    def event(self, event: Event, progress: Progress) -> None:
        """Print the line."""
        print(_line(event, self._glyphs), flush=True)

    def progress(self, progress: Progress) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class TerminalView:
    """Shows a level meter, the utterance in progress, posteriors as bars, and the last events.

    Parameters
    ----------
    title : str
        Name of the source.
    """

    def __init__(self, title: str) -> None:
        from rich.live import Live

        self._title = title
        # Before `Live`, which replaces stdout by an object without an encoding.
        self._glyphs = bar_glyphs()
        self._events: deque[str] = deque(maxlen=_LAST_EVENTS)
        self._progress = Progress()
        self._shown_at = 0.0
        self._speech_since_s = 0.0
        self._live = Live(
            console=stdout_console(),
            auto_refresh=False,
            # Only a terminal's stderr would break the view; elsewhere it is left alone.
            redirect_stderr=sys.stderr.isatty(),
        )
        self._live.start()

    def event(self, event: Event, progress: Progress) -> None:
        """Add the event to the last ones."""
        self._events.append(_line(event, self._glyphs))
        self._show(progress)

    def progress(self, progress: Progress) -> None:
        """Show the state, at most ten times per second."""
        if time.monotonic() - self._shown_at >= _REFRESH_S:
            self._show(progress)

    def close(self) -> None:
        """Show the last state and restore the terminal."""
        self._show(self._progress)
        self._live.stop()

    def _show(self, progress: Progress) -> None:
        self._shown_at = time.monotonic()
        self._progress = progress
        self._live.update(self._screen(progress), refresh=True)

    def _screen(self, progress: Progress) -> Group:
        from rich.console import Group
        from rich.rule import Rule
        from rich.text import Text

        if not progress.in_speech:
            self._speech_since_s = progress.time_s
        low, high = _METER_DB
        share = min(max((progress.level_db - low) / (high - low), 0.0), 1.0)
        level = _bar(share, _BAR, self._glyphs)
        said = f"speaking {progress.time_s - self._speech_since_s:4.1f} s"
        state = said if progress.in_speech else "silent"
        faults = f"overflows {progress.overflows}   stalls {progress.stalls}"
        return Group(
            Rule(Text(self._title), align="left"),
            Text(f"level  {level} {max(progress.level_db, -99.0):4.0f} dB   {state}"),
            self._bars(progress.posteriors),
            Rule(Text(f"{progress.time_s:.0f} s   {faults}"), align="left"),
            Text("\n".join(self._events)),
        )

    def _bars(self, posteriors: dict[str, float]) -> Table:
        from rich.table import Table

        table = Table(box=None, show_header=False, padding=(0, 1))
        for label, posterior in posteriors.items():
            table.add_row(label, _bar(posterior, _BAR, self._glyphs), f"{posterior:4.0%}")
        return table


def event_fields(event: Event, source: str, progress: Progress) -> dict[str, Any]:
    """Return an event as JSON fields."""
    emotion = event.emotion
    return {
        "event": event.kind,
        "file": source,
        "start_s": emotion.start_s,
        "end_s": emotion.end_s,
        "label": emotion.label,
        "confidence": emotion.confidence,
        "posteriors": emotion.posteriors,
        "broken": event.broken,
        "overflows": progress.overflows,
        "stalls": progress.stalls,
    }


def _line(event: Event, glyphs: str) -> str:
    emotion = event.emotion
    notes = [] if event.kind == "utterance" else [event.kind]
    if event.broken:
        notes.append("samples were lost")
    return (
        f"{emotion.start_s:8.2f} s {emotion.end_s:8.2f} s  {emotion.label:<10}  "
        f"{_bar(emotion.confidence, _CONFIDENCE_BAR, glyphs)} {emotion.confidence:4.0%}  "
        f"{', '.join(notes)}"
    ).rstrip()


def _bar(share: float, width: int, glyphs: str) -> str:
    filled = round(width * share)
    return glyphs[0] * filled + glyphs[1] * (width - filled)
