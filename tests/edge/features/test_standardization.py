"""The running mean of an utterance against its definition, in mean, memory and rounding."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import InputError
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.features import FeatureSpec, FrontEnd, Standardization, recipe
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_edge.profiles.profile import fingerprint

Rows = NDArray[np.float64]
# 16000 / 256 rows per second.
PRIOR, MEMORY = 187.5, 3750


def spec_with(
    seed: int = 5, prior_s: float | None = 3.0, bound: float | None = None
) -> FeatureSpec:
    random = np.random.default_rng(seed)
    return dataclasses.replace(
        recipe("edge"),
        mean=tuple(random.normal(0.0, 5.0, 40).tolist()),
        scale=tuple(np.geomspace(8.0, 0.5, 40).tolist()),
        clip_value=bound,
        utterance_mean_prior_s=prior_s,
    )


def random_rows(count: int, seed: int = 0) -> Rows:
    """Rows that wander, with an offset of their own."""
    random = np.random.default_rng(seed)
    offset = random.normal(0.0, 10.0, 40)
    return offset + np.cumsum(random.normal(0.0, 0.3, (count, 40)), axis=0) * 0.3


def test_each_row_less_the_mean_of_the_rows_so_far_and_the_prior() -> None:
    spec = spec_with()
    mean, scale, rows = np.array(spec.mean), np.array(spec.scale), random_rows(400)
    found = FrontEnd(spec).standardize(rows)
    for t in (0, 1, 2, 50, 399):
        # Half a row of the prior is weighted, so an average of weights says it.
        weighted = np.average(
            np.vstack([mean, rows[: t + 1]]), axis=0, weights=[PRIOR] + [1.0] * (t + 1)
        )
        expected = (rows[t] - weighted) / scale
        np.testing.assert_allclose(found[t], expected, rtol=0, atol=1e-12)


def test_a_full_memory_is_a_filter_of_first_order() -> None:
    """By SciPy's filter: from then on older rows fade."""
    spec = spec_with()
    rows = random_rows(MEMORY + 3000)
    found = FrontEnd(spec).standardize(rows)
    deviations = rows - np.array(spec.mean)
    at_memory = deviations[:MEMORY].sum(axis=0) / (MEMORY + PRIOR)
    share = 1.0 / (MEMORY + PRIOR)
    later, _ = scipy.signal.lfilter(
        [share], [1.0, share - 1.0], deviations[MEMORY:], axis=0, zi=at_memory[None] * (1.0 - share)
    )
    expected = (deviations[MEMORY:] - later) / np.array(spec.scale)
    np.testing.assert_allclose(found[MEMORY:], expected, rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 300),
    cuts=st.lists(st.integers(0, 300), max_size=10),
    prior_s=st.floats(1e-3, 3600.0),
    already=st.sampled_from([0, MEMORY - 100, MEMORY + 100]),
    seed=st.integers(0, 2**31),
)
def test_any_split_of_the_rows(
    count: int, cuts: list[int], prior_s: float, already: int, seed: int
) -> None:
    spec = spec_with(prior_s=prior_s)
    rows = random_rows(already + count, seed)
    whole = Standardization(spec)
    split = Standardization(spec)
    edges = sorted(already + min(cut, count) for cut in cuts)
    parts = np.split(rows, [already, *edges])
    found = np.concatenate([split(part) for part in parts])
    np.testing.assert_allclose(found, whole(rows), rtol=0, atol=1e-9)
    whole.reset()
    np.testing.assert_array_equal(whole(rows), Standardization(spec)(rows))


def test_an_offset_fades(some_clips: list[Path]) -> None:
    """What a line or a room adds to every row is gone but for the share of the prior."""
    spec = spec_with()
    rows = FrontEnd(spec.without_standardisation()).features(
        np.tile(read_recording(some_clips[0], 16000).samples, 10)
    )
    offset = np.random.default_rng(1).normal(0.0, 5.0, 40)
    difference = FrontEnd(spec).standardize(rows + offset) - FrontEnd(spec).standardize(rows)
    shares = PRIOR / (np.arange(1, len(rows) + 1) + PRIOR)
    expected = shares[:, None] * offset / np.array(spec.scale)
    np.testing.assert_allclose(difference, expected, rtol=0, atol=1e-9)


