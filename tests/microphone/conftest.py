"""A sound server for the tests, and a microphone that hears what is played into it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.microphone.listening import Listening
from tests.microphone.sound_server import SoundServer

_TOOLS = {
    "pulseaudio": "pulseaudio",
    "paplay": "pulseaudio-utils",
    "pactl": "pulseaudio-utils",
}
_PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"


def missing_packages() -> list[str]:
    """Name the Debian packages that are not installed and that a sound server needs."""
    missing = {package for tool, package in _TOOLS.items() if shutil.which(tool) is None}
    if not any(Path("/usr/lib").glob(f"*/{_PLUGIN}")):
        missing.add("libasound2-plugins")
    try:
        import sounddevice  # noqa: F401
    except OSError:
        missing.add("libportaudio2")
    return sorted(missing)


@pytest.fixture
def sound_server() -> Iterator[SoundServer]:
    """A PulseAudio of this test's own: some tests end it."""
    missing = missing_packages()
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    server = SoundServer()
    yield server
    server.close()


@pytest.fixture
def listen(sound_server: SoundServer) -> Iterator[Callable[..., Listening]]:
    """Start ``listen`` on the sound server; it is ended with the test."""
    started: list[Listening] = []

    def start(*arguments: object, **environment: str) -> Listening:
        started.append(Listening(sound_server, *arguments, **environment))
        return started[-1]

    yield start
    for listening in started:
        listening.close()


@pytest.fixture(scope="session")
def limited_device(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of the library that makes a sound card take one rate only."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("not installed: gcc")
    library = tmp_path_factory.mktemp("limited") / "limited_device.so"
    source = Path(__file__).with_name("limited_device.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return str(library)
