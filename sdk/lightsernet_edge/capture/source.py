"""The interface of all sources of live audio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AudioBlock:
    """Consecutive samples.

    Attributes
    ----------
    samples : ndarray of int16, shape (n,)
        Mono, at the source's `sample_rate`. Empty if nothing has arrived for a moment, so
        that the caller can do something else.
    fault : str or None
        Describes a fault just before the first sample; None for no fault.
    lost_samples : int
        Number of samples known to be missing before the first one.
    clipped_share : float
        Share of the sampling instants at which any input channel was at full scale,
        measured before channels are averaged; in 0..1.
    """

    samples: NDArray[np.int16]
    fault: str | None = None
    lost_samples: int = 0
    clipped_share: float = 0.0


@dataclass
class Faults:
    """Counts the faults of a source.

    Attributes
    ----------
    overflows : int
        How often samples were lost: the sound system reported it, or this process was too
        slow to fetch them.
    stalls : int
        How often the device delivered nothing for longer than it should.
    """

    overflows: int = 0
    stalls: int = 0


class AudioSource(Protocol):
    """An open source of live audio.

    Attributes
    ----------
    name : str
        Of the device or file, for messages and results.
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
            If the device is gone, or has stopped delivering.
        AudioError
            If a file is damaged.
        """

    def stop(self) -> None:
        """Make `blocks` end soon; may be called from a signal handler or another thread."""

    def close(self) -> None:
        """Release the device or file. Never raises."""
