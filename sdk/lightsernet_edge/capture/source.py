"""What a source of live audio offers, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AudioBlock:
    """Some consecutive samples.

    Attributes
    ----------
    samples : ndarray of int16, shape (n,)
        Mono, at the source's `sample_rate`. Empty when nothing has arrived for
        a moment, so that whoever waits can do something else.
    fault : str or None
        What went wrong just before the first sample: the audio is broken there.
    lost_samples : int
        How many samples are known to be missing there.
    clipped_share : float
        Share of its instants at which a channel of the input was at full scale,
        before channels were averaged; in 0..1.
    """

    samples: NDArray[np.int16]
    fault: str | None = None
    lost_samples: int = 0
    clipped_share: float = 0.0


@dataclass
class Faults:
    """What a source has counted so far.

    Attributes
    ----------
    overflows : int
        Times that samples were lost: told by the sound system, or because this
        process was too slow to fetch them.
    stalls : int
        Times that the device delivered nothing for longer than it may.
    """

    overflows: int = 0
    stalls: int = 0


class AudioSource(Protocol):
    """Live audio, opened.

    Attributes
    ----------
    name : str
        The device's or file's, for messages and results.
    sample_rate : int
        Of the blocks, in hertz.
    faults : Faults
    """

    name: str
    sample_rate: int
    faults: Faults

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield blocks until the audio ends or `stop` is called.

        Raises
        ------
        CaptureError
            If the device is gone, or delivers nothing any more.
        AudioError
            If a file is damaged.
        """

    def stop(self) -> None:
        """Let `blocks` end soon; may be called from a signal handler or another thread."""

    def close(self) -> None:
        """Give the device or file back. Never raises."""
