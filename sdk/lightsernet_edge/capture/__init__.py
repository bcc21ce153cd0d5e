"""Where live audio comes from: blocks of int16 samples at the model's rate.

- `source`: what a source of audio offers, and what it counts.
- `microphone`: an input of the sound system, by way of PortAudio.
- `recording`: a file, or raw PCM from a pipe, at real time or as fast as possible.
- `opening`: which of these it is that a command line names.
- `conversion`: any rate and number of channels to the model's, block by block.
"""

from .source import AudioBlock, AudioSource, Faults

__all__ = ["AudioBlock", "AudioSource", "Faults"]
