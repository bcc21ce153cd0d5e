"""Speech emotion recognition on edge boards: the slim runtime.

>>> from lightsernet_edge import EmotionRecognizer
>>> EmotionRecognizer().classify("clip.wav").label  # doctest: +SKIP
'anger'

Map of the package:

- `features`: the front end. A `FeatureSpec` turns into constants; audio goes
  in, rows of coefficients come out, for whole clips or streams.
- `audio`: recordings in, mono float samples at the model's rate out.
- `model_file`, `model_record`: the `.tflite` and the record that travels in it.
- `engines`: what runs the network (LiteRT, tflite-runtime, TensorFlow, or
  anything registered under the entry point group ``lightsernet_edge.engines``).
- `recognizer`: the three of them put together, for whole recordings.
- `endpointing`: where in a stream somebody speaks, in exact integers.
- `decision`: from posteriors to a label, or "uncertain"; knows only these and time.
- `listener`: front end and engine, samples in, posteriors out.
- `stream`: endpointing, listener and decision: samples in, events out.
- `profile`: what the front end knows of its user.
- `cli`: the command ``lightsernet-edge``, one module a verb.

Importing the package needs NumPy and the standard library alone; an
interpreter, soundfile and soxr are imported when they are first used.
"""

from ._version import __version__
from .decision import UNCERTAIN, DecisionRule, Emotion
from .endpointing.detector import Endpointer
from .endpointing.settings import EndpointSettings
from .errors import (
    AudioError,
    DatasetError,
    InputError,
    LightSernetError,
    MissingDependencyError,
    ModelError,
)
from .features import RECIPES, FeatureSpec, FrontEnd
from .live.event import Event
from .live.stream import EmotionStream
from .model.file import ModelFile, default_model_path
from .model.record import DecisionDefaults, ModelRecord
from .profiles.profile import Profile
from .recognizer import EmotionRecognizer

__all__ = [
    "RECIPES",
    "UNCERTAIN",
    "AudioError",
    "DatasetError",
    "DecisionDefaults",
    "DecisionRule",
    "Emotion",
    "EmotionRecognizer",
    "EmotionStream",
    "EndpointSettings",
    "Endpointer",
    "Event",
    "FeatureSpec",
    "FrontEnd",
    "InputError",
    "LightSernetError",
    "MissingDependencyError",
    "ModelError",
    "ModelFile",
    "ModelRecord",
    "Profile",
    "__version__",
    "default_model_path",
]
