"""A small network with random weights as a model file, and the command in this process.

Starting Python and its libraries takes longer than most cases; few start the real command.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import ModelRecord
from lightsernet_edge.features import recipe
from lightsernet_edge.model.file import write_model
from tests.edge.cli.refusals import Command, Outcome, Refuse, one_line, tree
from tests.edge.cli.sealed_model import SealedModel

LABELS = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")
FRAMES, COEFFICIENTS = 184, 40


@pytest.fixture(scope="session")
def bare_model() -> bytes:
    """A full-integer model without a record."""
    from lightsernet_trainer.network.conversion import convert
    from lightsernet_trainer.network.light_sernet import light_sernet

    random = np.random.default_rng(0)
    shape = (FRAMES, COEFFICIENTS)
    rows = [random.uniform(-5, 5, shape).astype(np.float32) for _ in range(4)]
    return convert(light_sernet(*shape, len(LABELS), width=0.05), "int8", rows)


@pytest.fixture(scope="session")
def flat_model() -> bytes:
    """A model whose input has two dimensions: no image of frames and coefficients."""
    import keras

    from lightsernet_trainer.network.conversion import convert

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


@pytest.fixture
def refuse(desk: Path, command: Command) -> Refuse:
    """Run the command, which must refuse in the way of all refusals."""

    def run(*arguments: str | Path, says: Sequence[str]) -> str:
        before = tree(desk)
        outcome = command(*arguments)
        message = one_line(outcome.stderr, says)
        assert outcome.status == 2
        assert outcome.stdout == ""
        assert tree(desk) == before
        return message

    return run
