"""The formats of `export`, in one table.

A new format is a row of `FORMATS`, a module with a function `contents`, and, where files read
better than strings, a folder of templates (`templates`) with its page. The module lies in
``toolchains/`` where the firmware engine runs the network, else in ``networks/``.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lightsernet_edge.errors import InputError

if TYPE_CHECKING:
    from ..firmware_model import FirmwareModel


@dataclass(frozen=True)
class Format:
    """A format of `export`.

    Attributes
    ----------
    name : str
        What ``--format`` takes.
    writes : str
        What the folder is, in a line.
    toolchain : str
        Module that makes it, in the folder that `engine` tells. Formats that differ in little
        share one: it is told which of them.
    engine : bool
        Whether the firmware engine runs the network; only then do its RAM and flash say anything.
    """

    name: str
    writes: str
    toolchain: str
    engine: bool = True

    def contents(self, model: FirmwareModel) -> dict[str, bytes]:
        """Return the files of the folder, by their names inside it, ``README.md`` among them.

        Raises
        ------
        ModelError
            If the format cannot hold the model.
        MissingDependencyError
            If a tool is missing that the format needs.
        """
        folder = "toolchains" if self.engine else "networks"
        module = importlib.import_module(f".{folder}.{self.toolchain}", __package__)
        return cast("dict[str, bytes]", module.contents(model, self.name))


FORMATS = (
    Format("c", "C99 sources for any build", "c"),
    Format("cmake", "a CMake project: a subdirectory, or an installed package", "cmake"),
    Format("meson", "a Meson project: a subproject, or installed and found", "meson"),
    Format("arduino", "an Arduino library, with sketches", "arduino"),
    Format("platformio", "a library for PlatformIO", "platformio"),
    Format("esp-idf", "a component for ESP-IDF, with an example for an I2S microphone", "esp_idf"),
    Format("esphome", "an external component for ESPHome: voice satellites", "esphome"),
    Format("zephyr", "a Zephyr module, with a sample", "zephyr"),
    Format("pico", "a library for the Pico SDK, with an example that makes a UF2 file", "pico"),
    Format("cmsis-pack", "a CMSIS-Pack, unzipped", "cmsis_pack"),
    Format("tflm", "for TFLite Micro: network, operators, front end in C", "tflm", engine=False),
    Format("web", "a page that listens in a browser, for any static server", "web"),
    Format("tflite-int8", "the .tflite, record, labels, golden rows", "tflite", engine=False),
    Format("tflite-float16", "the same, of a float16 model", "tflite", engine=False),
    Format("tflite-float32", "the same, of a float32 model", "tflite", engine=False),
    Format("fused", "a .tflite that takes the waveform: front end inside", "fused", engine=False),
    Format(
        "edgetpu", "the .tflite for Google's Edge TPU, if it can run there", "edgetpu", engine=False
    ),
    Format(
        "ethos-u55-128", "the .tflite compiled by Vela for an Ethos-U55", "ethos_u", engine=False
    ),
    Format("ethos-u55-256", "the same, with 256 MACs a cycle", "ethos_u", engine=False),
    Format("ethos-u65-256", "the same, for an Ethos-U65", "ethos_u", engine=False),
    Format("ethos-u85-256", "the same, for an Ethos-U85", "ethos_u", engine=False),
)


def format_named(name: str) -> Format:
    """Return a format.

    Raises
    ------
    InputError
        If there is no such format.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise InputError(f"format: found {name!r}, expected one of {names}")
