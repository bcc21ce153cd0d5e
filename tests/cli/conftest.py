"""A small network with random weights as a model file, and the command in this process."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import ModelRecord
from lightsernet_edge.features import recipe
from lightsernet_edge.model_file import write_model

LABELS = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")
FRAMES, COEFFICIENTS = 184, 40


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, repr=False)
class SealedModel:
    """A model file's content, in which another record can be put.

    Attributes
    ----------
    content : bytes
        The record in front, then the model's own bytes.
    bare : bytes
        The model's own bytes.
    """

    content: bytes
    bare: bytes

    def __repr__(self) -> str:
        return f"{len(self.content)} bytes, {len(self.bare)} of them the model's"

    @property
    def head(self) -> int:
        """Number of bytes in front of the model's own."""
        return len(self.content) - len(self.bare)

    @property
    def record(self) -> dict[str, Any]:
        """The record as JSON values."""
        start, end = self._place()
        record: dict[str, Any] = json.loads(self.content[start:end])
        record["tools"] = {}
        return record

    def with_text(self, text: bytes) -> bytes:
        """Return the file with `text` in place of the record, filled up with spaces."""
        start, end = self._place()
        assert len(text) <= end - start
        return self.content[:start] + text.ljust(end - start) + self.content[end:]

    def with_record(self, **changes: object) -> bytes:
        """Return the file with fields of its record changed."""
        return self.with_text(json.dumps({**self.record, **changes}).encode())

    def _place(self) -> tuple[int, int]:
        start = self.content.index(b'{\n "schema"')
        text = self.content[start : self.head].decode("latin-1")
        return start, start + json.JSONDecoder().raw_decode(text)[1]


@pytest.fixture(scope="session")
def bare_model() -> bytes:
    """A full-integer model without a record."""
    from lightsernet_trainer.conversion import convert
    from lightsernet_trainer.network import light_sernet

    random = np.random.default_rng(0)
    shape = (FRAMES, COEFFICIENTS)
    rows = [random.uniform(-5, 5, shape).astype(np.float32) for _ in range(4)]
    return convert(light_sernet(*shape, len(LABELS), width=0.05), "int8", rows)


@pytest.fixture(scope="session")
def flat_model() -> bytes:
    """A model whose input has two dimensions: no image of frames and coefficients."""
    import keras

    from lightsernet_trainer.conversion import convert

    layers = [keras.layers.Input((COEFFICIENTS,)), keras.layers.Dense(len(LABELS), "softmax")]
    return convert(keras.Sequential(layers), "float32", [])


@pytest.fixture(scope="session")
def sealed(bare_model: bytes, tmp_path_factory: pytest.TempPathFactory) -> SealedModel:
    """The same model with a record, and room in it for another."""
    path = tmp_path_factory.mktemp("sealed") / "model.tflite"
    record = ModelRecord(LABELS, recipe("edge"), tools={"room": "x" * 8000})
    write_model(path, bare_model, record)
    return SealedModel(path.read_bytes(), bare_model)


@pytest.fixture(scope="session")
def voice() -> NDArray[np.int16]:
    """One second at 16 kHz that is no silence: a tone with a vibrato."""
    time = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * (220 * time + 3 * np.sin(2 * np.pi * 5 * time)))
    return np.asarray(8000 * tone, dtype=np.int16)


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: SealedModel, voice: NDArray[np.int16]
) -> Path:
    """The working folder, with ``model.tflite`` and ``good.wav`` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.tflite").write_bytes(sealed.content)
    soundfile.write(tmp_path / "good.wav", voice, 16000)
    return tmp_path


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """The command's `main`, with what it and the libraries below it print."""
    from lightsernet_edge.cli import main

    def run(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        # `main` sets how warnings are shown, as a process of its own may.
        with warnings.catch_warnings():
            try:
                status = main([str(argument) for argument in arguments])
            except SystemExit as end:
                status = int(end.code or 0)
        printed = capfd.readouterr()
        return Outcome(status, printed.out, printed.err)

    return run
