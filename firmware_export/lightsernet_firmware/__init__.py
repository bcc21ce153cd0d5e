"""From a full-integer `.tflite` to firmware.

>>> from lightsernet_firmware import export, plan
>>> model = plan()  # the model that ships; or plan("model.tflite")
>>> model.ram_bytes("cortex-m4"), len(model.blob)
(33552, 496832)
>>> export(model, "firmware").files  # doctest: +SKIP
(PosixPath('firmware/include/lightsernet.h'), ...)

- `plan` reads a model and plans how the engine runs it: a `FirmwareModel`, with its
  RAM by target, the cost of each layer, and the blob that is flashed.
- `export` writes the folder of C sources that drops into a firmware build.
- `boards_that_fit` says which boards have the memory, and the speed.
- `validate` compares an engine's integers with those of TFLite's kernels.
- `bench` counts the instructions of an utterance on an emulated core, or times it here.

Each is imported when it is first used: the package itself costs nothing to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .board_fit import boards_that_fit
    from .comparison.benchmark import bench
    from .comparison.validation import Validation, validate
    from .firmware_model import FirmwareModel, plan
    from .formats.export import Export, export

__all__ = [
    "Export",
    "FirmwareModel",
    "Validation",
    "bench",
    "boards_that_fit",
    "export",
    "plan",
    "validate",
]

_MODULES = {
    "Export": ".formats.export",
    "FirmwareModel": ".firmware_model",
    "Validation": ".comparison.validation",
    "bench": ".comparison.benchmark",
    "boards_that_fit": ".board_fit",
    "export": ".formats.export",
    "plan": ".firmware_model",
    "validate": ".comparison.validation",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name], __name__), name)
