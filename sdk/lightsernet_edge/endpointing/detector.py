"""Finds utterances in a stream of samples, in exact integers.

The arithmetic is written down in ``docs/reference/endpointing.md``; the C engine repeats
it bit for bit. Knows nothing of models.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .settings import PEAK_BITS, SHARE_BITS, EndpointConstants

Utterance = tuple[int, int]


class HopLevels:
    """Computes the level of each hop of a stream.

    The level is 256 * log2 of the energy of the hop after a Haar wavelet: the sum of the
    newest `half_wavelet` samples minus the sum of as many before them. A hop without
    energy has level 0.

    Parameters
    ----------
    constants : EndpointConstants
    """

    def __init__(self, constants: EndpointConstants) -> None:
        self._hop = constants.hop_length
        self._half = constants.half_wavelet
        self.reset()

    def reset(self) -> None:
        """Forget all audio: return to the state of a new stream."""
        self._past: NDArray[np.int64] | None = None

    def push(self, hops: NDArray[np.int16]) -> NDArray[np.int64]:
        """Compute the levels of the next hops.

        Parameters
        ----------
        hops : ndarray of int16, shape (n * hop_length,)

        Returns
        -------
        ndarray of int64, shape (n,)
        """
        if hops.size == 0:
            return np.empty(0, np.int64)
        half = self._half
        past = self._past
        if past is None:
            # As if the first sample had been there forever: an offset makes no click.
            past = np.full(2 * half, hops[0], np.int64)
        samples = np.concatenate([past, hops])
        self._past = samples[-2 * half :].copy()
        sums = np.concatenate([[0], np.cumsum(samples)])
        newest = sums[2 * half :] - sums[half:-half]
        before = sums[half:-half] - sums[: -2 * half]
        wavelet = (newest - before)[1:]
        return levels((wavelet * wavelet).reshape(-1, self._hop).sum(axis=1))


def levels(energies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 256 * log2(energy), computed by eight squarings of the mantissa; 0 for 0.

    Parameters
    ----------
    energies : ndarray of int64, shape (n,)
        In 0..2**52.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    # frexp is exact on these integers: energy = fraction * 2**exponent, fraction in 1/2..1.
    exponent = np.frexp(energies.astype(np.float64))[1].astype(np.int64) - 1
    left = np.maximum(31 - exponent, 0).astype(np.uint64)
    right = np.maximum(exponent - 31, 0).astype(np.uint64)
    mantissa = (energies.astype(np.uint64) << left) >> right
    level = np.maximum(exponent, 0)
    for _ in range(8):
        mantissa = (mantissa * mantissa) >> np.uint64(31)
        octave = mantissa >> np.uint64(32)
        mantissa >>= octave
        level = 2 * level + octave.astype(np.int64)
    return np.where(energies > 0, level, 0)


class Endpointer:
    """Finds utterances in a stream of levels, one hop after another.

    Parameters
    ----------
    constants : EndpointConstants

    Attributes
    ----------
    hops : int
        Number of hops taken in.
    in_speech : bool
        Whether an utterance is in progress.
    start, end : int
        The certain part of the utterance in progress, in hops; `end` is exclusive and
        never decreases.
    floor, peak : int
        Noise floor and tracked peak, as levels.
    """

    def __init__(self, constants: EndpointConstants) -> None:
        self._constants = constants
        self.reset()

    def reset(self) -> None:
        """Forget all audio: return to the state of a new stream."""
        self.hops = 0
        self.in_speech = False
        self.start = self.end = 0
        self.floor = self.peak = 0
        self._last = 0
        self._free_from = 0
        self._begun = 0
        self._peak = 0
        self._before: tuple[int, int] | None = None
        self._block_minimum = 0
        self._block_hops = 0
        self._minima: deque[int] = deque(maxlen=self._constants.floor_blocks)

    def step(self, level: int) -> Utterance | None:
        """Take in the level of the next hop.

        Parameters
        ----------
        level : int
            As `HopLevels` computes it.

        Returns
        -------
        (start, end) or None
            The utterance that ended with this hop, in hops; `end` is exclusive.
        """
        c = self._constants
        self._track(level)
        distance = min(max(self.peak - self.floor, 0), c.range)
        begin = self.floor + max(c.begin, (distance * c.begin_share) >> SHARE_BITS)
        last = self.floor + max(c.last, (distance * c.last_share) >> SHARE_BITS)
        begin = max(begin, self.peak - c.begin_drop)
        last = max(last, self.peak - c.last_drop)
        now = self.hops
        self.hops += 1
        if self.in_speech:
            if level > last:
                self._last = now
            if now - self._last >= c.hang_over:
                return self._stop()
        else:
            window = (1 << c.speech_window) - 1
            self._begun = ((self._begun << 1) | (level > begin)) & window
            if bin(self._begun).count("1") < c.speech:
                return None
            first = now + 1 - self._begun.bit_length()
            self.start = max(first - c.before, self._free_from)
            self.in_speech = True
            self._last = now
        self.end = min(self._last + 1 + c.after, self.hops)
        if self.hops - self.start >= c.maximum:
            return self._stop()
        return None

    def finish(self) -> Utterance | None:
        """End the audio and return the utterance in progress, if there is one.

        Later hops belong to no utterance before.
        """
        ended = self._stop() if self.in_speech else None
        self._begun = 0
        self._free_from = self.hops
        return ended

    def _stop(self) -> Utterance:
        self.in_speech = False
        self._begun = 0
        self._free_from = self.end
        return self.start, self.end

    def _track(self, level: int) -> None:
        """Update noise floor and peak; both follow the mean level of three hops."""
        c = self._constants
        if self._before is None:
            self._before = (level, level)
            self._minima.append(min(level, c.first_floor))
            self._block_minimum = level
        smooth = (level + self._before[0] + self._before[1]) // 3
        self._before = (level, self._before[0])
        self._block_minimum = min(self._block_minimum, smooth)
        self.floor = max(min(self._block_minimum, *self._minima), c.silence)
        self._block_hops += 1
        if self._block_hops == c.floor_block:
            self._minima.append(self._block_minimum)
            self._block_hops = 0
            self._block_minimum = smooth
        self._peak = max(smooth << PEAK_BITS, self._peak - c.release)
        self.peak = self._peak >> PEAK_BITS


def find_utterances(samples: NDArray[np.int16], constants: EndpointConstants) -> list[Utterance]:
    """Find the utterances in a whole recording; a stream finds the same ones.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
        Mono.
    constants : EndpointConstants
        For the sample rate of `samples`.

    Returns
    -------
    list of (start, end)
        In samples, in order of time, not overlapping; empty if nobody speaks.
    """
    return find_utterances_in_blocks([samples], constants)


def find_utterances_in_blocks(
    blocks: Iterable[NDArray[np.int16]], constants: EndpointConstants
) -> list[Utterance]:
    """Find the utterances in a recording that is given in blocks, as `find_utterances` does.

    Parameters
    ----------
    blocks : iterable of ndarray of int16, each of shape (n,)
        Mono; of any length.
    constants : EndpointConstants
        For the sample rate of the blocks.

    Returns
    -------
    list of (start, end)
        In samples.
    """
    hop = constants.hop_length
    endpointer, hop_levels = Endpointer(constants), HopLevels(constants)
    found: list[Utterance | None] = []
    rest = np.empty(0, np.int16)
    for block in blocks:
        samples = np.concatenate([rest, block]) if rest.size else block
        whole = samples[: len(samples) // hop * hop]
        rest = samples[len(whole) :]
        ended = (endpointer.step(level) for level in hop_levels.push(whole).tolist())
        found += [item for item in ended if item is not None]
    found.append(endpointer.finish())
    return [(item[0] * hop, item[1] * hop) for item in found if item is not None]
