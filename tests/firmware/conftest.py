"""Fixtures of the firmware's tests: models, and what they are made into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.audio.wav import wav_bytes
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model, write_model
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.engine.listeners import Pcm, spoken
from tests.firmware.planner.networks import SMALLEST, Network, int8_model, record_for


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def model_for(model_folder: Path) -> Callable[[Network | None], ModelFile]:
    """Write a test network with its record; None stands for the model that ships."""

    def model(network: Network | None) -> ModelFile:
        if network is None:
            if not default_model_path().is_file():
                pytest.skip("no model ships yet")
            return read_model(default_model_path())
        path = model_folder / f"{network}.tflite".replace(" ", "-").replace(",", "")
        if not path.exists():
            write_model(path, int8_model(network), record_for(network))
        return read_model(path)

    return model


@pytest.fixture(scope="session")
def shipped(model_for: Callable[[Network | None], ModelFile]) -> ModelFile:
    return model_for(None)


@pytest.fixture(scope="session")
def smallest(model_for: Callable[[Network | None], ModelFile]) -> ModelFile:
    return model_for(SMALLEST)


@pytest.fixture(scope="session")
def smallest_blob(smallest: ModelFile) -> bytes:
    return FirmwareModel(smallest).blob


@pytest.fixture(scope="session")
def smallest_host(smallest_blob: bytes) -> HostModel:
    return HostModel(smallest_blob)


@pytest.fixture(scope="session")
def pcm_clips(emodb: Path) -> list[NDArray[np.int16]]:
    """Twenty clips spread over EMO-DB, as int16."""
    import soundfile

    files = sorted((emodb / "wav").glob("*.wav"))
    chosen = [files[i] for i in np.linspace(0, len(files) - 1, 20).round().astype(int)]
    return [soundfile.read(file, dtype="int16")[0] for file in chosen]


@pytest.fixture(scope="session")
def speech(pcm_clips: list[Pcm]) -> Pcm:
    return spoken(pcm_clips[:5])


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds and less of tones and noise."""
    folder = tmp_path_factory.mktemp("audio")
    random = np.random.default_rng(0)
    for index, samples in enumerate((48_000, 16_001, 1024)):
        pcm = (random.normal(size=samples) * 3000).astype(np.int16)
        (folder / f"{index}.wav").write_bytes(wav_bytes(pcm, 16_000))
    return folder
