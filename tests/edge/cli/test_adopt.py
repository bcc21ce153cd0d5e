"""Someone else's Light-SERNet, adopted, classifies as its author's pipeline does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.cli import main
from tests.edge.features import tf_signal_oracle
from tests.trainer.network import original_network

# A label order of its author's, not ours.
LABELS = ("fear", "disgust", "happiness", "boredom", "neutral", "sadness", "anger")
LETTERS = "AEFLNTW"
OF_LETTER = dict(
    zip(
        LETTERS,
        ("fear", "disgust", "happiness", "boredom", "neutral", "sadness", "anger"),
        strict=True,
    )
)

Json = dict[str, object]


@pytest.fixture(scope="module")
def theirs(
    some_clips: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, np.ndarray]:
    """A float32 `.tflite` of the original network, and its author's posteriors of the clips."""
    import tensorflow as tf

    samples = [read_recording(clip, 16000).samples for clip in some_clips]
    features = np.stack(
        [tf_signal_oracle.mfcc(tf_signal_oracle.level_and_fit(x), "float32") for x in samples]
    )[..., None]
    truth = np.array([LABELS.index(OF_LETTER[clip.stem[5]]) for clip in some_clips])
    tf.keras.utils.set_random_seed(1)
    network = original_network.build(184, 40, 7)
    network.compile(tf.keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    # Enough for posteriors that differ from clip to clip; batch norm lags behind.
    network.fit(features, truth, epochs=12, batch_size=10, verbose=0)
    for layer in network.layers:
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            layer.momentum = 0.5
    network.compile(tf.keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    network.fit(features, truth, epochs=2, batch_size=50, verbose=0)
    path = tmp_path_factory.mktemp("theirs") / "emodb_cross_entropy_float32.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(network).convert())
    return path, network.predict(features, verbose=0)


@pytest.fixture
def run_json(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[Json]]:
    def run(*arguments: object) -> list[Json]:
        assert main([str(argument) for argument in arguments] + ["--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_adopted_model_classifies_as_the_original(
    theirs: tuple[Path, np.ndarray],
    some_clips: list[Path],
    tmp_path: Path,
    run_json: Callable[..., list[Json]],
    figure: Callable[[str], None],
) -> None:
    model, expected = theirs
    adopted = tmp_path / "adopted.tflite"
    (said,) = run_json(
        "adopt",
        model,
        "--labels",
        ",".join(LABELS),
        "--features",
        "light-sernet",
        "--output",
        adopted,
    )
    assert said["labels"] == list(LABELS)
    rows = run_json("classify", "--model", adopted, *some_clips)
    assert len(rows) == len(some_clips) == 50
    posteriors = np.array([list(row["posteriors"].values()) for row in rows])  # type: ignore[attr-defined]
    assert [row["label"] for row in rows] == [LABELS[i] for i in expected.argmax(axis=1)]
    figure(f"largest difference of posteriors: {np.abs(posteriors - expected).max():.1e}")
    np.testing.assert_allclose(posteriors, expected, rtol=0, atol=0.01)
    # A test that a model of one opinion would pass shows nothing.
    assert len({row["label"] for row in rows}) >= 4
    assert posteriors.max(axis=1).std() > 0.05


def test_adopt_in_place_and_again(
    theirs: tuple[Path, np.ndarray], tmp_path: Path, run_json: Callable[..., list[Json]]
) -> None:
    model = tmp_path / "model.tflite"
    content = theirs[0].read_bytes()
    model.write_bytes(content)
    run_json("adopt", model, "--labels", ",".join(LABELS), "--features", "light-sernet")
    run_json("adopt", model, "--labels", ",".join(reversed(LABELS)), "--features", "light-sernet")
    (facts,) = run_json("info", model)
    assert facts["labels"] == list(reversed(LABELS))
    assert facts["precision"] == "float32"
    assert facts["ram_bytes"] is None
    assert model.read_bytes().endswith(content)
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]


def test_adopt_with_a_sidecar(
    theirs: tuple[Path, np.ndarray], tmp_path: Path, run_json: Callable[..., list[Json]]
) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(theirs[0].read_bytes())
    run_json(
        "adopt", model, "--labels", ",".join(LABELS), "--features", "light-sernet", "--sidecar"
    )
    assert model.read_bytes() == theirs[0].read_bytes()
    (facts,) = run_json("info", model)
    assert facts["labels"] == list(LABELS)


@pytest.mark.parametrize(("frames", "seconds"), [(184, 3.0), (434, 7.0)])
def test_the_length_of_its_clips_is_read_off_the_input(
    frames: int,
    seconds: float,
    tmp_path: Path,
    run_json: Callable[..., list[Json]],
    converted: Callable[..., bytes],
) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(converted("float32", n_labels=4, n_frames=frames))
    run_json("adopt", model, "--labels", "a,b,c,d", "--features", "light-sernet")
    (facts,) = run_json("info", model)
    assert facts["features"]["clip_seconds"] == seconds  # type: ignore[index]
