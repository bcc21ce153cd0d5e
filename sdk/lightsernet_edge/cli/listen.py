"""``listen``: recognises the emotion of each utterance, live."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from . import options
from .ending_signals import ending_signals

if TYPE_CHECKING:
    from ..capture import AudioBlock, AudioSource
    from ..live.event import Event
    from ..live.stream import EmotionStream
    from .live_view import View
    from .utterance_folder import UtteranceFolder

# Below this length, in seconds, the load only reflects start-up.
_LOAD_FROM_S = 1.0
# Report a persisting fault at most once in this many seconds; count every occurrence.
_FAULT_EVERY_S = 1.0


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "listen",
        help="name the emotion of each utterance, live",
        description="Name the emotion of each utterance when it ends: from a microphone, a file, "
        "or raw PCM on stdin. Ctrl-C ends it with a summary.",
    )
    options.add_source(parser)
    parser.add_argument(
        "--fast", action="store_true", help="read --input as fast as possible, not at real time"
    )
    parser.add_argument(
        "--mode",
        choices=("utterance", "continuous"),
        default="utterance",
        help="an event when an utterance ends, or every half second (default: utterance)",
    )
    parser.add_argument(
        "--provisional", action="store_true", help="also report events while an utterance lasts"
    )
    options.add_profile(parser)
    parser.add_argument(
        "--adapt", action="store_true", help="adapt to the speaker after each utterance"
    )
    parser.add_argument(
        "--record",
        metavar="DIR",
        type=options.path,
        help="write each utterance there as WAV, with its result as JSON (default: keep no audio)",
    )
    parser.add_argument(
        "--seconds", metavar="S", type=float, help="end after this many seconds of audio"
    )
    parser.add_argument(
        "--utterances", metavar="N", type=int, help="end after this many utterances"
    )
    options.add_model(parser, positional=False)
    options.add_engine(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Listen until the audio ends, a limit is reached, or a signal arrives."""
    from ..capture.opening import open_source
    from ..live.stream import EmotionStream
    from ..native_output import discarded

    _refuse_what_does_not_fit(arguments)
    shows_bars = sys.stdout.isatty() and not arguments.json
    # PortAudio and ALSA print lines of their own, which would break the view and hide an error.
    with (
        contextlib.nullcontext() if arguments.debug else discarded(),
        EmotionStream(
            arguments.model,
            engine=arguments.engine,
            threads=arguments.threads,
            xnnpack=arguments.xnnpack,
            mode=arguments.mode,
            # The bars show provisional posteriors, even if they are not wanted as events.
            provisional=arguments.provisional or (shows_bars and arguments.mode == "utterance"),
            profile=arguments.profile,
            adapt=arguments.adapt,
        ) as stream,
        contextlib.closing(
            open_source(arguments.device, arguments.recording, stream.sample_rate, arguments.fast)
        ) as source,
    ):
        _Session(arguments, stream, source, _open_folder(arguments, stream.sample_rate)).run()
    return 0


def _refuse_what_does_not_fit(arguments: argparse.Namespace) -> None:
    from ..errors import InputError

    if arguments.fast and arguments.recording is None:
        raise InputError("--fast: found no --input, expected one: a microphone has its own time")
    if arguments.mode == "continuous":
        for flag in ("provisional", "adapt"):
            if getattr(arguments, flag):
                raise InputError(f"--{flag}: found --mode continuous, expected utterance")
    if arguments.record is not None and arguments.mode != "utterance":
        raise InputError(
            f"--record: found --mode {arguments.mode}, expected utterance: it keeps utterances"
        )
    if arguments.seconds is not None and not arguments.seconds > 0:
        raise InputError(f"--seconds: found {arguments.seconds}, expected more than 0")
    if arguments.utterances is not None and arguments.utterances < 1:
        raise InputError(f"--utterances: found {arguments.utterances}, expected at least 1")


def _open_folder(arguments: argparse.Namespace, sample_rate: int) -> UtteranceFolder | None:
    from .utterance_folder import UtteranceFolder

    if arguments.record is None:
        return None
    return UtteranceFolder(arguments.record, sample_rate)


def _open_view(arguments: argparse.Namespace, source: AudioSource) -> View:
    from .live_view import JsonLines, PlainLines, TerminalView

    if arguments.json:
        return JsonLines(source.name)
    if sys.stdout.isatty():
        return TerminalView(f"{source.name}   Ctrl-C ends")
    return PlainLines()


