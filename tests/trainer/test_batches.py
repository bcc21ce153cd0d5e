"""What the network is trained on: the right clips, whole epochs, the same for a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge import InputError
from lightsernet_edge.features import FrontEnd, recipe
from lightsernet_trainer.batches import Augmentation, CropBatches, Normaliser, fit_length
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.feature_store import FeatureStore, statistics

LABELS = ("a", "b", "c")


class Rows(FeatureStore):
    """A store whose clips are rows of their own number."""

    def __init__(self, lengths: list[int]) -> None:
        super().__init__(recipe("edge"), "memory")
        self.clips = [Clip(Path(str(i)), LABELS[i % 3], "s") for i in range(len(lengths))]
        self._kept = {
            clip: np.full((length, 40), i, dtype=np.float32)
            for i, (clip, length) in enumerate(zip(self.clips, lengths, strict=True))
        }


def batches(store: Rows, **changes: object) -> CropBatches:
    arguments = {
        "n_frames": 5,
        "batch_size": 4,
        "seed": 1,
        "augmentation": Augmentation(),
        "spec": store.spec,
    } | changes
    return CropBatches(store, store.clips, LABELS, **arguments)  # type: ignore[arg-type]


def test_an_epoch_is_every_clip_once_with_its_label() -> None:
    store = Rows([3, 5, 20, 7, 9, 30, 5, 5, 5, 6])
    for epoch in range(3):
        seen = []
        for crops, targets in batches(store).epoch(epoch):
            assert crops.shape[1:] == (5, 40, 1)
            for crop, target in zip(crops, targets, strict=True):
                number = int(crop[0, 0, 0])
                assert (crop == number).all()
                assert LABELS[target.argmax()] == store.clips[number].label
                seen.append(number)
        assert sorted(seen) == list(range(10))


def test_epochs_differ_and_are_reproducible() -> None:
    store = Rows(list(range(5, 45)))
    order = [
        [int(crop[0, 0, 0]) for crops, _ in batches(store).epoch(epoch) for crop in crops]
        for epoch in (0, 1, 0)
    ]
    assert order[0] == order[2] != order[1]


def test_mixed_labels_add_up_and_belong_to_the_crops() -> None:
    store = Rows([5] * 12)
    augmentation = Augmentation(mixup=0.4)
    mixed = False
    for crops, targets in batches(store, augmentation=augmentation, batch_size=12).epoch(0):
        np.testing.assert_allclose(targets.sum(axis=1), 1.0, rtol=1e-6)
        mixed |= bool(((targets > 0.01) & (targets < 0.99)).any())
        assert (crops >= 0).all()
        assert (crops <= 11).all()
    assert mixed


def test_time_masks_leave_the_store_alone() -> None:
    store = Rows([6] * 8)
    list(batches(store, augmentation=Augmentation(3, 4)).epoch(0))
    assert all((store.rows(clip) == i).all() for i, clip in enumerate(store.clips))


@given(length=st.integers(1, 60), n_frames=st.integers(1, 60), seed=st.integers(0, 99))
def test_fit_length(length: int, n_frames: int, seed: int) -> None:
    rows = np.arange(length, dtype=np.float32)[:, None]
    silence = np.full((1, 1), -1.0, dtype=np.float32)
    for fill in (None, silence):
        for random in (None, np.random.default_rng(seed)):
            fitted = fit_length(rows, n_frames, fill, random)[:, 0]
            assert len(fitted) == n_frames
            kept = fitted[fitted >= 0]
            steps = np.diff(kept)
            assert ((steps == 1) | (steps == 1 - length)).all()
            if fill is not None and length <= n_frames:
                assert len(kept) == length
                edges = np.flatnonzero(fitted >= 0)
                assert abs(edges[0] - (n_frames - 1 - edges[-1])) <= 1


def test_normalised_rows_are_those_of_the_runtime(some_clips: list[Path]) -> None:
    """What training sees is what the front end gives with the record's constants."""
    import dataclasses

    clips = [Clip(path, "a", "s") for path in some_clips[:6]]
    for name in ("edge", "psf"):
        store = FeatureStore(recipe(name), "memory")
        mean, scale = statistics(store, clips)
        spec = dataclasses.replace(recipe(name), mean=mean, scale=scale)
        normalise = Normaliser(spec)
        front_end = FrontEnd(spec)
        from lightsernet_edge.audio import read_recording

        for clip in clips:
            samples = read_recording(clip.path, 16000).samples
            np.testing.assert_allclose(
                normalise(store.rows(clip)), front_end.features(samples), rtol=0, atol=1e-4
            )


@pytest.mark.parametrize("cache", ["disk", "memory", "none"])
def test_caches_give_the_same_rows(cache: str, some_clips: list[Path], tmp_path: Path) -> None:
    clip = Clip(some_clips[0], "a", "s", 0.1, 0.9)
    expected = FeatureStore(recipe("edge"), "none").rows(clip)
    for _ in range(2):
        store = FeatureStore(recipe("edge"), cache, tmp_path / "features")
        np.testing.assert_array_equal(store.rows(clip), expected)
    assert len(list(tmp_path.rglob("*.npy"))) == (1 if cache == "disk" else 0)


def test_damaged_cache_is_computed_again(some_clips: list[Path], tmp_path: Path) -> None:
    clip = Clip(some_clips[0], "a", "s")
    expected = FeatureStore(recipe("edge"), "disk", tmp_path).rows(clip)
    file = next(tmp_path.glob("*.npy"))
    file.write_bytes(file.read_bytes()[:200])
    np.testing.assert_array_equal(
        FeatureStore(recipe("edge"), "disk", tmp_path).rows(clip), expected
    )


def test_unknown_cache() -> None:
    with pytest.raises(InputError, match="--cache"):
        FeatureStore(recipe("edge"), "cloud")
