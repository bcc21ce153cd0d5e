"""The commands of README and guide, and which of them cannot run in a scratch folder."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.markdown import blocks
from tests.places import CHECKOUT, DOCS

PAGES = (CHECKOUT / "README.md", *sorted((DOCS / "guide").glob("*.md")))

_INSTALLS = "needs the package index; tests/environments builds the wheel and installs it"
_ITSELF = "runs these tests"
_NEEDS_SODIUM = "needs libsodium-dev; tests/firmware/update/test_example_program.py builds it"
_ON_A_PI = "is for a Raspberry Pi; tests/raspberry_pi installs the wheels for an emulated one"
_ON_THE_GUIDE = "runs from docs/guide/train-your-own.md"
# Each command that is not run where the others are, and why.
NOT_RUN_HERE = {
    "make demo": _INSTALLS,
    "make test": _ITSELF,
    "python -m pytest tests/firmware/web": _ITSELF,
    "python -m pytest --targets tests/firmware/web/test_screen_reader.py": _ITSELF,
    "python3 -m http.server --directory page": (
        "runs until it is stopped; tests/firmware/web has a server of its own"
    ),
    "python -m pytest tests/microphone": _ITSELF,
    "pip install .": _INSTALLS,
    'pip install ".[train]"': _INSTALLS,
    "make wheels": "cross-compiles; tests/environments/test_platform_wheels.py makes one",
    "sudo apt-get install python3-venv libportaudio2 libsndfile1": _ON_A_PI,
    "python3 -m venv ~/emotion": _ON_A_PI,
    ". ~/emotion/bin/activate": _ON_A_PI,
    "pip install lightsernet_edge-*.whl": _ON_A_PI,
    'pip install "$(ls lightsernet_edge-*_armv7l.whl)[tflite]"': _ON_A_PI,
    'pip install ".[serve]"': _INSTALLS,
    "pip install paho-mqtt": "needs the package index; the extra dev has it",
    "make -C examples/ota EXPORT=$PWD/exported": _NEEDS_SODIUM,
    "examples/ota/firmware flash.bin update.lsu": _NEEDS_SODIUM,
    "examples/ota/firmware flash.bin": _NEEDS_SODIUM,
    "lightsernet-edge fetch emodb --to data/emodb": (
        "downloads EMO-DB; tests/trainer/datasets/test_fetch_verb.py has a server of its own"
    ),
    "arecord -q -t raw -f S16_LE -r 16000 -c 1 | lightsernet-edge listen --input - --json": (
        "needs a sound card; tests/edge/cli/test_listen.py pipes samples in"
    ),
    "lightsernet-edge listen --json | python examples/mqtt_publish.py --host localhost": (
        "needs a broker at its usual port; tests/examples/test_mqtt_publisher.py starts one"
    ),
}
# They hear a microphone: tests/microphone/test_documented_commands.py runs them.
ON_A_MICROPHONE = (
    "lightsernet-edge devices",
    "lightsernet-edge listen",
    "lightsernet-edge listen --json",
    "lightsernet-edge enrol --output me.json",
    "lightsernet-edge listen --profile me.json",
)
# They run until they are told to stop.
ENDLESS = ("lightsernet-edge serve --uri tcp://127.0.0.1:10800",)

_COMMENT = re.compile(r"(^|\s)#.*$")


def commands(page: Path) -> list[str]:
    """Return the commands of a page's ``sh`` blocks in order, without comments.

    A backslash joins lines, as in the shell.
    """
    found = []
    for block in blocks(page):
        if block.language == "sh":
            lines = block.text.replace("\\\n", " ").splitlines()
            bare = (" ".join(_COMMENT.sub("", line).split()) for line in lines)
            found += [line for line in bare if line]
    return found


def set_aside() -> set[str]:
    """Return the commands that do not run with the others of their page."""
    return {*NOT_RUN_HERE, *ON_A_MICROPHONE, *ENDLESS}