@dataclass
class _Count:
    """The counts of the summary."""

    samples: int = 0
    utterances: int = 0
    broken: int = 0


class _Session:
    """One run of the verb: audio from a source, through the stream, to the view."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        stream: EmotionStream,
        source: AudioSource,
        folder: UtteranceFolder | None,
    ) -> None:
        from .live_view import Progress

        self._arguments = arguments
        self._stream = stream
        self._source = source
        self._folder = folder
        self._progress = Progress()
        self._count = _Count()
        self._shown_at: dict[str, float] = {}
        self._cpu_s = time.process_time()

    def run(self) -> None:
        """Listen, and print a summary at the end.

        Raises
        ------
        CaptureError
            If the device is gone; the events before that have been shown.
        """
        from ..errors import CaptureError

        self._view = _open_view(self._arguments, self._source)
        try:
            with _signals_to(self._source):
                try:
                    self._listen()
                except CaptureError as error:
                    # The utterance that it cut off is broken.
                    self._show([replace(event, broken=True) for event in self._stream.finish()])
                    raise CaptureError(f"{error}; {self._summary()}") from None
                if not self._has_enough_utterances():
                    self._show(self._stream.finish())
        finally:
            self._view.close()
        print(self._summary(), file=sys.stderr)

    def _listen(self) -> None:
        for whole in self._source.blocks():
            block = self._cut(whole)
            if block.fault is not None:
                self._stream.mark_broken(block.lost_samples)
                self._report(block.fault)
            if self._folder is not None:
                self._folder.add(block.samples, block.lost_samples)
            self._count.samples += block.samples.size
            self._show(self._stream.process(block.samples))
            self._view.progress(self._progress)
            if self._has_enough():
                self._source.stop()

    def _cut(self, block: AudioBlock) -> AudioBlock:
        """Return the part of a block that lies within ``--seconds``."""
        if self._arguments.seconds is None:
            return block
        wanted = round(self._arguments.seconds * self._stream.sample_rate)
        left = max(0, wanted - self._count.samples)
        return replace(block, samples=block.samples[:left])

    def _show(self, events: list[Event]) -> None:
        from .live_view import event_fields

        progress, stream = self._progress, self._stream
        progress.time_s = self._audio_s
        progress.level_db = stream.level_db
        progress.in_speech = stream.in_speech
        progress.overflows = self._source.faults.overflows
        progress.stalls = self._source.faults.stalls
        for event in events:
            progress.posteriors = event.emotion.posteriors
            if event.kind == "provisional" and not self._arguments.provisional:
                continue
            if event.kind == "utterance":
                self._count.utterances += 1
                self._count.broken += event.broken
                if self._folder is not None:
                    self._folder.write(event_fields(event, self._source.name, progress))
            self._view.event(event, progress)
            if self._has_enough_utterances():
                break

    def _report(self, fault: str) -> None:
        from .messages import print_warning

        if time.monotonic() - self._shown_at.get(fault, -_FAULT_EVERY_S) >= _FAULT_EVERY_S:
            self._shown_at[fault] = time.monotonic()
            print_warning(f"{self._source.name}: after {self._audio_s:.1f} s: {fault}")

    @property
    def _audio_s(self) -> float:
        """Length of the audio taken in, in seconds."""
        return self._count.samples / self._stream.sample_rate

    def _has_enough(self) -> bool:
        seconds = self._arguments.seconds
        return self._has_enough_utterances() or (seconds is not None and self._audio_s >= seconds)

    def _has_enough_utterances(self) -> bool:
        wanted = self._arguments.utterances
        return wanted is not None and self._count.utterances >= wanted

    def _summary(self) -> str:
        audio_s = self._audio_s
        faults = self._source.faults
        summary = (
            f"heard {audio_s:.1f} s, utterances {self._count.utterances}, broken "
            f"{self._count.broken}, overflows {faults.overflows}, stalls {faults.stalls}"
        )
        if audio_s < _LOAD_FROM_S:
            return summary
        load = (time.process_time() - self._cpu_s) / audio_s
        return f"{summary}, load {load:.1%} of a core"


@contextlib.contextmanager
def _signals_to(source: AudioSource) -> Iterator[None]:
    """Let the first signal that ends a program end the audio; a second one has its usual effect."""

    def stop(number: int, _frame: object) -> None:
        source.stop()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in ending_signals()}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
