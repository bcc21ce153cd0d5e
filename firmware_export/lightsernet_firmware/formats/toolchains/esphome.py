"""``esphome``: an external component for ESPHome, around the component for ESP-IDF."""

from __future__ import annotations

from lightsernet_edge.errors import ModelError

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from . import esp_idf

_COMPONENT = "components/lightsernet"
# ESP-IDF names a component as its folder. ESPHome copies the files beside ``__init__.py`` alone,
# and includes all their headers in its C++: those of the engine lie below.
_ENGINE = f"{_COMPONENT}/lightsernet_engine"


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    if model.listener_ram_bytes() is None:
        raise ModelError(
            f"{model.file.path}: the model has no listener, which format {name!r} needs for a "
            "microphone; format esp-idf takes it"
        )
    rate = {"SAMPLE_RATE": str(model.file.record.features.sample_rate)}
    values = page_values(model, esp_idf.CORES) | rate
    engine = {
        f"{_ENGINE}/{path}": content
        for path, content in esp_idf.without_examples(esp_idf.component(model)).items()
        if path != "README.md"
    }
    return {**engine, "model.lsn": model.blob, **filled(name, values)}
