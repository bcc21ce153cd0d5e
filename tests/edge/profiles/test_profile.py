"""Profiles: their arithmetic, their file, the front ends that they fit."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import FrontEnd, InputError, Profile
from lightsernet_edge.features import recipe
from lightsernet_edge.profiles.profile import (
    MEMORY_S,
    PRIOR_MEAN_S,
    PRIOR_SCALE_S,
    RunningProfile,
    fingerprint,
)
from tests.edge.spoken_clips import SPEC
from tests.places import CLIP_FILES

ROWS_PER_S = SPEC.sample_rate / SPEC.hop_length
MEAN, SCALE = np.array(SPEC.mean), np.array(SPEC.scale)


def rows_of(mean: float, deviation: float, count: int, seed: int = 0) -> NDArray[np.float64]:
    """Rows that lie so far from the training set's, in units of its scale."""
    units = np.random.default_rng(seed).normal(mean, deviation, (count, MEAN.size))
    return MEAN + SCALE * units


def test_without_rows_it_is_the_training_set() -> None:
    profile = RunningProfile(SPEC).profile()
    assert profile.mean == SPEC.mean
    assert profile.scale == SPEC.scale
    assert profile.seconds == 0.0


@given(st.floats(-1, 1), st.floats(0.6, 1.4), st.integers(2, 3000), st.integers(0, 99))
def test_it_is_the_weighted_mean_of_the_formula(
    mean: float, deviation: float, count: int, seed: int
) -> None:
    rows = rows_of(mean, deviation, count, seed)
    running = RunningProfile(SPEC)
    # In whatever portions they come.
    for part in np.array_split(rows, 1 + seed % 7):
        running.add(part)
    mean_weight = count / (count + PRIOR_MEAN_S * ROWS_PER_S)
    scale_weight = count / (count + PRIOR_SCALE_S * ROWS_PER_S)
    expected = MEAN + mean_weight * (rows.mean(axis=0) - MEAN)
    variance = SCALE**2 + scale_weight * (rows.var(axis=0) - SCALE**2)
    profile = running.profile()
    np.testing.assert_allclose(profile.mean, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(profile.scale, np.sqrt(variance), rtol=1e-6)
    assert profile.seconds == pytest.approx(count / ROWS_PER_S)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(0, 200)), max_size=20)
)
def test_it_is_bounded_whatever_comes(parts: list[tuple[float, float, int]]) -> None:
    running = RunningProfile(SPEC)
    for seed, (mean, deviation, count) in enumerate(parts):
        running.add(rows_of(mean, deviation, count, seed))
    profile = running.profile()
    assert (np.abs(np.array(profile.mean) - MEAN) <= 2.0 * SCALE * (1 + 1e-9)).all()
    ratio = np.array(profile.scale) / SCALE
    assert (ratio >= 0.5 - 1e-9).all()
    assert (ratio <= 2.0 + 1e-9).all()


def test_it_forgets() -> None:
    running = RunningProfile(SPEC)
    minute = round(MEMORY_S * ROWS_PER_S)
    for seed in range(5):
        running.add(rows_of(-1.0, 1.0, minute, seed))
    for seed in range(8):
        running.add(rows_of(+1.0, 1.0, minute, seed))
    shift = (np.array(running.profile().mean) - MEAN) / SCALE
    weight = MEMORY_S / (MEMORY_S + PRIOR_MEAN_S)
    assert np.abs(shift - weight).max() < 0.1


def test_going_on_from_a_profile_is_going_on_from_its_rows() -> None:
    first, second = rows_of(0.4, 0.9, 700, 1), rows_of(-0.2, 1.1, 500, 2)
    straight = RunningProfile(SPEC)
    straight.add(first)
    resumed = RunningProfile(SPEC, straight.profile())
    straight.add(second)
    resumed.add(second)
    for name in ("mean", "scale", "seconds"):
        np.testing.assert_allclose(
            getattr(resumed.profile(), name), getattr(straight.profile(), name), rtol=1e-6
        )


@pytest.mark.parametrize(
    "rows", [np.zeros(40), np.zeros((3, 39)), np.full((3, 40), np.nan), np.full((3, 40), np.inf)]
)
def test_wrong_rows(rows: NDArray[np.float64]) -> None:
    with pytest.raises(InputError, match="rows"):
        RunningProfile(SPEC).add(rows)


def test_front_ends_without_standardisation_have_no_profile() -> None:
    with pytest.raises(InputError, match="does not standardise"):
        RunningProfile(recipe("psf"))


def example() -> Profile:
    running = RunningProfile(SPEC)
    running.add(rows_of(0.3, 1.2, 600))
    return running.profile()


def test_a_file_holds_it_exactly(tmp_path: Path) -> None:
    example().save(tmp_path / "me.json")
    assert Profile.load(tmp_path / "me.json") == example()
    assert (tmp_path / "me.json").stat().st_size < 5000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "lightsernet-edge profile 2"}, "schema"),
        ({"schema": None}, "schema"),
        ({"mean": [0.0] * 39}, "39 means and 40 scales"),
        ({"mean": [0.0] * 39 + ["1"]}, "mean"),
        ({"mean": [0.0] * 39 + [math.inf]}, "mean"),
        ({"mean": [0.0] * 39 + [10**400]}, "mean"),
        ({"mean": []}, "mean"),
        ({"mean": "long"}, "expected a list of numbers"),
        ({"scale": [1.0] * 39 + [0.0]}, "above 0"),
        ({"scale": [1.0] * 39 + [True]}, "scale"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": None}, "seconds"),
        ({"front_end": 3}, "front_end"),
    ],
)
def test_damaged_files(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    example().save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=rf"me\.json.*{message}"):
        Profile.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * 2**21])
def test_files_that_are_no_profile(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"me\.json"):
        Profile.load(path)
    for name, words in (("no.json", "no such file"), ("", "is a directory")):
        with pytest.raises(InputError, match=f"{words}, expected a profile"):
            Profile.load(tmp_path / name)


def test_a_profile_of_another_front_end_is_refused() -> None:
    other = replace(SPEC, n_mels=60)
    assert fingerprint(other) != fingerprint(SPEC)
    with pytest.raises(InputError, match="another front end"):
        example().check_fits(other)
    # Trained again on other data: the same rows, standardised otherwise.
    example().check_fits(replace(SPEC, mean=tuple(MEAN + 1), name="mine", clip_value=4.0))


def test_a_profile_replaces_mean_and_scale_before_quantisation() -> None:
    samples = soundfile.read(CLIP_FILES[0])[0]
    profile = example()
    # The running mean of the utterance has tests of its own.
    spec = replace(SPEC, utterance_mean_prior_s=None)
    plain = FrontEnd(replace(spec, mean=None, scale=None, clip_value=None)).features(samples)
    expected = np.clip((plain - profile.mean) / np.array(profile.scale), -5, 5)
    found = FrontEnd(profile.applied_to(spec)).features(samples)
    np.testing.assert_allclose(found, expected, atol=1e-12)
