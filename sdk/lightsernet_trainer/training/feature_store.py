"""Features of a corpus, computed by the runtime's front end and cached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioError, InputError
from lightsernet_edge.features import FeatureSpec, FrontEnd

from ..conditions import Condition, clip_random, parse_condition
from ..conditions.condition import CLEAN, noises_used
from ..conditions.noise import Noises
from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip, refusal_of
from ..draws.limits import GIGABYTE, DrawLimits
from ..draws.store import DrawStore
from .row_file import SUFFIX, read_rows, write_rows

CACHES = ("disk", "memory", "none")

# How a clip is heard: under a condition, by its name, or in a draw, by its number.
Heard = str | int


class FeatureStore:
    """Rows of features of clips, before the spec's mean, scale and bound.

    Parameters
    ----------
    spec : FeatureSpec
    cache : {"disk", "memory", "none"}
        ``disk`` keeps one file per clip and variant in `folder`, from run to run;
        ``memory`` keeps all for this run; ``none`` computes features at each use.
    folder : Path, optional
        Needed for ``disk``.
    min_seconds : float
        Shortest clip that is accepted, in seconds.
    variants : sequence of str
        Conditions under which `rows` can be asked for, besides ``clean``.
    noises : dict of str to ndarray, optional
        The noises that the variants name; see `conditions.read_noises`.
    draws : DrawStore, optional
        Of the same front end.

    Attributes
    ----------
    spec : FeatureSpec
        Without mean, scale and bound.
    variants : tuple of str
        ``clean`` the first.
    draws : DrawStore or None

    Raises
    ------
    InputError
        If there is no such cache or condition.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        cache: str = "memory",
        folder: Path | None = None,
        min_seconds: float = 0.3,
        variants: Sequence[str] = (),
        noises: Noises | None = None,
        draws: DrawStore | None = None,
    ) -> None:
        if cache not in CACHES:
            raise InputError(f"cache: found {cache!r}, expected one of {', '.join(CACHES)}")
        if cache == "disk" and folder is None:
            raise InputError("cache disk: expected a folder to keep the features in")
        self.spec = spec.without_standardisation()
        self._front_end = FrontEnd(self.spec)
        self._cache = cache
        self._folder = folder
        self._min_seconds = min_seconds
        self.draws = draws
        self.variants = (CLEAN, *variants)
        self._conditions: dict[str, Condition] = {
            name: parse_condition(name, spec.sample_rate, noises) for name in self.variants
        }
        self._noises = {name: noises_used([name], noises) for name in self.variants}
        self._kept: dict[tuple[Clip, str], NDArray[np.float32]] = {}

    @classmethod
    def of(
        cls,
        configuration: TrainingConfiguration,
        cache: str = "memory",
        folder: Path | None = None,
        noises: Noises | None = None,
    ) -> FeatureStore:
        """Return the features, variants and draws that a configuration asks for.

        Raises
        ------
        InputError
            If there is no such cache, its front end cannot be had or drawn with, or a
            condition or all noise to draw is missing.
        """
        spec, variants = configuration.feature_spec(), configuration.variants
        draws = draw_store(configuration, cache, folder, noises)
        return cls(spec, cache, folder, variants=variants, noises=noises, draws=draws)

    def rows(self, clip: Clip, heard: Heard = CLEAN) -> NDArray[np.float32]:
        """Return a clip's features, as it is, under one of the variants or in one of the draws.

        Parameters
        ----------
        clip : Clip
        heard : str or int
            ``clean``, one of the store's variants, or the number of a draw.

        Returns
        -------
        ndarray of float32, shape (n_frames, n_coefficients)

        Raises
        ------
        AudioError
            If the clip cannot be read or is too short.
        """
        if isinstance(heard, int):
            assert self.draws is not None
            return self.draws.rows(clip, heard)
        if self._cache == "none":
            return self._compute(clip, heard)
        if (clip, heard) not in self._kept:
            rows = self._from_disk(clip, heard) if self._cache == "disk" else None
            if rows is None:
                rows = self._compute(clip, heard)
                if self._cache == "disk":
                    self._to_disk(clip, heard, rows)
            self._kept[clip, heard] = rows
        return self._kept[clip, heard]

    def training_rows(self, clips: Sequence[Clip]) -> Iterator[NDArray[np.float32]]:
        """Yield the features of each clip once, as training hears it.

        With draws, it is one of the first, another from clip to clip; else the clip as it is.

        Raises
        ------
        AudioError
            If a clip cannot be read or is too short.
        """
        first = [CLEAN] if self.draws is None else self.draws.numbers(epoch=0)
        for place, clip in enumerate(clips):
            yield self.rows(clip, first[place % len(first)])

    def load(self, clips: Sequence[Clip], console: Console) -> None:
        """Compute and cache the features of clips, showing progress.

        Every clip is read, also if nothing is cached. If one cannot be read, nothing is
        written.

        Parameters
        ----------
        clips : sequence of Clip
        console : rich.console.Console
            Where progress is shown.

        Raises
        ------
        AudioError
            If clips cannot be read or are too short: the first ten are named, all are counted.
        """
        new: dict[tuple[Clip, str], NDArray[np.float32]] = {}
        wanted = [(clip, variant) for variant in self.variants for clip in clips]
        refused: dict[Clip, str] = {}
        hidden = not console.is_terminal
        for key in track(wanted, "features", console=console, transient=True, disable=hidden):
            if key[0] in refused:
                continue
            try:
                rows = self._from_disk(*key) if self._cache == "disk" else None
                if rows is None:
                    rows = new[key] = self._compute(*key)
            except AudioError as error:
                refused[key[0]] = str(error)
                continue
            if self._cache != "none":
                self._kept[key] = rows
        if refused:
            raise AudioError(refusal_of(list(refused.values()), len(clips)))
        # Written once all clips are known to be good: a refusal leaves nothing behind.
        if self._cache == "disk":
            for (clip, variant), rows in new.items():
                self._to_disk(clip, variant, rows)

    def expect_room(self, clips: Sequence[Clip], limits: DrawLimits) -> None:
        """Refuse draws that would not fit; see `DrawStore.expect_room`.

        Parameters
        ----------
        clips : sequence of Clip
            Of which there will be draws.
        limits : DrawLimits

        Raises
        ------
        InputError
            If they need more.
        """
        if self.draws is not None:
            n_rows = sum(len(self.rows(clip)) for clip in clips)
            self.draws.expect_room(clips, n_rows, limits.cache_size * GIGABYTE)

    def load_first_draws(self, clips: Sequence[Clip], console: Console) -> None:
        """Make the draws that training begins with, showing progress.

        Raises
        ------
        AudioError
            If a clip cannot be read.
        """
        if self.draws is None:
            return
        hidden = not console.is_terminal
        # From the end: the processes beside begin at the front.
        backwards = clips[::-1]
        for clip in track(backwards, "draws", console=console, transient=True, disable=hidden):
            self.draws.make(clip, 0)

    def _compute(self, clip: Clip, variant: str) -> NDArray[np.float32]:
        recording = read_recording(clip.path, self.spec.sample_rate, clip.start_s, clip.end_s)
        if recording.duration_s < self._min_seconds:
            raise AudioError(
                f"{clip.path}: the clip lasts {recording.duration_s:.4f} s, expected at least "
                f"{self._min_seconds} s"
            )
        condition = self._conditions[variant]
        samples = condition(recording.samples, clip_random(clip.path.name))
        return self._front_end.features(samples).astype(np.float32)

    def _from_disk(self, clip: Clip, variant: str) -> NDArray[np.float32] | None:
        return read_rows(self._file(clip, variant), self.spec.n_coefficients)

    def _to_disk(self, clip: Clip, variant: str, rows: NDArray[np.float32]) -> None:
        write_rows(self._file(clip, variant), rows)

    def _file(self, clip: Clip, variant: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{self._key(clip, variant)}{SUFFIX}"

    def _key(self, clip: Clip, variant: str) -> str:
        """Return a hash of all that the features depend on, the file's size and time among it."""
        try:
            status = clip.path.stat()
        except OSError as error:
            raise AudioError(f"{clip.path}: cannot be read ({error.strerror})") from None
        facts: list[Any] = [
            str(clip.path.resolve()),
            status.st_size,
            status.st_mtime_ns,
            clip.start_s,
            clip.end_s,
            variant,
            self.spec.to_json(),
        ]
        if self._noises[variant]:
            facts.append(self._noises[variant])
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def draw_store(
    configuration: TrainingConfiguration,
    cache: str = "memory",
    folder: Path | None = None,
    noises: Noises | None = None,
) -> DrawStore | None:
    """Return the draws that a configuration asks for, None if for none; see `DrawStore`.

    Raises
    ------
    InputError
        If its front end cannot be had or drawn with, or all noises are held out.
    """
    if not configuration.draws:
        return None
    return DrawStore(
        configuration.feature_spec(),
        configuration.draw_recipe,
        configuration.draws,
        noises,
        cache,
        folder,
    )


def statistics(
    clips: Iterable[NDArray[np.float32]],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each coefficient over all rows of some clips.

    Parameters
    ----------
    clips : iterable of ndarray, each of shape (n_frames, n_coefficients)

    Returns
    -------
    mean, scale : tuple of float
        One value per coefficient; a scale is at least 1e-3.
    """
    rows = np.concatenate(list(clips)).astype(np.float64)
    scale = np.maximum(rows.std(axis=0), 1e-3)
    return tuple(rows.mean(axis=0).tolist()), tuple(scale.tolist())
