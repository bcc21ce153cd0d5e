"""Recipes go into settings and results and come back; what makes no sense is refused."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge import InputError
from lightsernet_trainer.draws.recipe import _LIMITS, _SHARES, DrawRecipe
from tests.places import DOCS

NAMES = st.lists(st.text("abcdefghij_-", min_size=1), unique=True).map(tuple)


def values(field: dataclasses.Field[Any]) -> st.SearchStrategy[Any]:
    """Draw what a field may be."""
    if field.name == "held_out_noises":
        return NAMES
    low, high = _LIMITS.get(field.name, (0.0, 1.0))
    like = field.default[0] if isinstance(field.default, tuple) else field.default
    number: st.SearchStrategy[Any] = (
        st.integers(int(low), int(high)) if isinstance(like, int) else st.floats(low, high)
    )
    if isinstance(field.default, tuple):
        return st.tuples(number, number).map(lambda pair: tuple(sorted(pair)))
    return number


FIELDS = {field.name: values(field) for field in dataclasses.fields(DrawRecipe)}
RECIPES = st.fixed_dictionaries({}, optional=FIELDS).map(lambda fields: DrawRecipe(**fields))


def test_every_number_has_its_limits() -> None:
    assert set(FIELDS) == {*_SHARES, *_LIMITS, "held_out_noises"}


@settings(max_examples=40)
@given(RECIPES)
def test_json_gives_the_recipe_again(recipe: DrawRecipe) -> None:
    text = json.dumps(recipe.to_json(), allow_nan=False)
    assert DrawRecipe.from_json(json.loads(text)) == recipe


@settings(max_examples=40)
@given(RECIPES)
def test_changes_give_the_recipe_again(recipe: DrawRecipe) -> None:
    assert DrawRecipe().changed(recipe.changes()) == recipe


def test_nothing_is_changed_in_the_default() -> None:
    assert DrawRecipe().changes() == []
    assert DrawRecipe.from_json({}) == DrawRecipe()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("room", "room"), ("room=", "room"), ("room=x", "room"), ("room=1.5", "room"),
        ("room=nan", "room"), ("rooms=0.5", "rooms"), ("snr_db=30..3", "snr_db"),
        ("snr_db=3..", "snr_db"), ("speed=0.1..1", "speed"), ("reflections=1.5..3", "reflections"),
        ("seed=-1", "seed"), ("held_out_noises", "held_out_noises"), ("gain_db=-inf..0", "gain_db"),
    ],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_named(change: str, named: str) -> None:
    with pytest.raises(InputError, match=rf"^draw_recipe: .*\b{named}\b.*, expected"):
        DrawRecipe().changed([change])


@pytest.mark.parametrize(
    "fields",
    [
        {"room": "0.5"}, {"room": True}, {"room": None}, {"snr_db": 3}, {"snr_db": [3]},
        {"snr_db": [3, 4, 5]}, {"snr_db": ["3", "4"]}, {"held_out_noises": [1]}, {"seed": 0.5},
        {"held_out_noises": "tap"}, {"rooms": 0.5}, {"reflections": [1.0, 2.0]},
    ],
)  # fmt: skip
def test_json_of_another_type_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"^draw_recipe: .*{next(iter(fields))}"):
        DrawRecipe.from_json(fields)


@given(st.floats(0.0, 1.0), st.integers(0, 1000))
def test_shared_scenes_are_spread_evenly(share: float, count: int) -> None:
    recipe = DrawRecipe(speaker_scenes=share)
    shared = sum(recipe.is_of_speaker(number) for number in range(count))
    assert shared == int(count * share)


def test_the_page_has_every_field_with_its_default() -> None:
    text = (DOCS / "reference" / "draws.md").read_text(encoding="utf-8")
    told = {}
    for names, values, _ in re.findall(r"^\| (`.+?) \| (.+?) \| (.+) \|$", text, re.MULTILINE):
        fields = re.findall(r"`(\w+)`", names)
        told |= dict(zip(fields, values.split(", "), strict=True))
    assert told == {name: as_written(value) for name, value in vars(DrawRecipe()).items()}


def as_written(value: object) -> str:
    """Write a field's value as it is given on the command line."""
    if not isinstance(value, tuple):
        return str(value)
    return ("+" if isinstance(value[0], str) else "..").join(map(str, value))
