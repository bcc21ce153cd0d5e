"""Scenes: as likely as the recipe says, within its ranges, and each draw's own for good."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_trainer.draws.recipe import DrawRecipe
from lightsernet_trainer.draws.scene import (
    BABBLE,
    COLOURED,
    RECORDED,
    Scene,
    draw_scene,
)
from tests.trainer.draws.test_recipe import RECIPES

COUNT = 2000
NAMES = ("hum", "tap", "wind")
PARTS = ("room", "equaliser", "noise", "band")


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [draw_scene(DrawRecipe(), f"clip {i % 50}", i // 50, NAMES) for i in range(COUNT)]


def assert_is_share(found: float, share: float, count: int) -> None:
    """Within four standard deviations of a binomial distribution; what is drawn is fixed."""
    assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / count))


def test_parts_are_as_likely_as_the_recipe_says(scenes: list[Scene]) -> None:
    recipe = DrawRecipe()
    nothing = [all(getattr(scene, part) is None for part in PARTS) for scene in scenes]
    others = 1 - recipe.only_sped
    left = np.prod([1 - getattr(recipe, part) for part in PARTS])
    assert_is_share(np.mean(nothing), recipe.only_sped + others * left, COUNT)
    for part in PARTS:
        happens = np.mean([getattr(scene, part) is not None for scene in scenes])
        assert_is_share(happens, others * getattr(recipe, part), COUNT)


def test_noises_are_as_likely_as_the_recipe_says(scenes: list[Scene]) -> None:
    recipe = DrawRecipe()
    noises = [scene.noise for scene in scenes if scene.noise is not None]
    kinds = [noise.kind for noise in noises]
    assert_is_share(kinds.count(RECORDED) / len(kinds), recipe.recorded, len(kinds))
    formula = len(kinds) - kinds.count(RECORDED)
    assert_is_share(kinds.count(BABBLE) / formula, recipe.babble, formula)
    for name in NAMES:
        drawn = sum(noise.name == name for noise in noises)
        assert_is_share(drawn / kinds.count(RECORDED), 1 / 3, kinds.count(RECORDED))
    assert all((noise.name != "") == (noise.kind == RECORDED) for noise in noises)


def test_speed_is_log_uniform(scenes: list[Scene]) -> None:
    stats = pytest.importorskip("scipy.stats")
    low, high = np.log(DrawRecipe().speed)
    places = (np.log([scene.speed for scene in scenes]) - low) / (high - low)
    assert stats.kstest(places, "uniform").pvalue > 0.01


@settings(max_examples=25)
@given(RECIPES, st.integers(0, 1000), st.text(max_size=5))
def test_numbers_lie_in_their_ranges(recipe: DrawRecipe, number: int, who: str) -> None:
    certain = dataclasses.replace(
        recipe, only_sped=0.0, room=1.0, equaliser=1.0, noise=1.0, band=1.0
    )
    scene = draw_scene(certain, who, number, ())
    assert scene.room is not None
    assert scene.noise is not None
    assert scene.band is not None
    assert scene.noise.kind in (COLOURED, BABBLE)
    for value, (low, high) in (
        (scene.speed, recipe.speed),
        (scene.room.rt60_s, recipe.rt60_s),
        (scene.room.distance_m, recipe.distance_m),
        (scene.room.volume_m3, recipe.volume_m3),
        (scene.room.reflections, recipe.reflections),
        (scene.room.high_rt60, recipe.high_rt60),
        (scene.room.crossover_hz, recipe.crossover_hz),
        (scene.noise.snr_db, recipe.snr_db),
        (scene.noise.colour, recipe.colour),
        (scene.noise.talkers, recipe.talkers),
        (scene.noise.swell_db, recipe.swell_db),
        (scene.band.high_pass_hz, recipe.high_pass_hz),
        (scene.band.low_pass_hz, recipe.low_pass_hz),
        (scene.band.high_pass_order, recipe.high_pass_order),
        (scene.band.low_pass_order, recipe.low_pass_order),
        (scene.gain_db, recipe.gain_db),
    ):
        # The logarithm and back again may be off in the last bit.
        assert low - 1e-12 * abs(low) <= value <= high + 1e-12 * abs(high)


@settings(max_examples=25)
@given(RECIPES, st.integers(0, 1000))
def test_a_share_changes_nothing_else(recipe: DrawRecipe, number: int) -> None:
    scene = draw_scene(recipe, "clip", number, NAMES)
    without = draw_scene(dataclasses.replace(recipe, room=0.0), "clip", number, NAMES)
    assert dataclasses.replace(scene, room=None) == without


@settings(max_examples=25)
@given(RECIPES, st.integers(0, 1000))
def test_a_scene_is_of_who_and_number_and_seed(recipe: DrawRecipe, number: int) -> None:
    scene = draw_scene(recipe, "clip", number, NAMES)
    assert draw_scene(recipe, "clip", number, NAMES) == scene
    others = (
        draw_scene(recipe, "another", number, NAMES),
        draw_scene(recipe, "clip", number + 1, NAMES),
        draw_scene(dataclasses.replace(recipe, seed=recipe.seed ^ 1), "clip", number, NAMES),
    )
    # Ranges may be single points; then there is nothing to tell scenes by.
    if recipe.speed[0] < recipe.speed[1]:
        assert scene not in others
