"""`EmotionStream`: samples in while they arrive, events out.

The event of an utterance equals the result of `EmotionRecognizer.classify_samples` on the
same samples, judged whole; the stream adds start and end. The events do not depend on how
the audio is split into chunks, because everything that depends on time proceeds hop by hop.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..audio.pcm import SILENT_DB, HopCutter, as_int16, rms_db
from ..classifier import Classifier, open_classifier
from ..decision import ContinuousDecision
from ..endpointing.detector import Endpointer, HopLevels, Utterance
from ..endpointing.settings import EndpointConstants
from ..engines import RawOutput
from ..errors import InputError, LightSernetError
from ..model.record import DecisionDefaults
from ..profiles.profile import Profile
from .delivery import Delivery
from .event import Event
from .listener import Listener, open_listener
from .recent_hops import RecentHops
from .timeline import Timeline

MODES = ("utterance", "continuous")


class _Model(NamedTuple):
    """What `close` releases."""

    classifier: Classifier
    listener: Listener


class EmotionStream:
    """Recognises emotions in speech while it arrives.

    Parameters
    ----------
    model : str or Path, optional
        A `.tflite` with its record, or the name of a model that ships; by default ``edge``.
    engine : str, optional
        Name of the engine; by default the one that `lightsernet_edge.engines` chooses.
    threads : int
        Number of threads, 1 to 1024.
    xnnpack : bool
        Whether to run on XNNPACK: faster on most machines, but the integers of an int8
        model differ in the last bits.
    mode : {"utterance", "continuous"}
        ``utterance``: one event per utterance, when it has ended. ``continuous``: while an
        utterance lasts, one event every `step_s` on its last `window_s`; both are fields of
        the decision settings.
    provisional : bool
        In mode ``utterance``: also one event every `step_s` while an utterance lasts.
    profile : Profile, str or Path, optional
        Of the user, as `Enrolment` or the verb `enrol` makes it.
    adapt : bool
        In mode ``utterance``: adapt the profile after each utterance.
    decision : DecisionDefaults, optional
        Used instead of the settings in the record.
    callback : callable, optional
        Called with each event before it is returned. If it raises, the exception goes to
        the caller, and the later events come with the next call. Under `events` it runs
        in a worker thread.

    Attributes
    ----------
    sample_rate : int
        Of the samples that `process` takes, in hertz.
    frame_length : int
        Number of samples in one step of the analysis; chunks of a multiple cost least.
    labels : tuple of str
        In the model's order.
    level_db : float
        RMS of the samples of the last call, in dB of full scale; -120 for silence.

    Raises
    ------
    InputError
        If an argument is wrong, or the profile is damaged or does not fit the model.
    ModelError
        If the model is missing, damaged or without a record, or the engine cannot run it.
    MissingDependencyError
        If a package that the engine needs is not installed, or no interpreter works.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        engine: str | None = None,
        threads: int = 1,
        xnnpack: bool = False,
        mode: str = "utterance",
        provisional: bool = False,
        profile: Profile | str | Path | None = None,
        adapt: bool = False,
        decision: DecisionDefaults | None = None,
        callback: Callable[[Event], object] | None = None,
    ) -> None:
        if mode not in MODES:
            raise InputError(f"mode: found {mode!r}, expected one of {', '.join(MODES)}")
        if mode == "continuous" and (provisional or adapt):
            raise InputError("provisional and adapt: expected with mode 'utterance' only")
        classifier = open_classifier(model, engine, threads, xnnpack, profile, decision)
        record = classifier.record
        spec, settings = record.features, record.decision
        self.labels = record.labels
        self.sample_rate = spec.sample_rate
        self.frame_length = self._hop = spec.hop_length
        self._settings = settings
        self._continuous = mode == "continuous"
        self._speaks_early = provisional or self._continuous
        self._adapt = adapt
        self._delivery = Delivery(callback)
        hops_per_s = spec.sample_rate / spec.hop_length
        self._step = settings.step_hops(hops_per_s)
        self._window = settings.window_hops(hops_per_s)
        self._constants = EndpointConstants.of(
            settings.endpointing, spec.sample_rate, spec.hop_length
        )
        self._levels = HopLevels(self._constants)
        self._endpointer = Endpointer(self._constants)
        self._smoother = ContinuousDecision(classifier.rule, self._step / hops_per_s)
        window_frames = spec.n_frames(self._window * self._hop) if self._continuous else None
        if window_frames == 0:
            raise InputError(
                f"decision: window_s is {settings.window_s:g}, expected at least one frame"
            )
        listener = open_listener(
            classifier.engine, record, classifier.profile, adapt, window_frames
        )
        self._model: _Model | None = _Model(classifier, listener)
        self._recent = RecentHops(self._constants.hops_kept, self._hop)
        self._cutter = HopCutter(self._hop)
        self.reset()

    def reset(self) -> None:
        """Forget all audio: return to the state of a new stream. An adapted profile stays."""
        self._open_model().listener.reset()
        self._levels.reset()
        self._endpointer.reset()
        self._smoother.reset()
        self._timeline = Timeline()
        self._cutter.reset()
        self._recent.reset()
        self._delivery.reset()
        self._finished = False
        self.level_db = SILENT_DB

    def close(self) -> None:
        """Release the model. The stream cannot be used any more."""
        self._model = None

    def __enter__(self) -> EmotionStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def in_speech(self) -> bool:
        """Whether an utterance is in progress."""
        return self._endpointer.in_speech

    @property
    def time_s(self) -> float:
        """Length of the stream so far, lost samples included, in seconds."""
        return self._seconds(self._samples())

    def process(self, pcm: ArrayLike) -> list[Event]:
        """Take in samples and return the events that they complete.

        Parameters
        ----------
        pcm : array_like, shape (n,)
            Mono at `sample_rate`: int16, or float32 or float64 in -1..1; any length.

        Returns
        -------
        list of Event
            In order of time.

        Raises
        ------
        InputError
            If the samples have another shape or type, are not finite, or lie outside
            -1..1; then none of them is taken in.
        LightSernetError
            If the stream is closed or finished.
        """
        self._refuse_finished()
        samples = as_int16(pcm)
        events: list[Event] = []
        if samples.size:
            self.level_db = rms_db(samples)
        for hops in self._cutter.push(samples):
            levels = self._levels.push(hops.reshape(-1)).tolist()
            for hop, level in zip(hops, levels, strict=True):
                events += self._take_in(hop, level)
        return self._delivery.deliver(events)

    def finish(self) -> list[Event]:
        """End the audio and return the event of the utterance in progress; `reset` begins anew.

        Returns
        -------
        list of Event

        Raises
        ------
        LightSernetError
            If the stream is closed.
        """
        self._open_model()
        events = [] if self._finished else self._cut()
        self._finished = True
        return self._delivery.deliver(events)

    def mark_broken(self, lost_samples: int = 0) -> None:
        """Report that samples were lost after the last ones and before the next.

        An utterance around the gap is marked as broken, and so is one that begins there. If
        the gap is as long as the hang-over, the utterance ends there, and the next call of
        `process` or `finish` returns its event.

        Parameters
        ----------
        lost_samples : int
            Number of lost samples, 0 or more; 0 if it is not known.

        Raises
        ------
        InputError
            If `lost_samples` is below 0.
        LightSernetError
            If the stream is closed or finished.
        """
        self._refuse_finished()
        if lost_samples < 0:
            raise InputError(f"lost_samples: found {lost_samples}, expected 0 or more")
        ends = lost_samples >= self._constants.hang_over * self._hop
        if ends:
            # A hop must not reach over the gap.
            lost_samples += self._cutter.pending
            self._cutter.reset()
        self._timeline.add(self._samples(), lost_samples)
        if ends:
            self._delivery.add(self._cut())

    async def events(self, source: AsyncIterable[ArrayLike]) -> AsyncIterator[Event]:
        """Process chunks from an asynchronous source, and call `finish` at its end.

        The work is done in a thread, so that the event loop stays responsive.

        Parameters
        ----------
        source : asynchronous iterable of array_like
            Chunks as for `process`.

        Yields
        ------
        Event
            In order of time.
        """
        # Imported here: it is slow to import, and most programs never need it.
        import asyncio

        async for pcm in source:
            for event in await asyncio.to_thread(self.process, pcm):
                yield event
        for event in await asyncio.to_thread(self.finish):
            yield event

    def _open_model(self) -> _Model:
        if self._model is None:
            raise LightSernetError("the stream is closed")
        return self._model

    def _refuse_finished(self) -> None:
        self._open_model()
        if self._finished:
            raise LightSernetError("the stream is finished: reset() begins a new one")

    def _samples(self) -> int:
        """Return the number of samples taken in, without lost ones."""
        return self._endpointer.hops * self._hop + self._cutter.pending

    def _seconds(self, sample: int) -> float:
        return (sample + self._timeline.lost_before(sample)) / self.sample_rate

    def _take_in(self, hop: NDArray[np.int16], level: int) -> list[Event]:
        pointer = self._endpointer
        self._recent.keep(pointer.hops, hop)
        spoke = pointer.in_speech
        ended = pointer.step(level)
        if not (spoke or pointer.in_speech or ended):
            return []
        listener = self._open_model().listener
        if not spoke:
            listener.reset()
            self._smoother.reset()
            self._recent.begin(pointer.start)
        for spoken in self._recent.take(pointer.end):
            listener.push(spoken)
        if ended is not None:
            return [] if self._continuous else self._judge(ended)
        if not self._speaks_early or (pointer.hops - pointer.start) % self._step:
            return []
        start, end = pointer.start, pointer.end
        if self._continuous:
            return self._event(
                "continuous", (max(start, end - self._window), end), listener.provisional()
            )
        return self._event("provisional", (start, end), listener.provisional())

    def _cut(self) -> list[Event]:
        ended = self._endpointer.finish()
        return [] if ended is None or self._continuous else self._judge(ended)

    def _judge(self, span: Utterance) -> list[Event]:
        listener = self._open_model().listener
        events = self._event("utterance", span, listener.finish())
        if self._adapt and events and not events[0].broken:
            listener.learn()
        return events

    def _event(self, kind: str, span: Utterance, output: RawOutput | None) -> list[Event]:
        """Make the event of a stretch, in hops; none if the stretch is too short."""
        start, end = (hops * self._hop for hops in span)
        if output is None or end - start < self._settings.min_seconds * self.sample_rate:
            return []
        # A gap right at the end does not belong to the stretch.
        end_s = (end + self._timeline.lost_before(end - 1)) / self.sample_rate
        emotion = self._open_model().classifier.decide(
            output,
            start_s=self._seconds(start),
            end_s=end_s,
            decide=self._smoother.decide if kind == "continuous" else None,
        )
        return [Event(kind, emotion, self._timeline.is_broken(start, end))]
