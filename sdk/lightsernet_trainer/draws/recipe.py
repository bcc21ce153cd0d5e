"""`DrawRecipe`: what is drawn of a clip, and how likely."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lightsernet_edge.errors import InputError

from ..conditions.speed import SPEED_RANGE

Range = tuple[float, float]

_SHARES = (
    "speaker_scenes",
    "only_sped",
    "room",
    "equaliser",
    "noise",
    "recorded",
    "babble",
    "band",
)
# The least and the most that each range or number may reach.
_LIMITS: dict[str, Range] = {
    "seed": (0, 2**31 - 1),
    "speed": SPEED_RANGE,
    "rt60_s": (0.05, 3.0),
    "distance_m": (0.05, 10.0),
    "volume_m3": (5.0, 1000.0),
    "reflections": (0, 100),
    "high_rt60": (0.05, 1.0),
    "crossover_hz": (100.0, 100_000.0),
    "equaliser_db": (0.0, 20.0),
    "snr_db": (-30.0, 90.0),
    "talkers": (1, 30),
    "colour": (-2.0, 4.0),
    "swell_db": (0.0, 20.0),
    "swell_s": (0.05, 60.0),
    "high_pass_hz": (1.0, 2000.0),
    "low_pass_hz": (1000.0, 100_000.0),
    "high_pass_order": (0.5, 50.0),
    "low_pass_order": (0.5, 50.0),
    "gain_db": (-90.0, 90.0),
}


@dataclass(frozen=True)
class DrawRecipe:
    """What is drawn of a clip, in the order in which sound meets it.

    A pair of numbers is a range that is drawn from, uniformly where nothing else is said.
    Shares are probabilities in 0..1. The defaults are those of the `edge` recipe.

    Attributes
    ----------
    seed : int
        Of the draws; that of the training is another.
    speaker_scenes : float
        Share of the draw numbers that all clips of a speaker share a scene in, as one user is
        heard by one device: what profiles are made of. In the others each clip has its own.
    only_sped : float
        Share of the draws that only the speed is changed of; of the others each of the
        following happens, or does not, by its own share.
    speed : (float, float)
        Factors, log-uniform; above 1 is faster.
    room : float
        Share in a room.
    rt60_s : (float, float)
        Reverberation times of low frequencies, in seconds, log-uniform.
    distance_m : (float, float)
        From mouth to microphone, in metres, log-uniform.
    volume_m3 : (float, float)
        Of the room, in cubic metres, log-uniform.
    reflections : (int, int)
        Early reflections, both numbers included.
    high_rt60 : (float, float)
        Reverberation times of high frequencies, as shares of that of the low ones.
    crossover_hz : (float, float)
        Where those begin, in hertz, log-uniform.
    equaliser : float
        Share through an uneven response.
    equaliser_db : float
        Standard deviation of its knots, in dB.
    noise : float
        Share with noise.
    snr_db : (float, float)
        Ratios of speech without its pauses to noise, in dB.
    recorded : float
        Share of the noises that are recordings, where there are some.
    babble : float
        Share of the noises by formula that are talkers; the others have a colour.
    held_out_noises : tuple of str
        Recordings that are not drawn, by name: noise never trained with is for tests.
    talkers : (int, int)
        Of a babble, both numbers included.
    colour : (float, float)
        Exponents of power over frequency: 0 is white, 1 pink, 2 brown noise.
    swell_db : (float, float)
        Standard deviations of the slow changes of level of noise by formula, in dB.
    swell_s : float
        Time from one level to the next, in seconds.
    band : float
        Share through a band.
    high_pass_hz, low_pass_hz : (float, float)
        Its edges, where 3 dB are lost, in hertz, log-uniform.
    high_pass_order, low_pass_order : (float, float)
        Of Butterworth filters, 6 dB an octave each; need not be whole; log-uniform.
    gain_db : (float, float)
        Level, in dB; nothing is rounded or clipped.

    Raises
    ------
    InputError
        If a share or a number is out of its range, or a range is upside down.
    """

    seed: int = 0
    speaker_scenes: float = 0.5
    only_sped: float = 0.3
    speed: Range = (0.78, 1.28)
    room: float = 0.5
    rt60_s: Range = (0.12, 0.9)
    distance_m: Range = (0.2, 2.5)
    volume_m3: Range = (15.0, 250.0)
    reflections: tuple[int, int] = (6, 6)
    high_rt60: Range = (0.4, 0.9)
    crossover_hz: Range = (1000.0, 4000.0)
    equaliser: float = 0.4
    equaliser_db: float = 4.0
    noise: float = 0.6
    snr_db: Range = (3.0, 30.0)
    recorded: float = 0.5
    babble: float = 0.2
    held_out_noises: tuple[str, ...] = ("exercise_bike", "running_tap")
    talkers: tuple[int, int] = (3, 8)
    colour: Range = (0.0, 2.0)
    swell_db: Range = (0.0, 6.0)
    swell_s: float = 0.5
    band: float = 0.35
    high_pass_hz: Range = (50.0, 420.0)
    low_pass_hz: Range = (2500.0, 7800.0)
    high_pass_order: Range = (1.0, 24.0)
    low_pass_order: Range = (2.0, 24.0)
    gain_db: Range = (-24.0, 6.0)

    def __post_init__(self) -> None:
        for field in (*_SHARES, *_LIMITS):
            least, most = _LIMITS.get(field, (0.0, 1.0))
            value = getattr(self, field)
            low, high = value if isinstance(value, tuple) else (value, value)
            if not least <= low <= high <= most:
                expected = "LOW..HIGH in " if isinstance(value, tuple) else ""
                raise InputError(
                    f"draw_recipe: {field}: found {_text(value)}, expected "
                    f"{expected}{least:g}..{most:g}"
                )

    def is_of_speaker(self, number: int) -> bool:
        """Tell whether a draw, by its number from 0, is in a scene that a speaker's clips share.

        These are spread evenly over the numbers.
        """
        return int((number + 1) * self.speaker_scenes) > int(number * self.speaker_scenes)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        fields = dataclasses.asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items()
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> DrawRecipe:
        """Read what `to_json` gives; a field that is missing has its default.

        Raises
        ------
        InputError
            If a field is unknown, of another type or out of its range.
        """
        if not isinstance(fields, Mapping):
            raise InputError(f"draw_recipe: found {fields!r}, expected fields by name")
        values: dict[str, Any] = {}
        defaults = cls()
        for name, value in fields.items():
            default = _default_of(defaults, name)
            found = tuple(value) if isinstance(value, list) else value
            if not _is_like(found, default, name):
                raise InputError(
                    f"draw_recipe: {name}: found {value!r}, expected {default!r} or so"
                )
            values[name] = found
        return cls(**values)

    def changed(self, changes: Iterable[str]) -> DrawRecipe:
        """Return the recipe with other values.

        Parameters
        ----------
        changes : iterable of str
            Each ``FIELD=VALUE``; a range is ``LOW..HIGH``, several names are joined by ``+``.

        Raises
        ------
        InputError
            If there is no such field, or its value is out of range.
        """
        values: dict[str, Any] = {}
        for change in changes:
            name, equals, text = change.partition("=")
            if not equals:
                raise InputError(f"draw_recipe: found {change!r}, expected FIELD=VALUE")
            values[name] = _parsed(text, _default_of(self, name), name)
        return dataclasses.replace(self, **values)

    def changes(self) -> list[str]:
        """Return what tells the recipe from the default, as `changed` takes it."""
        defaults = DrawRecipe()
        return [
            f"{field.name}={_text(getattr(self, field.name))}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != getattr(defaults, field.name)
        ]


def _default_of(recipe: DrawRecipe, name: str) -> Any:
    names = [field.name for field in dataclasses.fields(recipe)]
    if name not in names:
        raise InputError(f"draw_recipe: found field {name!r}, expected one of {', '.join(names)}")
    return getattr(recipe, name)


def _is_like(value: object, default: object, name: str) -> bool:
    if name == "held_out_noises":
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if isinstance(default, tuple):
        return (
            isinstance(value, tuple)
            and len(value) == len(default)
            and all(_is_like(item, like, name) for item, like in zip(value, default, strict=True))
        )
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is type(default)


def _parsed(text: str, default: Any, name: str) -> Any:
    if name == "held_out_noises":
        return tuple(filter(None, text.split("+")))
    kind = type(default[0] if isinstance(default, tuple) else default)
    try:
        if not isinstance(default, tuple):
            return kind(text)
        low, dots, high = text.partition("..")
        return kind(low), kind(high if dots else low)
    except ValueError:
        raise InputError(
            f"draw_recipe: {name}: found {text!r}, expected something like {_text(default)}"
        ) from None


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ("+" if all(isinstance(item, str) for item in value) else "..").join(map(str, value))
    return str(value)
