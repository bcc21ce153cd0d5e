"""`DrawStore`: features of draws, made when they are needed and kept within a stated size."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioError, InputError
from lightsernet_edge.features import FeatureSpec, FrontEnd

from ..conditions.noise import Noises, noise_digests
from ..datasets.clip import Clip
from .block_file import BLOCK, HEADER_BYTES, SUFFIX, HalfRows, read_draw, write_block
from .hearing import hear, hear_noise
from .limits import GIGABYTE
from .recipe import DrawRecipe
from .scene import draw_scene, random_of

# Part of the files' names: one more, when draws come out otherwise than before.
_VERSION = 1


class DrawStore:
    """Draws of clips as rows of features, before the spec's mean, scale and bound.

    Whoever needs a draw that is not there makes it, training as well as the processes beside
    it (`makers`): all get the same bytes. They are float16, which all caches round to.

    Parameters
    ----------
    spec : FeatureSpec
    recipe : DrawRecipe
    n_draws : int
        Of each clip, at least 1.
    noises : dict of str to ndarray, or None
        Recordings, those held out among them.
    cache : {"disk", "memory", "none"}
        As for the features of the clips themselves.
    folder : Path, optional
        Needed for ``disk``.

    Attributes
    ----------
    n_draws : int
    spec : FeatureSpec
        Without mean, scale and bound.
    recipe : DrawRecipe
    folder : Path or None
        Where draws are kept, if on the disk.

    Raises
    ------
    InputError
        If the features are spectra, which float16 does not hold.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        recipe: DrawRecipe,
        n_draws: int,
        noises: Noises | None = None,
        cache: str = "memory",
        folder: Path | None = None,
    ) -> None:
        if spec.output == "spectrogram":
            raise InputError(
                "input_type: found 'spectrogram' with draws, expected mfcc or mel-spectrogram: "
                "draws are kept in float16"
            )
        self.n_draws = n_draws
        self.spec = spec.without_standardisation()
        self._front_end = FrontEnd(self.spec)
        self.recipe = recipe
        drawn = drawn_noises(recipe, noises)
        self._noise_names = sorted(drawn)
        # Half of the memory, in every process that makes draws.
        self._recordings = {name: samples.astype(np.float32) for name, samples in drawn.items()}
        self._facts = [_VERSION, self.spec.to_json(), recipe.to_json(), noise_digests(drawn)]
        self._cache = cache
        self.folder = folder if cache == "disk" else None
        self._keys: dict[Clip, str] = {}
        self._kept: dict[tuple[Clip, int], list[HalfRows]] = {}

    def numbers(self, epoch: int, shared: bool = False) -> Sequence[int]:
        """Return the draws that an epoch chooses from, by number.

        A block more from epoch to epoch: training begins as soon as the first is made.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        shared : bool
            Whether only those in scenes that a speaker's clips share, if there are any.
        """
        numbers = range(min(self.n_draws, BLOCK * (epoch + 1)))
        if not shared:
            return numbers
        return [number for number in numbers if self.recipe.is_of_speaker(number)] or numbers

    @property
    def n_blocks(self) -> int:
        """Number of blocks that each clip's draws make up, the last of them whole as well."""
        return math.ceil(self.n_draws / BLOCK)

    def rows(self, clip: Clip, number: int) -> NDArray[np.float32]:
        """Return the features of a draw.

        Parameters
        ----------
        clip : Clip
        number : int
            In 0..n_draws - 1.

        Returns
        -------
        ndarray of float32, shape (n_frames, n_coefficients)

        Raises
        ------
        AudioError
            If the clip cannot be read.
        """
        block, place = divmod(number, BLOCK)
        if self._cache == "none":
            (half,) = self._draw(clip, [number])
        elif self._cache == "memory":
            half = self._in_memory(clip, block)[place]
        else:
            file = self._file(clip, block)
            found = read_draw(file, place, self.spec.n_coefficients)
            half = self._to_disk(file, clip, block)[place] if found is None else found
        return half.astype(np.float32)

    def noise_rows(self, number: int, seconds: float) -> NDArray[np.float32]:
        """Return the features of a scene where there is noise and nobody speaks; not kept.

        Parameters
        ----------
        number : int
            Of the draw, from 0.
        seconds : float

        Returns
        -------
        ndarray of float32, shape (n_frames, n_coefficients)
        """
        recipe, rate = replace(self.recipe, only_sped=0.0, noise=1.0), self.spec.sample_rate
        scene = draw_scene(recipe, "noise", number, self._noise_names)
        random = random_of(recipe.seed, "noise alone", "", number)
        heard = hear_noise(scene, recipe, round(seconds * rate), rate, self._recordings, random)
        return self._front_end.features(heard).astype(np.float32)

    def make(self, clip: Clip, block: int) -> None:
        """Make a block of a clip's draws, unless it is kept already.

        Raises
        ------
        AudioError
            If the clip cannot be read.
        InputError
            If the folder cannot be written to.
        """
        if self._cache == "memory":
            self._in_memory(clip, block)
        elif self._cache == "disk" and not (file := self._file(clip, block)).exists():
            self._to_disk(file, clip, block)

    def expect_room(self, clips: Sequence[Clip], n_rows: int, cache_bytes: float) -> None:
        """Refuse draws that would not fit; make room on the disk if that is what they need.

        Draws of other recipes that the folder keeps go, those first that were made first, as
        far as these need their place.

        Parameters
        ----------
        clips : sequence of Clip
        n_rows : int
            Of features that the clips have as they are, all together.
        cache_bytes : float
            The most that all draws may take.

        Raises
        ------
        InputError
            If they need more.
        """
        if self._cache == "none":
            return
        expected = self._expected_bytes(len(clips), n_rows)
        if expected > cache_bytes:
            raise InputError(
                f"cache_size: found {cache_bytes / GIGABYTE:g} GB, expected at least "
                f"{math.ceil(expected / GIGABYTE * 100) / 100:g} GB for {self.n_draws} draws of "
                f"{len(clips)} clips"
            )
        if self.folder is None:
            return
        wanted = {self._file(clip, b).name for clip in clips for b in range(self.n_blocks)}
        others = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            # Another run may be making room as well.
            with suppress(OSError):
                if path.name not in wanted:
                    others.append((path.stat().st_mtime, path.stat().st_size, path))
        spare = cache_bytes - expected - sum(size for _, size, _ in others)
        for _, size, path in sorted(others):
            if spare >= 0:
                break
            path.unlink(missing_ok=True)
            spare += size

    def _expected_bytes(self, n_clips: int, n_rows: int) -> float:
        """Return what all draws take, by the mean of the speeds that are drawn."""
        low, high = self.recipe.speed
        # The mean of 1 / factor, where log factor is uniform.
        longer = (1 / low - 1 / high) / math.log(high / low) if low < high else 1 / low
        if self.spec.clip_samples:
            longer = 1.0
        draw_bytes = longer * n_rows * self.spec.n_coefficients * np.dtype(np.float16).itemsize
        return self.n_blocks * (BLOCK * draw_bytes + HEADER_BYTES * n_clips)

    def _in_memory(self, clip: Clip, block: int) -> list[HalfRows]:
        if (clip, block) not in self._kept:
            self._kept[clip, block] = self._draw(clip, _numbers(block))
        return self._kept[clip, block]

    def _to_disk(self, file: Path, clip: Clip, block: int) -> list[HalfRows]:
        draws = self._draw(clip, _numbers(block))
        write_block(file, draws)
        return draws

    def _draw(self, clip: Clip, numbers: Sequence[int]) -> list[HalfRows]:
        rate = self.spec.sample_rate
        samples = read_recording(clip.path, rate, clip.start_s, clip.end_s).samples
        name = _name(clip)
        draws = []
        for number in numbers:
            # Clips of nobody known share no scene.
            shared = clip.speaker and self.recipe.is_of_speaker(number)
            who = f"speaker {clip.speaker}" if shared else f"clip {name}"
            scene = draw_scene(self.recipe, who, number, self._noise_names)
            random = random_of(self.recipe.seed, "clip", name, number)
            heard = hear(samples, scene, self.recipe, rate, self._recordings, random)
            draws.append(self._front_end.features(heard).astype(np.float16))
        return draws

    def _file(self, clip: Clip, block: int) -> Path:
        assert self.folder is not None
        if clip not in self._keys:
            self._keys[clip] = self._key(clip)
        return self.folder / f"{self._keys[clip]}-{block}{SUFFIX}"

    def _key(self, clip: Clip) -> str:
        """Name what draws depend on: the file as it is now, stretch, speaker, recipe, noises."""
        try:
            status = clip.path.stat()
        except OSError as error:
            raise AudioError(f"{clip.path}: cannot be read ({error.strerror})") from None
        place = [str(clip.path.resolve()), status.st_size, status.st_mtime_ns]
        facts = [*place, clip.start_s, clip.end_s, clip.speaker, self._facts]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def drawn_noises(recipe: DrawRecipe, noises: Noises | None) -> Noises:
    """Return the recordings that a recipe may draw.

    Raises
    ------
    InputError
        If all of them are held out.
    """
    if not noises or not recipe.recorded or not recipe.noise:
        return {}
    drawn = {name: noises[name] for name in noises if name not in recipe.held_out_noises}
    if not drawn:
        raise InputError(
            f"draw_recipe: held_out_noises: found all of {', '.join(sorted(noises))}, expected "
            "some that are left to draw"
        )
    return drawn


def _numbers(block: int) -> range:
    return range(block * BLOCK, (block + 1) * BLOCK)


def _name(clip: Clip) -> str:
    """Return what tells a clip from others, wherever the data lies."""
    return f"{clip.path.name} {clip.start_s} {clip.end_s}"
