"""`FeatureSpec`: the complete definition of a front end, as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..files.json_fields import Fields

# What messages begin with.
_WHERE = "feature spec: "
# Bounds the memory that a padded clip takes.
_MAX_CLIP_SAMPLES = 2**24
# Shortest and longest prior of a running mean: less than a hop, more than an utterance.
_PRIOR_S = (1e-3, 3600.0)
_CHOICES = {
    "output": ("mfcc", "log-mel", "spectrogram"),
    "level": ("none", "percentile", "running-peak"),
    "spectrum": ("magnitude", "power"),
    "filterbank": ("continuous", "binned"),
    "log": ("add", "replace-zero"),
    "dct": ("unscaled-first", "orthonormal"),
    "padding": ("zeros", "repeat"),
}
_LIMITS = {
    "sample_rate": (8000, 48000),
    "frame_length": (16, 8192),
    "hop_length": (1, 8192),
    "fft_length": (16, 8192),
    "n_mels": (1, 512),
    "first_coefficient": (0, 511),
    "n_coefficients": (1, 4097),
}


@dataclass(frozen=True)
class FeatureSpec:
    """Definition of a front end.

    The pipeline, for samples x in -1..1 at `sample_rate`:

    1. if `clip_seconds` is given, crop or pad x centrally to that length;
    2. ``level == "percentile"``: divide by the `level_percentile`-th percentile
       of ``|x|`` and clip to [-1, 1] (before padding). Needs the whole clip;
    3. multiply by `sample_scale`; cut frames of `frame_length` every
       `hop_length`; weight with a periodic Hann window; real FFT of `fft_length`;
    4. ``|X|``, or ``|X|**2 / fft_length`` for ``spectrum == "power"``;
    5. `n_mels` triangles between `low_hz` and `high_hz`, equidistant in HTK mel:
       ``continuous`` evaluates them, linear in mel, at the bin centres;
       ``binned`` floors their corners to bins and is linear between bins;
    6. ``level == "running-peak"``: divide by L[t] = max(e[t], L[t-1] * d), where
       e[t] is the mean over the bands, d = exp(-hop / `level_release_s`), and
       L[-1] = `level_floor`. Causal, and independent of the gain;
    7. ln(m + `log_floor`), or, for ``log == "replace-zero"``, ln(m) with zeros
       replaced by `log_floor`;
    8. DCT-II; coefficients `first_coefficient` and following, `n_coefficients`
       of them. ``unscaled-first`` scales all by sqrt(2 / n_mels),
       ``orthonormal`` gives coefficient 0 the factor sqrt(1 / n_mels);
    9. if `utterance_mean_prior_s` is given, subtract the running mean u[t] of the
       utterance, which `lightsernet_edge.features.standardization` defines. Causal;
    10. subtract `mean` and divide by `scale`, one value per coefficient;
    11. clip to +-`clip_value`.

    Attributes
    ----------
    name : str
        Of the recipe that the spec was made from.
    output : {"mfcc", "log-mel", "spectrogram"}
        ``log-mel`` omits step 8, ``spectrogram`` steps 5 to 8; `n_coefficients` is then
        `n_mels`, or the number of FFT bins.
    sample_rate : int
        In hertz, 8000..48000.
    frame_length, hop_length, fft_length : int
        In samples; hop_length <= frame_length <= fft_length <= 8192.
    n_mels : int
        Number of mel bands, 1..512.
    low_hz, high_hz : float
        Edges of the filterbank, in hertz; 0 < low_hz < high_hz <= sample_rate / 2.
    sample_scale : float
        Factor on the samples, above 0: 32768 for the scale of int16.
    level : {"none", "percentile", "running-peak"}
        How the level is normalised: step 2, step 6, or not at all.
    level_percentile : float
        In 0..100, above 0.
    level_release_s : float
        Time in which the running peak decays by a factor e, in seconds, above 0.
    level_floor : float
        Smallest level, in units of the mel bands, above 0.
    clip_seconds : float or None
        Length that every clip is cropped or padded to, in seconds; None for whole utterances.
    padding : {"zeros", "repeat"}
        How training fills short clips: with digital silence, or by repeating the rows of
        the utterance. With `clip_seconds` it is always ``zeros``.
    mean, scale : tuple of float or None
        Of the training set, `n_coefficients` values each; `scale` above 0. None: the front
        end does not standardise.
    spectrum : {"magnitude", "power"}
    filterbank : {"continuous", "binned"}
    log : {"add", "replace-zero"}
    log_floor : float
        Above 0.
    dct : {"unscaled-first", "orthonormal"}
    first_coefficient : int
        0..511.
    n_coefficients : int
        Number of values per row of features, 1..4097.
    clip_value : float or None
        Bound of the output, above 0; None for no bound.
    utterance_mean_prior_s : float or None
        Weight of `mean` in the running mean of an utterance, in seconds of rows,
        0.001..3600; None for no running mean. Needs a causal spec.

    Raises
    ------
    InputError
        If a value is unknown or out of its range.
    """

    name: str
    output: str = "mfcc"
    sample_rate: int = 16000
    frame_length: int = 1024
    hop_length: int = 256
    fft_length: int = 1024
    clip_seconds: float | None = None
    padding: str = "zeros"
    sample_scale: float = 1.0
    level: str = "none"
    level_percentile: float = 99.9
    level_release_s: float = 3.0
    level_floor: float = 1e-3
    spectrum: str = "magnitude"
    filterbank: str = "continuous"
    n_mels: int = 128
    low_hz: float = 80.0
    high_hz: float = 7600.0
    log: str = "add"
    log_floor: float = 1e-6
    dct: str = "unscaled-first"
    first_coefficient: int = 0
    n_coefficients: int = 40
    mean: tuple[float, ...] | None = None
    scale: tuple[float, ...] | None = None
    clip_value: float | None = None
    utterance_mean_prior_s: float | None = None

    def __post_init__(self) -> None:
        fields = Fields(vars(self), _WHERE)
        for name, allowed in _CHOICES.items():
            fields.choice(name, allowed)
        for name, (low, high) in _LIMITS.items():
            fields.whole(name, low, high)
        for name in ("sample_scale", "level_release_s", "level_floor", "low_hz", "log_floor"):
            fields.number(name, above=0.0)
        fields.number("level_percentile", high=100.0, above=0.0, expected="0..100")
        if self.clip_seconds is not None:
            expected = f"at least one frame and at most {_MAX_CLIP_SAMPLES} samples"
            longest = (_MAX_CLIP_SAMPLES + 1) / self.sample_rate
            fields.number("clip_seconds", above=0.0, expected=expected)
            if self.clip_seconds >= longest or self.clip_samples < self.frame_length:
                fields.refuse("clip_seconds", expected)
        if self.clip_value is not None:
            fields.number("clip_value", above=0.0)
        if self.utterance_mean_prior_s is not None:
            fields.number("utterance_mean_prior_s", *_PRIOR_S)
            if not self.is_causal:
                raise InputError(
                    f"{_WHERE}utterance_mean_prior_s needs whole utterances and a causal level, "
                    f"found clip_seconds {self.clip_seconds!r} and level {self.level!r}"
                )
        if self.fft_length < self.frame_length:
            fields.refuse("fft_length", f"at least frame_length, {self.frame_length}")
        if self.hop_length > self.frame_length:
            fields.refuse("hop_length", f"at most frame_length, {self.frame_length}")
        nyquist = self.sample_rate / 2
        expected = f"above low_hz, {self.low_hz!r}, and at most half of sample_rate, {nyquist:g}"
        fields.number("high_hz", high=nyquist, above=self.low_hz, expected=expected)
        self._check_coefficients(fields)

    def _check_coefficients(self, fields: Fields) -> None:
        available = {
            "mfcc": self.n_mels - self.first_coefficient,
            "log-mel": self.n_mels,
            "spectrogram": self.fft_length // 2 + 1,
        }[self.output]
        if self.n_coefficients > available or (
            self.output != "mfcc" and self.n_coefficients != available
        ):
            raise InputError(
                f"{_WHERE}n_coefficients is {self.n_coefficients}, but {self.output} "
                f"has {available}"
            )
        if self.output == "spectrogram" and self.level == "running-peak":
            raise InputError(f"{_WHERE}level running-peak needs mel bands, not a spectrogram")
        if (self.mean is None) != (self.scale is None):
            raise InputError(f"{_WHERE}mean and scale go together")
        for name in ("mean", "scale"):
            if fields.is_given(name):
                expected = f"{self.n_coefficients} finite numbers"
                if len(fields.numbers(name, expected=expected)) != self.n_coefficients:
                    fields.refuse(name, expected)
        if self.scale is not None and min(self.scale) <= 0:
            fields.refuse("scale", "numbers above 0")

    def without_standardisation(self) -> FeatureSpec:
        """Return the spec without steps 9 to 11.

        Statistics for `mean` and `scale`, and profiles, are made of its rows.
        """
        return dataclasses.replace(
            self, mean=None, scale=None, clip_value=None, utterance_mean_prior_s=None
        )

    @property
    def is_causal(self) -> bool:
        """Whether frames can be computed while the audio arrives."""
        return self.level != "percentile" and self.clip_seconds is None

    @property
    def clip_samples(self) -> int:
        """Length that clips are cropped or padded to, in samples; 0 for whole utterances."""
        return 0 if self.clip_seconds is None else int(self.clip_seconds * self.sample_rate)

    def n_frames(self, n_samples: int) -> int:
        """Return the number of frames in `n_samples` samples."""
        if n_samples < self.frame_length:
            return 0
        return 1 + (n_samples - self.frame_length) // self.hop_length

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a JSON object, without ``utterance_mean_prior_s`` if None.

        So a spec without a running mean has the same JSON as before there was that step.
        """
        values = dataclasses.asdict(self)
        if self.utterance_mean_prior_s is None:
            del values["utterance_mean_prior_s"]
        return values

    @classmethod
    def from_json(cls, data: object) -> FeatureSpec:
        """Build a spec from a JSON object.

        Parameters
        ----------
        data : object
            As `to_json` returns it.

        Raises
        ------
        InputError
            If a field is missing or unknown, has another type, or is out of range.
        """
        if not isinstance(data, Mapping):
            raise InputError(f"{_WHERE}found {type(data).__name__}, expected an object")
        unknown = sorted(set(data) - {item.name for item in dataclasses.fields(cls)})
        if unknown:
            raise InputError(f"{_WHERE}unknown field {unknown[0]!r}")
        fields = Fields(data, _WHERE)
        fields.text("name")
        values = dict(data)
        for name in ("mean", "scale"):
            if fields.is_given(name):
                values[name] = fields.numbers(name)
        return cls(**values)
