"""Sources of live audio: blocks of int16 samples at the model's rate.

- `source`: the interface of all sources, and the faults that they count.
- `microphone`: an input of the sound system, through PortAudio.
- `recording`: a file, or raw PCM from a pipe, at real time or as fast as possible.
- `opening`: opens whichever of these the caller names.
- `conversion`: from any rate and number of channels to mono at the model's rate.
- `time_limit`: calls of the sound system that may never return.
"""

from .source import AudioBlock, AudioSource, Faults

__all__ = ["AudioBlock", "AudioSource", "Faults"]
