"""Inputs of the sound system, through PortAudio (the package sounddevice).

The callback runs on PortAudio's thread. It only copies samples into a bounded queue and
counts losses; everything else happens in the thread that fetches the blocks.
"""

from __future__ import annotations

import itertools
import queue
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..audio.recording import warn_of_low_rate
from ..errors import AudioWarning, CaptureError, InputError, MissingDependencyError
from .conversion import StreamConverter
from .source import AudioBlock, Faults
from .time_limit import answer_of, forget_at_exit

_SOUND_SYSTEM = "the sound system"
NO_INPUT = "no audio input found: no microphone is connected, or no sound server runs"
# Rates that are tried after the model's and the device's own, in hertz.
_COMMON_RATES = (48000, 44100, 32000, 96000, 22050, 11025, 8000)
_BLOCK_S = 0.02
# Buffer that PortAudio is asked for, in seconds: other Python threads may delay the callback.
_LATENCY_S = 0.1
# Length of the queue, in seconds; when it is full, blocks are dropped.
_QUEUE_S = 10.0
_POLL_S = 0.1
# A device that delivers nothing for this long, in seconds, has stalled, and is given up later.
# The first block may take longer, because sound servers wake a sleeping device.
_STALL_S = 1.0
_FIRST_BLOCK_S = 5.0
_GIVE_UP_S = 10.0
_CLOSE_S = 2.0
_NOTHING = np.empty(0, np.int16)


@dataclass(frozen=True)
class InputDevice:
    """An input of the sound system.

    Attributes
    ----------
    index : int
        PortAudio's number; it may change when devices come and go.
    name : str
    default_samplerate : int
        In hertz.
    channels : int
        Number of input channels.
    """

    index: int
    name: str
    default_samplerate: int
    channels: int


def input_devices() -> list[InputDevice]:
    """List the inputs that PortAudio finds.

    Raises
    ------
    CaptureError
        If the sound system does not answer.
    MissingDependencyError
        If sounddevice or PortAudio is not installed.
    """
    return answer_of(_list_inputs, _SOUND_SYSTEM)


def _list_inputs() -> list[InputDevice]:
    sounddevice = _sounddevice()
    inputs: list[InputDevice] = []
    # One by one: asked for all, the package gives none if it cannot decode one name.
    for index in itertools.count():
        try:
            found = sounddevice.query_devices(index)
        except UnicodeDecodeError as error:
            _warn_of_name(error.object)
            continue
        except sounddevice.PortAudioError:
            return inputs
        if found["max_input_channels"] > 0:
            inputs.append(
                InputDevice(
                    index,
                    str(found["name"]),
                    round(found["default_samplerate"]),
                    int(found["max_input_channels"]),
                )
            )
    raise AssertionError("PortAudio has no end of devices")


def _warn_of_name(name: bytes) -> None:
    warnings.warn(
        f"audio device {name.decode(errors='backslashreplace')}: left out, its name is not UTF-8, "
        "which the package sounddevice cannot open",
        AudioWarning,
        stacklevel=2,
    )


def find_input(device: str | int | None = None) -> InputDevice:
    """Find an input.

    Parameters
    ----------
    device : str or int, optional
        Its number, its name, or a part of its name in upper or lower case; by default the
        system's default input.

    Returns
    -------
    InputDevice

    Raises
    ------
    CaptureError
        If there is no such input, or the sound system does not answer.
    InputError
        If several inputs match the part of a name.
    MissingDependencyError
        If sounddevice or PortAudio is not installed.
    """
    found = input_devices()
    if not found:
        raise CaptureError(NO_INPUT)
    if device is None:
        default = int(_sounddevice().default.device[0])
        return next((item for item in found if item.index == default), found[0])
    wanted = str(device).strip()
    if wanted.isdecimal():
        matches = [item for item in found if item.index == int(wanted)]
    else:
        matches = [item for item in found if item.name == wanted] or [
            item for item in found if wanted.lower() in item.name.lower()
        ]
    names = ", ".join(f"{item.index} {item.name!r}" for item in matches or found)
    if not matches:
        raise CaptureError(f"device {wanted}: no such audio input, expected one of {names}")
    if len(matches) > 1:
        raise InputError(f"device {wanted}: matches {names}, expected a number or a longer name")
    return matches[0]


@dataclass(frozen=True)
class _Delivery:
    """A block as PortAudio's thread queues it, and the losses counted up to then."""

    content: bytes
    flagged: bool
    overflows: int
    dropped: int


