"""Fields of JSON: what is taken is of its type and range, and what is refused is named."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge.errors import InputError, ModelError
from lightsernet_edge.files.json_fields import Fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON, st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_a_number_is_in_its_range_or_refused(value: Any, low: float, high: float) -> None:
    is_one = type(value) in (int, float) and math.isfinite(value) and low <= value <= high
    try:
        assert Fields({"x": value}).number("x", low, high) == value
    except InputError as error:
        assert not is_one
        assert str(error).startswith("x is ")
    else:
        assert is_one


@given(JSON, st.integers(-9, 9), st.integers(-9, 9))
def test_a_whole_number_is_in_its_range_or_refused(value: Any, low: int, high: int) -> None:
    is_one = type(value) is int and low <= value <= high
    try:
        assert Fields({"x": value}).whole("x", low, high) == value
    except InputError:
        assert not is_one
    else:
        assert is_one


@given(JSON)
def test_every_type_takes_its_own_values_only(value: Any) -> None:
    fields = Fields({"x": value})
    numbers = type(value) is list and all(type(v) in (int, float) for v in value)
    for take, is_one in (
        (fields.text, type(value) is str),
        (fields.items, type(value) is list),
        (fields.nested, type(value) is dict),
        (fields.texts, type(value) is list and all(type(v) is str for v in value)),
        (fields.numbers, numbers and all(map(math.isfinite, value))),
        (fields.objects, type(value) is list and all(type(v) is dict for v in value)),
    ):
        try:
            take("x")
        except InputError:
            assert not is_one
        else:
            assert is_one


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (lambda f: f.text("a"), "clip: a is 3, expected a string"),
        (lambda f: f.text("none"), "clip: none is missing, expected a string"),
        (lambda f: f.number("s"), "clip: s is 'x', expected a finite number"),
        (lambda f: f.number("a", 4.0), "clip: a is 3, expected 4 or more"),
        (lambda f: f.number("a", above=3.0), "clip: a is 3, expected a number above 3"),
        (lambda f: f.share("a"), "clip: a is 3, expected 0..1"),
        (lambda f: f.whole("a", 4), "clip: a is 3, expected a whole number from 4"),
        (lambda f: f.choice("s", ("p", "q")), "clip: s is 'x', expected one of p, q"),
        (lambda f: f.nested("o").text("b"), "clip: o.b is None, expected a string"),
        (lambda f: f.objects("l")[0].share("c"), "clip: l[0].c is 2, expected 0..1"),
        (lambda f: f.objects("m"), "clip: m[0] is 1, expected an object"),
        (lambda f: f.items("long"), f"clip: long is '{'y' * 76}..., expected a list"),
    ],
)
def test_what_is_refused_is_named(take: Any, message: str) -> None:
    values = {"a": 3, "s": "x", "o": {"b": None}, "l": [{"c": 2}], "m": [1], "long": "y" * 99}
    with pytest.raises(ModelError) as caught:
        take(Fields(values, "clip: ", ModelError))
    assert str(caught.value) == message


def test_a_dataclass_is_built_of_the_fields_that_it_knows() -> None:
    @dataclass(frozen=True)
    class Score:
        ua: float
        clips: int = 0

    assert Fields({"ua": 0.5, "later": 1}).build(Score) == Score(0.5)
    with pytest.raises(InputError, match=r"^scores\.ua is missing$"):
        Fields({"clips": 1}, "scores.").build(Score)
