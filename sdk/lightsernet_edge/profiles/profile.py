"""`Profile`: a front end's mean and scale for one user's voice and microphone.

They replace the mean and scale of the training set. A profile holds no audio. All of its
arithmetic is in this module: enrolment, adaptation and the trainer's scores use it, and
the C engine computes the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..features import FeatureSpec
from ..files.atomic_write import write_atomically
from ..files.json_fields import Fields
from ..files.regular_file import open_regular
from .neutral_bias import MAX_BIAS

SCHEMA = "lightsernet-edge profile 1"
# Prior weights of the training set's mean and scale, in seconds of the user's rows. A mean
# also depends on words and emotion, so its prior is larger: docs/results/experiments.md.
PRIOR_MEAN_S = 10.0
PRIOR_SCALE_S = 5.0
# The memory of a running profile, in seconds: older rows count for less and less.
MEMORY_S = 60.0
# Bounds of a profile: the shift of the mean in units of the training set's scale, and the
# factor between the scales.
MAX_SHIFT = 2.0
MAX_STRETCH = 2.0
# Fields of a front end that do not change the rows that a profile is made of.
_NOT_FINGERPRINTED = ("name", "padding", "mean", "scale", "clip_value")
_MAX_BYTES = 1 << 20
# Stands before the name of a field in messages.
_WHERE = "profile: "


@dataclass(frozen=True)
class Profile:
    """Mean and scale of a user's rows, blended with those of the training set.

    Attributes
    ----------
    front_end : str
        Fingerprint of the front end that the profile was made with, see `fingerprint`.
    mean, scale : tuple of float
        One value per coefficient; `scale` above 0.
    seconds : float
        Length of the speech that the profile was made of, 0 or more.
    bias : tuple of float
        Bias of `model` on the user's voice, one value per label, in nats, -2..2; empty if
        it is not known. See `lightsernet_edge.profiles.neutral_bias`.
    model : str
        SHA-256 of the model that the bias was measured on, as in its record; empty without
        a bias.

    Raises
    ------
    InputError
        If a value has another type, is not finite, or is out of its range.
    """

    front_end: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    seconds: float
    bias: tuple[float, ...] = ()
    model: str = ""

    def __post_init__(self) -> None:
        fields = Fields(vars(self), _WHERE)
        if not fields.text("front_end", expected="a fingerprint"):
            fields.refuse("front_end", "a fingerprint")
        for name in ("mean", "scale"):
            if not fields.numbers(name):
                fields.refuse(name, "finite numbers")
        if len(self.mean) != len(self.scale):
            raise InputError(
                f"{_WHERE}found {len(self.mean)} means and {len(self.scale)} scales, expected "
                "equal numbers"
            )
        if min(self.scale) <= 0:
            raise InputError(f"{_WHERE}scale holds {min(self.scale)!r}, expected above 0")
        fields.number("seconds", low=0.0)
        bounds = f"numbers from -{MAX_BIAS:g} to {MAX_BIAS:g}"
        fields.numbers("bias", -MAX_BIAS, MAX_BIAS, bounds)
        if bool(fields.text("model")) != bool(self.bias):
            fields.refuse("model", "that of the bias, empty without a bias")

    def check_fits(self, spec: FeatureSpec) -> None:
        """Raise InputError unless the profile was made with the front end `spec`."""
        if spec.mean is None:
            raise InputError(
                f"{_WHERE}the model's front end {spec.name!r} does not standardise, so it "
                "cannot use a profile"
            )
        if len(self.mean) != spec.n_coefficients or self.front_end != fingerprint(spec):
            raise InputError(
                f"{_WHERE}made for another front end ({self.front_end[:12]}, "
                f"{len(self.mean)} coefficients), the model's is {fingerprint(spec)[:12]} with "
                f"{spec.n_coefficients}: enrol again with this model"
            )

    def applied_to(self, spec: FeatureSpec) -> FeatureSpec:
        """Return `spec` with the profile's mean and scale instead of its own."""
        return replace(spec, mean=self.mean, scale=self.scale)

    def bias_of(self, model: str, n_labels: int) -> tuple[float, ...]:
        """Return the bias of a model.

        Parameters
        ----------
        model : str
            SHA-256 of the model, as in its record.
        n_labels : int
            Number of its labels.

        Returns
        -------
        tuple of float
            Empty if the profile has no bias, or one of another model.

        Raises
        ------
        InputError
            If the bias is of this model, but has another number of labels.
        """
        if not self.bias or self.model != model:
            return ()
        if len(self.bias) != n_labels:
            raise InputError(
                f"{_WHERE}bias holds {len(self.bias)} values, expected {n_labels}, one per label"
            )
        return self.bias

    def save(self, path: str | Path) -> None:
        """Write the profile as JSON, to a temporary name that is then renamed.

        Parameters
        ----------
        path : str or Path
            Of the file to write.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "front_end": self.front_end,
            "seconds": self.seconds,
            "mean": list(self.mean),
            "scale": list(self.scale),
        }
        if self.bias:
            data |= {"bias": list(self.bias), "model": self.model}
        write_atomically(Path(path), json.dumps(data, indent=1).encode() + b"\n")

    @classmethod
    def load(cls, path: str | Path) -> Profile:
        """Read a profile.

        Parameters
        ----------
        path : str or Path
            Of a file that `save` wrote.

        Raises
        ------
        InputError
            If the file is missing, is not a profile, or holds values out of range.
        """
        path = Path(path)
        try:
            with open_regular(path, "a profile") as file:
                text = file.read(_MAX_BYTES + 1)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        if len(text) > _MAX_BYTES:
            raise InputError(f"{path}: found more than {_MAX_BYTES} bytes, expected a profile")
        try:
            data = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError):
            raise InputError(f"{path}: found no JSON, expected a profile") from None
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, dict) else type(data).__name__
            raise InputError(f"{path}: schema is {found!r}, expected {SCHEMA!r}")
        try:
            return cls._from_json(data)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> Profile:
        fields = Fields(data, _WHERE)
        lists = {
            name: tuple(fields.items(name, "a list of numbers"))
            for name in ("mean", "scale", "bias")
            if name in data or name != "bias"
        }
        return Fields({**data, **lists}, _WHERE).build(cls)


def fingerprint(spec: FeatureSpec) -> str:
    """Return a hash of what `spec` computes before it standardises: 64 hexadecimal digits."""
    plain = spec.without_standardisation().to_json()
    fields = {k: v for k, v in plain.items() if k not in _NOT_FINGERPRINTED}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


class RunningProfile:
    """Collects statistics of a user's rows, and computes the profile from them.

    The user's n rows have mean m and variance v; the training set has mean m0 and scale s0,
    with prior weights of a and b rows:

        mean    = m0 + n / (n + a) (m - m0),          at most 2 s0 from m0
        scale^2 = s0^2 + n / (n + b) (v - s0^2),      scale in s0 / 2 .. 2 s0

    If there are more rows than `memory_s`, the weight of the older ones is reduced.

    Parameters
    ----------
    spec : FeatureSpec
        Of the model; its mean and scale are those of the training set.
    start : Profile, optional
        Profile to begin with. It has the weight of `start.seconds` of speech, at most
        `memory_s`. Its bias is kept unchanged.
    prior_mean_s, prior_scale_s : float
        The prior weights a and b, in seconds of rows.
    memory_s : float
        The largest weight of the user's rows, in seconds.

    Raises
    ------
    InputError
        If the spec does not standardise, or `start` does not fit it.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        start: Profile | None = None,
        prior_mean_s: float = PRIOR_MEAN_S,
        prior_scale_s: float = PRIOR_SCALE_S,
        memory_s: float = MEMORY_S,
    ) -> None:
        if spec.mean is None or spec.scale is None:
            raise InputError(
                f"{_WHERE}the model's front end {spec.name!r} does not standardise, so it "
                "cannot use a profile"
            )
        self._front_end = fingerprint(spec)
        self._rows_per_s = spec.sample_rate / spec.hop_length
        self._mean0 = np.array(spec.mean)
        self._scale0 = np.array(spec.scale)
        self._prior_mean_rows = prior_mean_s * self._rows_per_s
        self._prior_scale_rows = prior_scale_s * self._rows_per_s
        self._memory_rows = memory_s * self._rows_per_s
        # In units of the training set's scale, around its mean.
        self._count = 0.0
        self._sum = np.zeros(spec.n_coefficients)
        self._squares = np.zeros(spec.n_coefficients)
        self._seconds = 0.0
        self._bias, self._model = ((), "") if start is None else (start.bias, start.model)
        if start is not None:
            start.check_fits(spec)
            self._begin_from(start)

    def _begin_from(self, start: Profile) -> None:
        """Set the statistics that would have given this profile."""
        count = min(start.seconds * self._rows_per_s, self._memory_rows)
        if count <= 0:
            return
        mean_share, scale_share = self._shares(count)
        mean = (np.array(start.mean) - self._mean0) / self._scale0 / mean_share
        variance = 1.0 + ((np.array(start.scale) / self._scale0) ** 2 - 1.0) / scale_share
        self._count = count
        self._sum = count * mean
        self._squares = count * (np.maximum(variance, 0.0) + mean**2)
        self._seconds = start.seconds

    def add(self, rows: NDArray[np.float64]) -> None:
        """Take in rows of features.

        Parameters
        ----------
        rows : ndarray of float64, shape (n, n_coefficients)
            Not standardised.

        Raises
        ------
        InputError
            If `rows` has another shape, or is not finite.
        """
        if rows.ndim != 2 or rows.shape[1] != self._sum.size or not np.isfinite(rows).all():
            raise InputError(
                f"{_WHERE}found rows of shape {rows.shape}, expected finite ones of "
                f"{self._sum.size} coefficients"
            )
        units = (rows - self._mean0) / self._scale0
        self._count += len(units)
        self._sum += units.sum(axis=0)
        self._squares += (units**2).sum(axis=0)
        self._seconds += len(units) / self._rows_per_s
        if self._count > self._memory_rows:
            keep = self._memory_rows / self._count
            self._count *= keep
            self._sum *= keep
            self._squares *= keep

    def _shares(self, count: float) -> tuple[float, float]:
        """Return the weights of `count` rows in mean and scale, in 0..1."""
        if not count:
            return 0.0, 0.0
        return count / (count + self._prior_mean_rows), count / (count + self._prior_scale_rows)

    @property
    def seconds(self) -> float:
        """Length of the speech taken in, with that of `start`, in seconds."""
        return self._seconds

    def profile(self) -> Profile:
        """Compute the profile from the rows so far."""
        mean_share, scale_share = self._shares(self._count)
        mean = self._sum / max(self._count, 1.0)
        variance = np.maximum(self._squares / max(self._count, 1.0) - mean**2, 0.0)
        shift = np.clip(mean_share * mean, -MAX_SHIFT, MAX_SHIFT)
        squared = 1.0 + scale_share * (variance - 1.0)
        stretch = np.clip(np.sqrt(squared), 1.0 / MAX_STRETCH, MAX_STRETCH)
        return Profile(
            self._front_end,
            tuple((self._mean0 + self._scale0 * shift).tolist()),
            tuple((self._scale0 * stretch).tolist()),
            self._seconds,
            self._bias,
            self._model,
        )
