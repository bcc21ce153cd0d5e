"""What counts as an utterance: settings in seconds and decibels, and the integers made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError
from ..files.json_fields import Fields

# A level is 256 * log2(energy); its unit is a step, 1/256 of an octave of energy.
_STEPS_PER_OCTAVE = 256
_STEPS_PER_DB = _STEPS_PER_OCTAVE * math.log2(10.0) / 10.0
# Extra bits of the tracked peak, so that it can fall by less than one step per hop.
PEAK_BITS = 4
SHARE_BITS = 8
# Half the length of the Haar wavelet, in seconds. Its band lies around 750 Hz, where voices
# are strong; a constant offset has no energy in it.
_HALF_WAVELET_S = 0.0005
_FULL_SCALE = 32768


@dataclass(frozen=True)
class EndpointSettings:
    """What counts as an utterance, in seconds and decibels.

    Attributes
    ----------
    begin_db, last_db : float
        Speech begins when the level is `begin_db` above the noise floor, and lasts while it
        is `last_db` above it.
    begin_share, last_share : float
        The same thresholds as a share, in 0..1, of the distance from the noise floor to the
        tracked peak. The larger threshold of the two applies.
    range_db : float
        Upper limit of that distance.
    begin_drop_db, last_drop_db : float
        No threshold lies further below the tracked peak. This matters in very low noise.
    release_db_per_s : float
        Rate at which the tracked peak falls.
    speech_s, speech_window_s : float
        An utterance begins when `speech_s` of the last `speech_window_s` were above the
        threshold.
    hang_over_s : float
        An utterance ends when the level stays below the threshold for this long.
    maximum_s : float
        Longer utterances are cut here; at most 30.
    before_s, after_s : float
        Margins before and after the speech that belong to the utterance.
    floor_s : float
        The noise floor is the minimum level of the last `floor_s`.
    silence_dbfs : float
        Lower limit of the noise floor, in dB of full scale.
    first_floor_dbfs : float
        Upper limit of the noise floor at the start of a stream, when it is not known yet.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    begin_db: float = 10.0
    last_db: float = 6.0
    begin_share: float = 0.5
    last_share: float = 0.3
    range_db: float = 40.0
    begin_drop_db: float = 25.0
    last_drop_db: float = 34.0
    release_db_per_s: float = 6.0
    speech_s: float = 0.064
    speech_window_s: float = 0.192
    hang_over_s: float = 0.6
    maximum_s: float = 15.0
    before_s: float = 0.048
    after_s: float = 0.048
    floor_s: float = 2.0
    silence_dbfs: float = -80.0
    first_floor_dbfs: float = -45.0

    def __post_init__(self) -> None:
        fields = Fields(vars(self), "endpointing: ")
        for name, (low, high) in _RANGES.items():
            fields.number(name, low, high)
        if self.last_db > self.begin_db or self.last_share > self.begin_share:
            raise InputError(
                "endpointing: last_db and last_share are expected below begin_db and begin_share, "
                f"found {self.last_db:g} > {self.begin_db:g} or "
                f"{self.last_share:g} > {self.begin_share:g}"
            )
        if self.speech_s > self.speech_window_s:
            raise InputError(
                f"endpointing: speech_s is {self.speech_s:g}, expected at most speech_window_s "
                f"{self.speech_window_s:g}"
            )
        if self.after_s > self.hang_over_s:
            raise InputError(
                f"endpointing: after_s is {self.after_s:g}, expected at most hang_over_s "
                f"{self.hang_over_s:g}"
            )


_RANGES: dict[str, tuple[float, float]] = {
    "begin_db": (1.0, 60.0),
    "last_db": (0.0, 60.0),
    "begin_share": (0.0, 1.0),
    "last_share": (0.0, 1.0),
    "range_db": (0.0, 96.0),
    "begin_drop_db": (1.0, 120.0),
    "last_drop_db": (1.0, 120.0),
    "release_db_per_s": (0.0, 1000.0),
    "speech_s": (0.001, 0.5),
    "speech_window_s": (0.001, 0.5),
    "hang_over_s": (0.05, 5.0),
    "maximum_s": (1.0, 30.0),
    "before_s": (0.0, 0.5),
    "after_s": (0.0, 0.5),
    "floor_s": (0.5, 30.0),
    "silence_dbfs": (-120.0, 0.0),
    "first_floor_dbfs": (-120.0, 0.0),
}
# The longest time from the beginning of an utterance to its event, in seconds.
MOST_KEPT_S = sum(
    _RANGES[name][1]
    for name in ("maximum_s", "hang_over_s", "before_s", "after_s", "speech_window_s")
)
# The hops of `speech_window_s` are the bits of one word.
_MAX_WINDOW_HOPS = 31
_FLOOR_BLOCKS = 8


