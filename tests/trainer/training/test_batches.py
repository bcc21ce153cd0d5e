"""What the network is trained on: the right clips, whole epochs, the same for a seed."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge import InputError
from lightsernet_edge.features import FrontEnd, recipe
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.profiles.profile import RunningProfile
from lightsernet_trainer.conditions.condition import CLEAN
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.training.batches import (
    PRIOR_S,
    Augmentation,
    CropBatches,
    Normaliser,
    fit_length,
)
from lightsernet_trainer.training.feature_store import FeatureStore, statistics

LABELS = ("a", "b", "c")


class Rows(FeatureStore):
    """A store whose clips are rows of their own number."""

    def __init__(self, lengths: list[int]) -> None:
        super().__init__(recipe("edge"), "memory")
        self.clips = [Clip(Path(str(i)), LABELS[i % 3], "s") for i in range(len(lengths))]
        self._kept = {
            (clip, CLEAN): np.full((length, 40), i, dtype=np.float32)
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


def test_mixed_labels_are_mixed_as_the_crops_are() -> None:
    store = Rows([5] * 12)
    random_crops = batches(store, augmentation=Augmentation(mixup=0.4), batch_size=12)
    mixed = 0
    for epoch in range(4):
        for crops, targets in random_crops.epoch(epoch):
            np.testing.assert_allclose(targets.sum(axis=1), 1.0, rtol=1e-6)
            for crop, target in zip(crops, targets, strict=True):
                value = float(crop[0, 0, 0])
                assert (crop == crop[0, 0, 0]).all()
                # Some pair of clips and some share of the first give crop and label alike.
                assert any(
                    np.allclose(target, share * one_hot(i) + (1 - share) * one_hot(j), atol=1e-4)
                    for i in range(12)
                    for j in range(12)
                    for share in [(value - j) / (i - j) if i != j else 1.0]
                    if 0.5 - 1e-6 <= share <= 1.0 + 1e-6 and (i != j or abs(value - i) < 1e-6)
                )
                mixed += int(target.max() < 0.99)
    assert mixed


def one_hot(number: int) -> np.ndarray:
    return np.eye(3)[number % 3]


def test_time_masks_hide_rows_and_leave_the_store_alone() -> None:
    store = Rows([6] * 8)
    masked = [
        crop
        for crops, _ in batches(store, augmentation=Augmentation(3, 4)).epoch(0)
        for crop in crops
        if crop.max() > 0
    ]
    assert any((crop[:, 0, 0] == 0).any() for crop in masked)
    assert all((store.rows(clip) == i).all() for i, clip in enumerate(store.clips))


def test_crops_begin_anywhere() -> None:
    rows = np.arange(50, dtype=np.float32)[:, None]
    random = np.random.default_rng(0)
    begun = {int(fit_length(rows, 40, None, random)[0, 0]) for _ in range(200)}
    assert begun == set(range(11))
    assert int(fit_length(rows, 40, None)[0, 0]) == 5


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
        mean, scale = statistics(map(store.rows, clips))
        spec = dataclasses.replace(recipe(name), mean=mean, scale=scale)
        normalise = Normaliser(spec)
        front_end = FrontEnd(spec)
        from lightsernet_edge.audio.recording import read_recording

        for clip in clips:
            samples = read_recording(clip.path, 16000).samples
            np.testing.assert_allclose(
                normalise(store.rows(clip)), front_end.features(samples), rtol=0, atol=1e-4
            )


@pytest.mark.parametrize("padding", ["repeat", "zeros"])
def test_a_crop_is_what_a_device_gives_that_heard_it_alone(
    padding: str, some_clips: list[Path]
) -> None:
    """A running mean begins with the crop, not with the clip; silence is no part of it."""
    clips = [Clip(path, "a", "s") for path in some_clips[:6]]
    base = dataclasses.replace(recipe("edge"), utterance_mean_prior_s=3.0, padding=padding)
    store = FeatureStore(base, "memory")
    mean, scale = statistics(map(store.rows, clips))
    # Stored rows, and so the statistics, are those before the running mean.
    before_the_mean = FeatureStore(recipe("edge"), "memory")
    assert (mean, scale) == statistics(map(before_the_mean.rows, clips))
    spec = dataclasses.replace(base, mean=mean, scale=scale, clip_value=5.0)
    normaliser, front_end = Normaliser(spec), FrontEnd(spec)
    lengths = {len(store.rows(clip)) for clip in clips}
    for clip in clips:
        rows = store.rows(clip)
        for n_frames in (60, max(lengths) + 20):
            crop = normaliser.crop(rows, n_frames, np.random.default_rng(7))
            expected = rows
            if len(rows) >= n_frames or padding == "repeat":
                expected = fit_length(rows, n_frames, None, np.random.default_rng(7))
            expected = front_end.standardize(expected.astype(np.float64))
            before = (n_frames - len(expected)) // 2
            heard = crop[before : before + len(expected)]
            np.testing.assert_allclose(heard, expected, rtol=0, atol=1e-5)
            assert crop.shape == (n_frames, 40)
            assert crop.dtype == np.float32


@pytest.mark.parametrize("cache", ["disk", "memory", "none"])
def test_caches_give_the_same_rows(cache: str, some_clips: list[Path], tmp_path: Path) -> None:
    clip = Clip(some_clips[0], "a", "s", 0.1, 0.9)
    expected = FeatureStore(recipe("edge"), "none").rows(clip)
    for _ in range(2):
        store = FeatureStore(recipe("edge"), cache, tmp_path / "features")
        np.testing.assert_array_equal(store.rows(clip), expected)
    assert len(list(tmp_path.rglob("*.rows"))) == (1 if cache == "disk" else 0)


def test_cache_knows_the_part_and_the_front_end(some_clips: list[Path], tmp_path: Path) -> None:
    whole, part = Clip(some_clips[0], "a", "s"), Clip(some_clips[0], "a", "s", 0.2, 0.8)
    for clip in (whole, part):
        for name in ("edge", "psf"):
            expected = FeatureStore(recipe(name), "none").rows(clip)
            for _ in range(2):
                store = FeatureStore(recipe(name), "disk", tmp_path)
                np.testing.assert_array_equal(store.rows(clip), expected)
    assert len(list(tmp_path.glob("*.rows"))) == 4


def with_two_bits_flipped(content: bytes) -> bytes:
    return content[:4000] + bytes([content[4000] ^ 0x40]) + content[4001:-1] + bytes([1])


@pytest.mark.parametrize(
    "damaged",
    [lambda content: content[:200], lambda _: b"", with_two_bits_flipped, lambda c: c[:-160]],
    ids=["short", "empty", "bits", "a row less"],
)
def test_damaged_cache_is_computed_again(
    damaged: Callable[[bytes], bytes], some_clips: list[Path], tmp_path: Path
) -> None:
    clip = Clip(some_clips[0], "a", "s")
    expected = FeatureStore(recipe("edge"), "disk", tmp_path).rows(clip)
    file = next(tmp_path.glob("*.rows"))
    file.write_bytes(damaged(file.read_bytes()))
    np.testing.assert_array_equal(
        FeatureStore(recipe("edge"), "disk", tmp_path).rows(clip), expected
    )


def test_unknown_cache() -> None:
    with pytest.raises(InputError, match=r"^cache: found"):
        FeatureStore(recipe("edge"), "cloud")


def test_crops_come_from_every_variant() -> None:
    store = Rows([9] * 4)
    for i, clip in enumerate(store.clips):
        for shift, variant in ((100, "speed:0.9"), (200, "telephone")):
            store._kept[clip, variant] = np.full((9, 40), i + shift, dtype=np.float32)
    varied = batches(store, augmentation=Augmentation(variants=("speed:0.9", "telephone")))
    values = [
        int(crop[0, 0, 0])
        for epoch in range(60)
        for crops, _ in varied.epoch(epoch)
        for crop in crops
    ]
    counts = np.bincount(np.array(values) // 100)
    # 240 crops, a third of each kind: within four deviations of a binomial.
    assert counts.sum() == 240
    assert (abs(counts - 80) < 4 * (240 * 2 / 9) ** 0.5).all()
    assert {value % 100 for value in values} == {0, 1, 2, 3}


def test_profiles_are_of_the_speaker_and_the_variant_alone() -> None:
    """Crops become what the runtime makes of them after having heard some of the speaker."""
    random = np.random.default_rng(0)
    spec = dataclasses.replace(recipe("edge"), mean=(0.0,) * 40, scale=(1.0,) * 40, clip_value=5.0)
    store = Rows([])
    clips = [Clip(Path(f"{s}{i}"), LABELS[i % 3], s) for s in "xy" for i in range(3)]
    for clip in clips:
        centre = 1.0 if clip.speaker == "x" else -1.0
        store._kept[clip, CLEAN] = random.normal(centre, 0.7, (50, 40)).astype(np.float32)
    profiled = CropBatches(
        store, clips, LABELS, spec, 50, 1, 0, Augmentation(profile_clips=2)
    )  # fmt: skip
    possible = []
    for clip in clips:
        theirs = [other for other in clips if other.speaker == clip.speaker]
        for count in range(3):
            for heard in itertools.combinations(theirs, count):
                profile = RunningProfile(spec, prior_mean_s=PRIOR_S, prior_scale_s=PRIOR_S)
                for other in heard:
                    profile.add(store._kept[other, CLEAN].astype(np.float64))
                front_end = FrontEnd(profile.profile().applied_to(spec))
                rows = front_end.standardize(store._kept[clip, CLEAN].astype(np.float64))
                possible.append(np.sort(rows, axis=0))
    found = set()
    for epoch in range(20):
        for crops, _ in profiled.epoch(epoch):
            crop = np.sort(crops[0, :, :, 0], axis=0)
            near = [i for i, rows in enumerate(possible) if np.allclose(rows, crop, atol=1e-4)]
            assert len(near) == 1
            found.add(near[0])
    # Seven profiles a clip: of none, one or two of three. Most are drawn in 120 crops.
    assert len(found) > 30


def test_neutral_profiles_are_of_the_neutral_clips_alone() -> None:
    random = np.random.default_rng(0)
    spec = dataclasses.replace(recipe("edge"), mean=(0.0,) * 40, scale=(1.0,) * 40, clip_value=5.0)
    store = Rows([])
    clips = [Clip(Path(f"{i}"), label, "x") for i, label in enumerate(("anger", NEUTRAL))]
    for clip in clips:
        store._kept[clip, CLEAN] = random.normal(1.0, 0.7, (50, 40)).astype(np.float32)
    profile = RunningProfile(spec, prior_mean_s=PRIOR_S, prior_scale_s=PRIOR_S)
    profile.add(store._kept[clips[1], CLEAN].astype(np.float64))
    enrolled = profile.profile().applied_to(spec)
    possible = [
        np.sort(FrontEnd(s).standardize(store._kept[clip, CLEAN].astype(np.float64)), axis=0)
        for s in (spec, enrolled)
        for clip in clips
    ]
    augmentation = Augmentation(profile_clips=2, neutral_profiles=1.0)
    drawn = CropBatches(store, clips, ("anger", NEUTRAL), spec, 50, 1, 0, augmentation)
    found = []
    for epoch in range(20):
        for crops, _ in drawn.epoch(epoch):
            crop = np.sort(crops[0, :, :, 0], axis=0)
            found += [i for i, rows in enumerate(possible) if np.allclose(rows, crop, atol=1e-4)]
    assert len(found) == 40
    assert set(found) == {0, 1, 2, 3}
