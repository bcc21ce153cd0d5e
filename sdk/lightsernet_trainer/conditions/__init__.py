"""What audio goes through before the front end: level, noise, rooms, channels, voices.

Scores under a condition and training augmentation use the same functions. Each takes a
clip, float64 in units of full scale or int16, and gives one of the same type; int16 is
rounded and saturates. Nothing is random but what is drawn from the generator passed in.
"""

from .codecs import encode_mp3, mp3, mu_law
from .condition import Condition, clip_random, parse_condition
from .filters import telephone
from .formants import shift_formants
from .level import active_power, gain
from .noise import add_noise, read_noises
from .room import reverberate, room_response
from .speed import change_speed

__all__ = [
    "Condition",
    "active_power",
    "add_noise",
    "change_speed",
    "clip_random",
    "encode_mp3",
    "gain",
    "mp3",
    "mu_law",
    "parse_condition",
    "read_noises",
    "reverberate",
    "room_response",
    "shift_formants",
    "telephone",
]