class Microphone:
    """An open input of the sound system.

    Parameters
    ----------
    device : str or int, optional
        As for `find_input`.
    sample_rate : int
        Of the blocks, in hertz. A device that refuses it is opened at another rate and
        number of channels; its audio is then averaged and resampled.

    Attributes
    ----------
    name, sample_rate, faults
        As of `AudioSource`.
    device_rate, device_channels : int
        Rate in hertz and number of channels that the device was opened with.

    Raises
    ------
    CaptureError
        If there is no such device, it refuses every rate, or it does not answer.
    InputError
        If several devices match.
    MissingDependencyError
        If sounddevice, PortAudio, or soxr where it is needed, is not installed.
    """

    def __init__(self, device: str | int | None = None, sample_rate: int = 16000) -> None:
        self.device = find_input(device)
        self.name = self.device.name
        self.sample_rate = sample_rate
        self.faults = Faults()
        self._stopped = False
        self._queue: queue.Queue[_Delivery] = queue.Queue(int(_QUEUE_S / _BLOCK_S))
        # Written on PortAudio's thread only.
        self._overflows = 0
        self._dropped = 0
        self._was_flagged = False
        self._stream: Any = None
        self._given_up = False
        try:
            self.device_rate, self.device_channels = answer_of(self._open, self.name)
        except BaseException:
            self._given_up = True
            self.close()
            raise
        warn_of_low_rate(self.name, self.device_rate, sample_rate)
        try:
            self._converter = StreamConverter(self.device_rate, sample_rate)
        except MissingDependencyError:
            self.close()
            raise

    def _open(self) -> tuple[int, int]:
        """Open the device with the first rate and number of channels that it accepts."""
        sounddevice = _sounddevice()
        most = self.device.channels
        rates = dict.fromkeys((self.sample_rate, self.device.default_samplerate, *_COMMON_RATES))
        reason = ""
        for rate in rates:
            for channels in dict.fromkeys((1, min(2, most), most)):
                stream = None
                try:
                    stream = sounddevice.RawInputStream(
                        device=self.device.index,
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        blocksize=round(rate * _BLOCK_S),
                        latency=_LATENCY_S,
                        callback=self._on_audio,
                    )
                    stream.start()
                except sounddevice.PortAudioError as error:
                    reason = _reason(error)
                    if stream is not None:
                        stream.close(ignore_errors=True)
                else:
                    if self._given_up:
                        # The caller gave up waiting meanwhile.
                        _close(stream)
                    self._stream = stream
                    return rate, channels
        tried = ", ".join(str(rate) for rate in rates)
        raise CaptureError(f"{self.name}: refuses every rate tried, {tried} Hz ({reason})")

    def _on_audio(self, data: Any, frames: int, _time: Any, status: Any) -> None:
        # PortAudio repeats the flag for each block that it cuts from one block of the device.
        if status.input_overflow and not self._was_flagged:
            self._overflows += 1
        self._was_flagged = status.input_overflow
        try:
            self._queue.put_nowait(
                _Delivery(bytes(data), status.input_overflow, self._overflows, self._dropped)
            )
        except queue.Full:
            self._dropped += frames

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield blocks until `stop` is called.

        Raises
        ------
        CaptureError
            If the device is gone, or delivers nothing for 10 s.
        """
        overflows = dropped = 0
        polls, limit_s = 0, _FIRST_BLOCK_S
        while not self._stopped:
            try:
                got = self._queue.get(timeout=_POLL_S)
            except queue.Empty:
                if not self._stream.active:
                    if self._queue.empty():
                        raise CaptureError(
                            f"{self.name}: the audio input is gone: unplugged, or its sound "
                            "server ended"
                        ) from None
                    continue
                # Count polls instead of time: this process may have been suspended.
                polls += 1
                fault = None
                if polls == round(limit_s / _POLL_S):
                    self.faults.stalls += 1
                    fault = f"stalled: has delivered nothing for {limit_s:g} s"
                if polls >= round(_GIVE_UP_S / _POLL_S):
                    raise CaptureError(
                        f"{self.name}: has delivered nothing for {_GIVE_UP_S:g} s, given up"
                    ) from None
                yield AudioBlock(_NOTHING, fault)
                continue
            polls, limit_s = 0, _STALL_S
            fault, lost = None, 0
            if got.flagged or got.overflows > overflows or got.dropped > dropped:
                lost = round((got.dropped - dropped) * self.sample_rate / self.device_rate)
                fault = "overflow: samples were lost"
                self.faults.overflows += got.overflows - overflows + (got.dropped > dropped)
            overflows, dropped = got.overflows, got.dropped
            samples = np.frombuffer(got.content, np.int16).reshape(-1, self.device_channels)
            clipped = self._converter.clipped_share(samples)
            yield AudioBlock(self._converter.convert(samples), fault, lost, clipped)

    def stop(self) -> None:
        """Make `blocks` end soon; may be called from a signal handler."""
        self._stopped = True

    def close(self) -> None:
        """Release the device.

        A sound system that hangs is left alone. Its streams are not closed at the end of
        the process either, because that would hang as well.
        """
        if self._stream is None:
            return
        closing = threading.Thread(target=_close, args=(self._stream,), daemon=True)
        closing.start()
        closing.join(_CLOSE_S)
        if closing.is_alive():
            forget_at_exit()
        self._stream = None


def _close(stream: Any) -> None:
    # `abort` does not wait for pending buffers, as `stop` does.
    stream.abort(ignore_errors=True)
    stream.close(ignore_errors=True)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            "a microphone needs the package sounddevice and the library PortAudio, on Debian "
            f"libportaudio2: {error}"
        ) from None
    return sounddevice


def _reason(error: Exception) -> str:
    """Return the sound system's own error text if there is one, else PortAudio's."""
    arguments = error.args
    if len(arguments) > 2 and len(arguments[2]) > 2:
        return str(arguments[2][2])
    return str(arguments[0]).rpartition(": ")[2]