@dataclass(frozen=True)
class _Units:
    """Seconds and decibels in the units of the arithmetic, rounded to the nearest."""

    sample_rate: int
    hop_length: int

    @property
    def half_wavelet(self) -> int:
        """Half the length of the Haar wavelet, in samples."""
        return max(1, round(_HALF_WAVELET_S * self.sample_rate))

    def hops(self, seconds: float, least: int) -> int:
        """Return a time in hops, at least `least`."""
        return max(least, round(seconds * self.sample_rate / self.hop_length))

    def steps(self, decibels: float) -> int:
        """Return a difference of levels in steps."""
        return round(decibels * _STEPS_PER_DB)

    def level(self, dbfs: float) -> int:
        """Return a level from decibels of full scale; 0 is the lowest."""
        # Full scale is noise with independent samples whose RMS is 32768.
        energy = self.hop_length * 2 * self.half_wavelet * _FULL_SCALE**2
        full = _STEPS_PER_OCTAVE * math.log2(energy)
        return max(0, round(full + dbfs * _STEPS_PER_DB))

    def fall(self, db_per_s: float) -> int:
        """Return a rate of fall, per hop, in 1/16 of a step."""
        return round(
            db_per_s * _STEPS_PER_DB * (1 << PEAK_BITS) * self.hop_length / self.sample_rate
        )


@dataclass(frozen=True)
class EndpointConstants:
    """The settings as the integers of the arithmetic.

    Attributes
    ----------
    hop_length : int
        In samples; all times below are in hops.
    half_wavelet : int
        In samples.
    begin, last, range, begin_drop, last_drop, silence, first_floor : int
        Levels and differences of levels, in 1/256 of an octave of energy.
    begin_share, last_share : int
        In 1/256.
    release : int
        Fall of the tracked peak per hop, in 1/16 of a step.
    speech, speech_window, hang_over, maximum, before, after : int
        In hops.
    floor_block : int
        Length of a block, in hops.
    floor_blocks : int
        The noise floor is the minimum over the block in progress and this many before it.
    """

    hop_length: int
    half_wavelet: int
    begin: int
    last: int
    range: int
    begin_drop: int
    last_drop: int
    silence: int
    first_floor: int
    begin_share: int
    last_share: int
    release: int
    speech: int
    speech_window: int
    hang_over: int
    maximum: int
    before: int
    after: int
    floor_block: int
    floor_blocks: int

    @classmethod
    def of(cls, settings: EndpointSettings, sample_rate: int, hop_length: int) -> EndpointConstants:
        """Convert seconds to hops and decibels to levels, each rounded to the nearest.

        Parameters
        ----------
        settings : EndpointSettings
        sample_rate : int
            In hertz.
        hop_length : int
            Of the front end, in samples.

        Raises
        ------
        InputError
            If `speech_window_s` is more than 31 hops.
        """
        units = _Units(sample_rate, hop_length)
        window = units.hops(settings.speech_window_s, 1)
        if window > _MAX_WINDOW_HOPS:
            raise InputError(
                f"endpointing: speech_window_s is {settings.speech_window_s:g}, expected at most "
                f"{_MAX_WINDOW_HOPS} hops of {hop_length} samples"
            )
        hang_over = units.hops(settings.hang_over_s, 1)
        return cls(
            hop_length=hop_length,
            half_wavelet=units.half_wavelet,
            begin=units.steps(settings.begin_db),
            last=units.steps(settings.last_db),
            range=units.steps(settings.range_db),
            begin_drop=units.steps(settings.begin_drop_db),
            last_drop=units.steps(settings.last_drop_db),
            silence=units.level(settings.silence_dbfs),
            first_floor=units.level(settings.first_floor_dbfs),
            begin_share=round(settings.begin_share * (1 << SHARE_BITS)),
            last_share=round(settings.last_share * (1 << SHARE_BITS)),
            release=units.fall(settings.release_db_per_s),
            speech=min(window, units.hops(settings.speech_s, 1)),
            speech_window=window,
            hang_over=hang_over,
            maximum=units.hops(settings.maximum_s, 1),
            before=units.hops(settings.before_s, 0),
            after=min(hang_over, units.hops(settings.after_s, 0)),
            floor_block=units.hops(settings.floor_s / _FLOOR_BLOCKS, 1),
            floor_blocks=_FLOOR_BLOCKS,
        )

    @property
    def hops_kept(self) -> int:
        """The number of hops that a stream must keep to cut an utterance out."""
        return max(self.before + self.speech_window, self.hang_over) + 1


def settings_from_json(data: object) -> EndpointSettings:
    """Build settings from the JSON object of a record; unknown fields are ignored.

    Parameters
    ----------
    data : object
        The JSON value of ``decision.endpointing``.

    Raises
    ------
    InputError
        If it is not an object, or a value is out of its range.
    """
    if not isinstance(data, dict):
        raise InputError(f"endpointing: found {data!r}, expected an object")
    return Fields(data, "endpointing: ").build(EndpointSettings)
