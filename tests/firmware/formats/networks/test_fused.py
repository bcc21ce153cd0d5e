"""``export --format fused``: the waveform in, the runtime's posteriors out."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.classifier import open_classifier
from lightsernet_edge.cli import main
from lightsernet_edge.features.recipes import recipe
from lightsernet_edge.features.spec import FeatureSpec
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model, write_model
from lightsernet_edge.model.record import ModelRecord
from lightsernet_firmware.formats.networks.fused import fused
from tests.firmware.formats.emulators import export
from tests.places import CLIP_FILES, GOLDEN

# Of an int8 softmax.
STEP = 1 / 256


def interpreter_of(model: bytes) -> Any:
    litert = importlib.import_module("ai_edge_litert.interpreter")
    return litert.Interpreter(
        model_content=model,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def run(interpreter: Any, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], samples.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], samples)
    interpreter.invoke()
    posteriors: NDArray[np.float32] = interpreter.get_tensor(wanted["index"])
    return posteriors[0]


def differences(file: ModelFile, pieces: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the largest difference to the runtime's posteriors, for each piece."""
    interpreter, classifier = interpreter_of(fused(file)), open_classifier(file)
    return np.array(
        [
            np.abs(
                run(interpreter, piece)
                - classifier.posteriors(classifier.front_end.features(piece))
            ).max()
            for piece in pieces
        ]
    )


@pytest.fixture(scope="module")
def pieces() -> list[NDArray[np.float32]]:
    """Clips, whole and in part, down to a frame."""
    clips = [read_recording(clip, 16000).samples.astype(np.float32) for clip in CLIP_FILES]
    return [*clips, *(clips[0][:length] for length in (1024, 1279, 1280, 16_001))]


def test_int8_mostly_equal(pieces: list[NDArray[np.float32]]) -> None:
    found = differences(read_model(default_model_path()), pieces)
    assert found.max() <= 3 * STEP + 1e-6
    assert np.count_nonzero(found > 1e-6) <= len(pieces) // 4


def test_float32_within_a_thousandth(pieces: list[NDArray[np.float32]]) -> None:
    assert differences(read_model(GOLDEN / "float32.tflite"), pieces).max() < 1e-3


@pytest.mark.parametrize("prior_s", [None, 3.0], ids=["level", "level and mean"])
def test_a_minute_of_speech(prior_s: float | None, pieces: list[NDArray[np.float32]]) -> None:
    """Running peak and running mean, over as many rows as the page promises."""
    file = read_model(GOLDEN / "float32.tflite")
    features = dataclasses.replace(file.record.features, utterance_mean_prior_s=prior_s)
    file = dataclasses.replace(file, record=dataclasses.replace(file.record, features=features))
    minute = np.tile(np.concatenate(pieces), 5)[: 60 * 16_000]
    assert minute.size == 60 * 16_000
    assert differences(file, [minute]).max() < 1e-3


SPECS = {
    "psf": recipe("psf"),
    "log-mel": recipe("edge", "mel-spectrogram"),
    "spectrogram, of a fixed length": dataclasses.replace(
        recipe("light-sernet", "spectrogram", 1.0), level="none"
    ),
    "frames with a gap to the FFT": dataclasses.replace(
        recipe("edge"), frame_length=400, hop_length=160, fft_length=512, clip_value=3.0
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_other_front_ends(name: str, tmp_path: Path, pieces: list[NDArray[np.float32]]) -> None:
    spec = SPECS[name]
    n_frames = spec.n_frames(16_000)
    file = model_of(spec, n_frames, tmp_path)
    given = [piece for piece in pieces if piece.size >= 16_000]
    if spec.clip_seconds is not None:
        given = [piece[:16_000] for piece in given]
    assert differences(file, given).max() < 1e-3


def model_of(spec: FeatureSpec, n_frames: int, folder: Path) -> ModelFile:
    """Convert a small network that takes the rows of a front end."""
    tf = importlib.import_module("tensorflow")
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((n_frames, spec.n_coefficients, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(7, activation="softmax"),
        ]
    )
    path = folder / "model.tflite"
    content = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    write_model(path, content, ModelRecord(tuple("abcdefg"), spec))
    return read_model(path)


def test_the_folder_tests_itself(tmp_path: Path) -> None:
    folder = export("fused", tmp_path / "out")
    model = (folder / "model.tflite").read_bytes()
    interpreter = interpreter_of(model)
    (given,) = interpreter.get_input_details()
    waveform = np.load(folder / "self_test_input.npy")
    assert given["shape"].tolist() == [48_000] == list(waveform.shape)
    assert given["shape_signature"].tolist() == [-1]
    golden = np.load(folder / "self_test_output.npy")
    assert np.abs(run(interpreter, waveform) - golden).max() <= STEP + 1e-6
    signature = interpreter.get_signature_runner("serving_default")
    assert np.allclose(signature(waveform=waveform)["posteriors"][0], golden, atol=STEP)
    labels = (folder / "labels.txt").read_text().splitlines()
    assert labels == list(read_model(default_model_path()).record.outputs)
    assert "none custom" in (folder / "README.md").read_text()
    # Kernels read constants as vectors.
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    parsed = schema.Model.GetRootAsModel(model, 0)
    for index in range(parsed.BuffersLength()):
        buffer = parsed.Buffers(index)
        if buffer.DataLength():
            start = buffer._tab.Vector(buffer._tab.Offset(4))
            assert start % 16 == 0


def test_a_level_of_the_whole_clip_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped, path = read_model(default_model_path()), tmp_path / "whole.tflite"
    features = recipe("light-sernet")
    write_model(path, shipped.model, dataclasses.replace(shipped.record, features=features))
    out = tmp_path / "out"
    assert main(["export", str(path), "--format", "fused", "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{path}: the front end has no built-in operators" in line
    assert not out.exists()