def test_off_changes_nothing() -> None:
    spec, rows = spec_with(prior_s=None, bound=5.0), random_rows(100)
    expected = np.clip((rows - np.array(spec.mean)) / np.array(spec.scale), -5.0, 5.0)
    np.testing.assert_array_equal(FrontEnd(spec).standardize(rows), expected)


@pytest.mark.parametrize("standardised", [True, False])
def test_streams_give_what_the_whole_clip_gives(standardised: bool, some_clips: list[Path]) -> None:
    spec = dataclasses.replace(recipe("edge"), utterance_mean_prior_s=3.0)
    front_end = FrontEnd(spec_with(bound=5.0) if standardised else spec)
    samples = read_recording(some_clips[5], 16000).samples[:24000]
    stream = front_end.stream()
    for _ in range(2):
        for chunk in (1000, 256, 9000):
            parts = np.split(samples, range(chunk, len(samples), chunk))
            found = np.concatenate([stream.push(part) for part in parts])
            np.testing.assert_allclose(found, front_end.features(samples), rtol=0, atol=1e-9)
            stream.reset()


def test_rounding_does_not_pile_up_over_hours() -> None:
    """The recurrence in float32, as the C engine has it, stays beside float64 for four hours."""
    random = np.random.default_rng(3)
    exact, rounded = np.zeros(40), np.zeros(40, np.float32)
    level = random.normal(0.0, 10.0, 40)
    hours = []
    for hour in range(4):
        deviations = level + random.normal(0.0, 5.0, (3600 * 16000 // 256, 40))
        singles = deviations.astype(np.float32)
        farthest = 0.0
        for t in range(len(deviations)):
            rows = min(hour * len(deviations) + t + 1, MEMORY) + PRIOR
            exact += (deviations[t] - exact) / rows
            rounded += np.float32(1.0 / rows) * (singles[t] - rounded)
            if t % 100 == 0:
                farthest = max(farthest, float(np.abs(rounded - exact).max()))
        hours.append(farthest)
    # Of coefficients up to 33. A step of int8 is some 0.04 of a scale, which are about 1.
    assert max(hours) < 4e-4
    assert max(hours[1:]) < 2.0 * hours[0]


def test_json_of_a_spec_without_it_is_as_before() -> None:
    spec = spec_with(prior_s=None)
    assert "utterance_mean_prior_s" not in spec.to_json()
    assert FeatureSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    spec = spec_with(prior_s=3.0)
    assert spec.to_json()["utterance_mean_prior_s"] == 3.0
    assert FeatureSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize("prior", [0.0, -1.0, 9e-4, 3601.0, float("nan"), float("inf"), "3", True])
def test_priors_that_are_refused(prior: object) -> None:
    with pytest.raises(InputError, match=r"utterance_mean_prior_s is .*, expected .*0\.001.*3600"):
        FeatureSpec.from_json({**recipe("edge").to_json(), "utterance_mean_prior_s": prior})


def test_it_needs_a_causal_spec() -> None:
    with pytest.raises(InputError, match="utterance_mean_prior_s needs whole utterances"):
        dataclasses.replace(recipe("light-sernet"), utterance_mean_prior_s=3.0)


def test_profiles_are_of_the_rows_before_it() -> None:
    """So one profile serves models with and without, and old profiles still fit."""
    assert fingerprint(spec_with(prior_s=3.0)) == fingerprint(spec_with(prior_s=None))
    assert spec_with(prior_s=3.0).without_standardisation() == recipe("edge")
    if not default_model_path().is_file():
        pytest.skip("no model ships yet")
    shipped = read_model(default_model_path()).record.features
    if shipped.log_floor == 1e-4:
        # That of the first model, by the first version of this package.
        assert fingerprint(shipped).startswith("46e27d3b6ced4867")
