"""`FeatureSpec` survives JSON and refuses what makes no sense."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge import InputError
from lightsernet_edge.features import INPUT_TYPES, RECIPES, FeatureSpec, recipe


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("input_type", INPUT_TYPES)
def test_json_round_trip(name: str, input_type: str) -> None:
    if (name, input_type) == ("edge", "spectrogram"):
        with pytest.raises(InputError, match="mel bands"):
            recipe(name, input_type)
        return
    spec = recipe(name, input_type)
    spec = dataclasses.replace(
        spec, mean=(0.1,) * spec.n_coefficients, scale=(2.0,) * spec.n_coefficients
    )
    assert FeatureSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"level": "loud"}, "level"),
        ({"n_mels": 40.0}, "n_mels"),
        ({"n_mels": True}, "n_mels"),
        ({"n_coefficients": 129}, "n_coefficients"),
        ({"hop_length": 0}, "hop_length"),
        ({"hop_length": 2048}, "hop_length"),
        ({"fft_length": 512}, "fft_length"),
        ({"high_hz": 9000.0}, "expected above low_hz"),
        ({"low_hz": float("nan")}, "low_hz"),
        ({"log_floor": 0.0}, "log_floor"),
        ({"clip_seconds": 0.01}, "clip_seconds"),
        ({"clip_seconds": "3"}, "clip_seconds"),
        ({"clip_value": -1.0}, "clip_value"),
        ({"mean": [0.0] * 40}, "mean and scale"),
        ({"mean": [0.0] * 39, "scale": [1.0] * 40}, "mean"),
        ({"mean": [0.0] * 40, "scale": [0.0] * 40}, "scale"),
        ({"mean": 3}, "mean"),
        ({"name": None}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        FeatureSpec.from_json({**recipe("light-sernet").to_json(), **changes})


@given(
    st.dictionaries(
        st.sampled_from([field.name for field in dataclasses.fields(FeatureSpec)]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.floats())
        ),
    )
)
def test_no_json_gives_another_error(changes: dict[str, Any]) -> None:
    with contextlib.suppress(InputError):
        FeatureSpec.from_json({**recipe("edge").to_json(), **changes})
