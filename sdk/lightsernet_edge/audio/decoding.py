"""Recordings decoded block by block, with all their parts, in bounded memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, AudioWarning, MissingDependencyError
from .containers import Layout, Part, layout_of
from .containers.layout import size_of
from .file_view import FileView
from .input_file import open_input

if TYPE_CHECKING:
    import soundfile

FORMATS = "WAV, FLAC, OGG, Opus, MP3, AIFF, AU or CAF"
# In hertz. At lower rates no speech is left, and resampling would turn small files into huge
# ones.
MIN_SAMPLE_RATE = 1000
# Decoded at once, all channels together: a block is some megabytes, however many there are.
_BLOCK_SAMPLES = 2**17
_AS_FLOAT: Any = {"dtype": "float64", "always_2d": True}
# What libsndfile says where it cannot know the number of frames.
_UNKNOWN_FRAMES = 2**60


class Decoder:
    """An open recording; made by `open_recording`.

    Attributes
    ----------
    path : Path
        For messages.
    samplerate : int
        In hertz.
    frames : int or None
        Number of frames; None if only decoding can tell.
    """

    def __init__(self, stream: FileIO, path: Path, layout: Layout) -> None:
        self.path = path
        self._stream = stream
        self._layout = layout
        self._has_said = False
        with self._opened(layout.parts[0]) as (sound, _):
            self.samplerate = int(sound.samplerate)
            is_known = len(layout.parts) == 1 and not layout.parts[0].is_open
            frames = int(sound.frames if layout.parts[0].frames is None else layout.parts[0].frames)
            is_known &= not layout.is_counted and frames < _UNKNOWN_FRAMES
            self.frames = frames if is_known else None
        if self.samplerate < MIN_SAMPLE_RATE:
            raise AudioError(
                f"{path}: recorded at {self.samplerate} Hz, expected at least {MIN_SAMPLE_RATE} Hz"
            )

    def blocks(
        self, start: int = 0, stop: int | None = None, size: int | None = None
    ) -> Iterator[NDArray[np.float64]]:
        """Decode the recording from one frame to another.

        Parameters
        ----------
        start, stop : int
            In frames; by default to the end.
        size : int, optional
            Greatest number of frames in a block.

        Yields
        ------
        ndarray of float64, shape (n, channels)
            In units of full scale; n is at least 1. Parts of a recording may differ in
            channels.

        Raises
        ------
        AudioError
            If a part is damaged, or holds fewer frames than it declares.
        """
        position = 0
        for index, part in enumerate(self._layout.parts):
            with self._opened(part) as (sound, view):
                if sound.samplerate != self.samplerate:
                    self._say_passed_over(index, int(sound.samplerate))
                    return
                begin = position
                if self._layout.can_seek and 0 < start < sound.frames:
                    position = int(sound.seek(start))
                most = max(1, _BLOCK_SAMPLES // sound.channels)
                wanted = min(most, size or most)
                end = begin + int(sound.frames if part.frames is None else part.frames)
                # Not beyond the end: a decoder may take what follows for damage.
                while len(block := sound.read(min(wanted, end - position), **_AS_FLOAT)):
                    first, position = position, position + len(block)
                    piece = block[max(0, start - first) : None if stop is None else stop - first]
                    if position > start and len(piece):
                        yield piece
                    if stop is not None and position >= stop:
                        return
                _raise_failure(view)
                if not (part.is_open or self._layout.is_counted):
                    _refuse_truncated(self.path, position - begin, end - begin)

    def _say_passed_over(self, index: int, rate: int) -> None:
        if self._has_said:
            return
        self._has_said = True
        left = self._layout.parts[index:]
        warnings.warn(
            f"{self.path}: passed over {sum(part.end - part.start for part in left)} bytes: from "
            f"there on it is at {rate} Hz, expected {self.samplerate} Hz as before",
            AudioWarning,
            stacklevel=2,
        )

    @contextmanager
    def _opened(self, part: Part) -> Iterator[tuple[soundfile.SoundFile, FileView | None]]:
        soundfile = _soundfile()
        # By descriptor where that is enough: it is faster, and a name need not be UTF-8.
        is_file = not part.head and part.start == 0 and part.end == size_of(self._stream)
        view = None if is_file and not part.is_open else FileView(self._stream, part)
        if view is None:
            self._stream.seek(0)
        try:
            with _forward_only()(view or self._stream.fileno(), closefd=False) as sound:
                yield sound, view
        except soundfile.LibsndfileError as error:
            _raise_failure(view)
            reason = str(error.error_string).strip().rstrip(".")
            raise AudioError(
                f"{self.path}: cannot be read as audio ({reason}), expected {FORMATS}"
            ) from None


@contextmanager
def open_recording(path: Path) -> Iterator[Decoder]:
    """Open a recording, after a look at what its headers say.

    Parameters
    ----------
    path : Path
        Of a file, or of a pipe that is being written to.

    Raises
    ------
    AudioError
        If the file is missing, empty, truncated, not audio, a device or an idle pipe. Errors
        of reading inside the context are converted to this one too.
    MissingDependencyError
        If soundfile is not installed.

    Warns
    -----
    AudioWarning
        If something in the file is passed over, or is not as a header says.
    """
    _soundfile()
    try:
        with open_input(path) as stream:
            if size_of(stream) == 0:
                raise AudioError(f"{path}: the file is empty, expected a recording")
            layout = layout_of(stream, path)
            decoder = Decoder(stream, path, layout)
            for note in layout.notes:
                warnings.warn(f"{path}: {note}", AudioWarning, stacklevel=3)
            yield decoder
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from None


def _refuse_truncated(path: Path, found: int, declared: int) -> None:
    if found < declared < _UNKNOWN_FRAMES:
        raise AudioError(f"{path}: truncated: holds {found} samples of the {declared} it declares")


def _raise_failure(view: FileView | None) -> None:
    if view is not None and view.error is not None:
        raise view.error


def _forward_only() -> Any:
    """Return the class of an open file that is read forward.

    `SoundFile` seeks after every block, to where it already is. Not every file allows that.
    """
    soundfile = _soundfile()

    class ForwardOnly(soundfile.SoundFile):  # type: ignore[misc, name-defined]
        def seekable(self) -> bool:
            return False

    return ForwardOnly


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"reading recordings needs the package soundfile and libsndfile: {error}"
        ) from None
    return soundfile
