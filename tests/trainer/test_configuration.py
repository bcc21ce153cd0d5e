"""Settings that make no sense are refused before anything else happens."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lightsernet_edge import InputError
from lightsernet_edge.cli import build_parser
from lightsernet_trainer.cli import training_settings
from lightsernet_trainer.configuration import (
    BATCH_STATISTICS,
    DEFAULTS,
    LEVELS,
    LOSSES,
    MIXED_PRECISIONS,
    SCHEDULES,
    TrainingConfiguration,
)
from lightsernet_trainer.datasets import LAYOUTS
from lightsernet_trainer.draws.recipe import DrawRecipe

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from(LEVELS),
        "loss": st.sampled_from(LOSSES),
        "schedule": st.sampled_from(SCHEDULES),
        "mixed_precision": st.sampled_from(MIXED_PRECISIONS),
        "front_end": st.just(("log_floor=1e-05", "n_mels=128")),
        "standardise": st.booleans(),
        "seconds": st.floats(0.3, 30.0),
        "label_smoothing": st.floats(0.0, 0.99),
        "learning_rate": st.floats(1e-9, 10.0),
        "weight_average": st.floats(0.0, 1.0),
        "batch_statistics": st.sampled_from(BATCH_STATISTICS),
        "epochs": st.integers(1, 10_000),
        "variants": st.just(("speed:0.9", "telephone")),
        "draws": st.integers(0, 10_000),
        "draw_recipe": st.sampled_from(
            (DrawRecipe(), DrawRecipe(room=0.25, snr_db=(0.0, 5.5), held_out_noises=("a", "b")))
        ),
        "profile_clips": st.integers(0, 1000),
        "neutral_profiles": st.floats(0.0, 1.0),
    },
)


@given(features=st.sampled_from(("edge", "light-sernet", "psf")), changes=SETTINGS)
def test_flags_give_the_settings_again(features: str, changes: dict[str, Any]) -> None:
    fields = {"features": features, **DEFAULTS.get(features, {}), **changes}
    assume(fields.get("standardise", True) or not fields.get("profile_clips", 0))
    if fields.get("draws"):
        fields["variants"] = ()
    else:
        fields.pop("draw_recipe", None)
    configuration = TrainingConfiguration(**fields)
    parser = argparse.ArgumentParser()
    training_settings.add_settings(parser)
    flags = configuration.flags()
    assert training_settings.configuration(parser.parse_args(flags)) == configuration
    assert len(flags) <= 2 * (len(changes) + 1)


def test_no_flags_for_the_defaults() -> None:
    assert TrainingConfiguration(**DEFAULTS["edge"]).flags() == []
    without = dataclasses.replace(TrainingConfiguration(**DEFAULTS["edge"]), variants=())
    assert without.flags() == ["--variants", "clean"]


def help_of(verb: str) -> dict[str, str | None]:
    """Return the help of a verb's flags, by the names of their values."""
    (verbs,) = (action for action in build_parser()._actions if isinstance(action.choices, dict))
    return {action.dest: action.help for action in verbs.choices[verb]._actions}


def default_in(text: str, recipe: str) -> str:
    """Read the default that a flag's help ends with: one for all recipes, or for each."""
    (end,) = re.findall(r"\(((?:default|edge): [^()]+)\)$", text)
    values = dict(part.split(" ", 1) for part in end.replace(":", "").split(", "))
    return str(values.get("default") or values.get(recipe) or values["else"])


def as_said(value: object) -> str:
    """Say a setting as help does."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "eight speeds" if value == DEFAULTS["edge"]["variants"] else "none"
    if isinstance(value, DrawRecipe):
        return "as docs/reference/draws.md says"
    if value == "recipe":
        return "the recipe's"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


@pytest.mark.parametrize("recipe", ["edge", "light-sernet", "psf"])
@pytest.mark.parametrize("verb", ["train", "crossval"])
def test_help_says_the_defaults_of_the_recipes(verb: str, recipe: str) -> None:
    helps = help_of(verb)
    configuration = TrainingConfiguration(features=recipe, **DEFAULTS.get(recipe, {}))
    for field in dataclasses.fields(configuration):
        if field.name == "outlier_output":
            continue  # follows from --ordinary
        text = helps[field.name]
        # Those of crossval are --seeds.
        if field.name != "features" and text != argparse.SUPPRESS:
            found = default_in(str(text), recipe)
            assert found == as_said(getattr(configuration, field.name)), field.name
    assert default_in(str(helps["features"]), "edge") == TrainingConfiguration().features
    speeds = [name for name in DEFAULTS["edge"]["variants"] if name.startswith("speed:")]
    assert len(speeds) == len(DEFAULTS["edge"]["variants"]) == 8


@pytest.mark.parametrize("verb", ["train", "crossval"])
def test_help_says_which_layouts_take_labels(verb: str) -> None:
    text = str(help_of(verb)["labels"])
    for name, layout in LAYOUTS.items():
        assert (name in text) == layout.takes_labels


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "hinge"},
        {"gamma": -1.0},
        {"gamma": float("nan")},
        {"label_smoothing": 1.0},
        {"schedule": "linear"},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"epochs": 0},
        {"batch_size": 0},
        {"width": 0.0},
        {"seconds": float("inf")},
        {"level": "loud"},
        {"padding": "mirror"},
        {"mixup": -0.1},
        {"seed": -1},
        {"profile_clips": -1},
        {"profile_clips": 3, "standardise": False},
        {"neutral_profiles": 1.5},
        {"mixed_precision": "int8"},
    ],
)
def test_refused_by_the_name_of_the_parameter(changes: dict[str, Any]) -> None:
    name, value = next(iter(changes.items()))
    with pytest.raises(InputError, match=f"^{name}: found {value!r}"):
        TrainingConfiguration(**changes)


@pytest.mark.parametrize("name", ["features", "input_type"])
def test_recipes_that_there_are_not(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: .*'x'"):
        TrainingConfiguration(**{name: "x"}).feature_spec()


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_of_the_recipes_are_allowed(name: str) -> None:
    configuration = TrainingConfiguration(features=name, **DEFAULTS[name])
    assert configuration.feature_spec().name == name


def test_front_end_is_changed_field_by_field() -> None:
    plain = TrainingConfiguration().feature_spec()
    changes = ("log_floor=1e-5", "n_mels=128", "first_coefficient=1", "dct=unscaled-first")
    changed = TrainingConfiguration(front_end=changes).feature_spec()
    assert changed == dataclasses.replace(
        plain, log_floor=1e-5, n_mels=128, first_coefficient=1, dct="unscaled-first"
    )
    assert TrainingConfiguration(front_end=changes).to_json()["front_end"] == list(changes)


@pytest.mark.parametrize(
    "change", ["", "log_floor", "log_floor=", "floor=1", "name=x", "mean=1", "n_mels=many", "dct=3"]
)
def test_front_end_changes_that_make_no_sense(change: str) -> None:
    with pytest.raises(InputError):
        TrainingConfiguration(front_end=(change,)).feature_spec()


@pytest.mark.parametrize("name", DEFAULTS)
def test_from_json_and_back(name: str) -> None:
    configuration = TrainingConfiguration(features=name, **DEFAULTS[name])
    assert TrainingConfiguration.from_json(json.loads(json.dumps(configuration.to_json()))) == (
        configuration
    )
    with pytest.raises(InputError, match="field 'speed' is unknown"):
        TrainingConfiguration.from_json({"speed": 1})
