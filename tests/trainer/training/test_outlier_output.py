"""The output for what is no emotion: it learns, and leaves what the network says of emotions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.cli import main
from lightsernet_edge.decision import OTHER, UNCERTAIN
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets.ordinary import PARTS, part_of, read_ordinary
from lightsernet_trainer.training import outlier_output
from lightsernet_trainer.training.feature_store import FeatureStore
from lightsernet_trainer.training.fitting import build_network
from lightsernet_trainer.training.training_set import TrainingSet
from tests.trainer.draws.made_up_clips import RATE, syllables, write_clips

LABELS = ("happiness", "neutral")
SMALL = TrainingConfiguration(
    epochs=1, width=0.1, batch_size=4, seconds=0.5, draws=8, outlier_output=True, variants=()
)


def write_ordinary(folder: Path, count: int) -> None:
    """Write clips unlike the others: noise, in bursts."""
    folder.mkdir()
    random = np.random.default_rng(1)
    for number in range(count):
        time = np.arange(round(0.5 * RATE)) / RATE
        burst = 0.1 * random.normal(size=time.size) * (time // 0.07 % 2 == 0)
        soundfile.write(folder / f"{number}.wav", burst, RATE)


def training_set(folder: Path) -> TrainingSet:
    clips = [
        dataclasses.replace(clip, label=LABELS[i % 2])
        for i, clip in enumerate(write_clips(folder / "clips", 4))
    ]
    write_ordinary(folder / "ordinary", 12)
    ordinary = read_ordinary([folder / "ordinary"], "train")
    return TrainingSet.of(FeatureStore.of(SMALL), clips, LABELS, SMALL, ordinary)


def test_emotions_keep_their_odds_and_the_rest_is_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlier_output, "_NOISES", 30)
    data = training_set(tmp_path)
    network = build_network(SMALL, data.spec, len(LABELS))
    wider = outlier_output.with_outlier_output(network, data, SMALL)
    n_frames = network.input_shape[1]
    inside = np.stack(outlier_output._training_crops(data, SMALL, n_frames))
    outside = np.stack(
        outlier_output._speech_crops(data, SMALL, n_frames)
        + outlier_output._noise_crops(data, SMALL, n_frames)
    )
    before = np.asarray(network(inside, training=False))
    after = np.asarray(wider(inside, training=False))
    labels = after[:, : len(LABELS)]
    np.testing.assert_allclose(labels / labels.sum(axis=1, keepdims=True), before, atol=1e-5)
    other = np.asarray(wider(outside, training=False))[:, -1]
    # The network is not trained, and a part of the noise is in the clips' scenes as well.
    assert np.mean(other > 0.5) > 0.8
    assert np.mean(after[:, -1] < 0.5) > 0.8


def test_newton_finds_the_minimum() -> None:
    random = np.random.default_rng(0)
    features = [random.normal(shift, 1.0, (200, 3)) for shift in (0.0, 1.0, -2.0)]
    kernel, bias = random.normal(size=(3, 2)), random.normal(size=2)
    found = outlier_output._fit(features, kernel, bias)
    least = loss(found, features, kernel, bias)
    for place in range(4):
        for step in (-0.01, 0.01):
            moved = found + step * (np.arange(4) == place)
            assert loss(moved, features, kernel, bias) > least


def loss(weights, features, kernel, bias) -> float:  # type: ignore[no-untyped-def]
    """The loss as its definition has it, one example at a time."""
    x = np.concatenate(features)
    deviation = x.std(axis=0)
    total = outlier_output._PENALTY / 2 * float(((weights[:-1] * deviation) ** 2).sum())
    for kind, (rows, share) in enumerate(zip(features, outlier_output._SHARES, strict=True)):
        for row in rows:
            logits = np.append(row @ kernel + bias, row @ weights[:-1] + weights[-1])
            other = np.exp(logits[-1]) / np.exp(logits).sum()
            target = outlier_output._SMOOTHING if kind == 0 else 1 - outlier_output._SMOOTHING
            entropy = -target * np.log(other) - (1 - target) * np.log(1 - other)
            total += share / len(rows) * float(entropy)
    return total


def test_parts_share_no_recording_and_stay(tmp_path: Path) -> None:
    write_ordinary(tmp_path / "ordinary", 30)
    parts = {part: read_ordinary([tmp_path / "ordinary"], part) for part in PARTS}
    names = [clip.path.name for clips in parts.values() for clip in clips]
    assert len(names) == len(set(names)) == 30
    (tmp_path / "ordinary" / "0.wav").unlink()
    for part, clips in parts.items():
        left = [clip for clip in clips if clip.path.name != "0.wav"]
        assert list(read_ordinary([tmp_path / "ordinary"], part)) == left
    assert part_of(Path("a/b.wav")) == part_of(Path("c/b.flac"))


def test_train_gives_a_model_that_never_says_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(outlier_output, "_NOISES", 10)
    for label in LABELS:
        for clip in write_clips(tmp_path / "data" / label, 4):
            clip.path.rename(clip.path.with_name(f"{clip.speaker}_{clip.path.name}"))
    write_ordinary(tmp_path / "ordinary", 6)
    out = tmp_path / "out"
    flags = "--epochs 1 --width 0.05 --seconds 0.5 --draws 8 --profile-clips 0 --draw-workers 0"
    places = ["--data", tmp_path / "data", "--ordinary", tmp_path / "ordinary", "--out", out]
    status = main(["train", "--dataset", "folders", *map(str, places), *flags.split()])
    assert status == 0, capsys.readouterr().err
    recognizer = EmotionRecognizer(out / "int8.tflite")
    record = recognizer.file.record
    assert recognizer.labels == record.labels == LABELS
    assert record.outputs == (*LABELS, OTHER)
    said = {
        recognizer.classify_samples(samples, RATE).label
        for samples in (np.random.default_rng(0).normal(0, 0.1, RATE), syllables(1.0))
    }
    assert said <= {*LABELS, UNCERTAIN}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--ordinary", "empty"], "ordinary: empty holds no recording"),
        (["--ordinary", "empty", "--draws", "0"], "without draws"),
    ],
)
def test_what_cannot_be_is_refused(
    flags: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    for label in LABELS:
        write_clips(tmp_path / "data" / label, 4)
    command = ["train", "--dataset", "folders", "--data", "data", "--out", "out", "--draws", "8"]
    assert main([*command, "--test-speakers", "none", *flags]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out").exists()
