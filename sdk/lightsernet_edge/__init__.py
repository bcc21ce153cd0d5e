"""Speech emotion recognition on edge boards: the runtime.

>>> from lightsernet_edge import EmotionRecognizer
>>> EmotionRecognizer().classify("clip.wav").label  # doctest: +SKIP
'anger'

Map of the package:

- `audio`: recordings are read, checked and brought to mono at the model's rate.
- `features`: the front end. A `FeatureSpec` defines it, a `FrontEnd` computes rows of
  coefficients from samples, for whole recordings or streams.
- `model`: the `.tflite`, and the record of labels, front end and decision inside it.
- `models`: the model that ships.
- `engines`: what runs the network: LiteRT, tflite-runtime, TensorFlow, or any engine of
  the entry point group ``lightsernet_edge.engines``.
- `decision`: from posteriors to a label, or "uncertain".
- `classifier`: a model opened with an engine; the one way from raw output to a decision.
- `endpointing`: finds utterances in a stream, in exact integers.
- `judged_parts`: what of a recording is judged: its speech, or all of it.
- `recognizer`: the classifier and its front end, for whole recordings.
- `live`: endpointing, classifier and decision, for streams: samples in, events out.
- `capture`: live audio from a microphone, a file or a pipe.
- `profiles`: what is known of a user, and how enrolment learns it.
- `service`: streams over the network.
- `files`: files that are written whole, read with care, and checked field by field.
- `cli`: the command ``lightsernet-edge``, one module per verb.

Importing the package needs NumPy and the standard library only. An interpreter,
soundfile, soxr and sounddevice are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .audio.recording import Recording, read_recording
from .decision import UNCERTAIN, DecisionRule, Emotion
from .endpointing.detector import Endpointer, HopLevels, find_utterances
from .endpointing.settings import EndpointConstants, EndpointSettings
from .errors import (
    AudioError,
    AudioWarning,
    CaptureError,
    DatasetError,
    DownloadError,
    InputError,
    LightSernetError,
    MissingDependencyError,
    ModelError,
)
from .features import RECIPES, FeatureSpec, FeatureStream, FrontEnd, recipe
from .live.event import Event
from .live.stream import EmotionStream
from .model.file import ModelFile, default_model_path, read_model, write_model
from .model.record import DecisionDefaults, ModelRecord, Score, TrainingData
from .model.shipped import shipped_models
from .profiles.profile import Profile, RunningProfile
from .recognizer import EmotionRecognizer, RecordingEmotion

if TYPE_CHECKING:
    from .capture import AudioBlock, AudioSource, Faults
    from .capture.microphone import InputDevice, Microphone, input_devices
    from .capture.opening import open_source
    from .capture.recording import FileSource, PipeSource
    from .profiles.enrolment import Enrolment, EnrolmentResult, EnrolmentWarning

__all__ = [
    "RECIPES",
    "UNCERTAIN",
    "AudioBlock",
    "AudioError",
    "AudioSource",
    "AudioWarning",
    "CaptureError",
    "DatasetError",
    "DecisionDefaults",
    "DecisionRule",
    "DownloadError",
    "Emotion",
    "EmotionRecognizer",
    "EmotionStream",
    "EndpointConstants",
    "EndpointSettings",
    "Endpointer",
    "Enrolment",
    "EnrolmentResult",
    "EnrolmentWarning",
    "Event",
    "Faults",
    "FeatureSpec",
    "FeatureStream",
    "FileSource",
    "FrontEnd",
    "HopLevels",
    "InputDevice",
    "InputError",
    "LightSernetError",
    "Microphone",
    "MissingDependencyError",
    "ModelError",
    "ModelFile",
    "ModelRecord",
    "PipeSource",
    "Profile",
    "Recording",
    "RecordingEmotion",
    "RunningProfile",
    "Score",
    "TrainingData",
    "__version__",
    "default_model_path",
    "find_utterances",
    "input_devices",
    "open_source",
    "read_model",
    "read_recording",
    "recipe",
    "shipped_models",
    "write_model",
]

# Imported on first use: whoever classifies files needs none of it.
_ON_FIRST_USE = {
    "AudioBlock": "capture",
    "AudioSource": "capture",
    "Enrolment": "profiles.enrolment",
    "EnrolmentResult": "profiles.enrolment",
    "EnrolmentWarning": "profiles.enrolment",
    "Faults": "capture",
    "FileSource": "capture.recording",
    "InputDevice": "capture.microphone",
    "Microphone": "capture.microphone",
    "PipeSource": "capture.recording",
    "input_devices": "capture.microphone",
    "open_source": "capture.opening",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ON_FIRST_USE[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
