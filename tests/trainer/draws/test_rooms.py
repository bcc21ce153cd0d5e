"""Rooms decay as asked for, by Schroeder's integral in octave bands that SciPy filters out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_trainer.draws.recipe import DrawRecipe
from lightsernet_trainer.draws.rooms import Room, response_of
from lightsernet_trainer.draws.scene import draw_scene

RATE = 16000
ROOM = Room(0.5, 2.0, volume_m3=40.0, reflections=6, high_rt60=0.5, crossover_hz=1000.0, seed=0)


def measured_rt60(response: NDArray[np.float64], middle_hz: float) -> float:
    """Return the reverberation time of an octave, from the decay from -5 to -25 dB (T20)."""
    signal = pytest.importorskip("scipy.signal")
    edges = (middle_hz / np.sqrt(2), middle_hz * np.sqrt(2))
    band = signal.sosfilt(signal.butter(3, edges, "bandpass", fs=RATE, output="sos"), response)
    left = np.cumsum(band[::-1] ** 2)[::-1]
    decibels = 10 * np.log10(left / left[0])
    fitted = (decibels < -5) & (decibels > -25)
    time = np.arange(response.size) / RATE
    return float(-60 / np.polyfit(time[fitted], decibels[fitted], 1)[0])


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(("middle_hz", "share"), [(500.0, 1.0), (5000.0, ROOM.high_rt60)])
def test_octaves_decay_as_asked_for(
    rt60_s: float, middle_hz: float, share: float, figure: Callable[[str], None]
) -> None:
    expected = share * rt60_s
    rooms = [dataclasses.replace(ROOM, rt60_s=rt60_s, seed=seed) for seed in range(8)]
    found = np.median([measured_rt60(response_of(room, RATE), middle_hz) for room in rooms])
    figure(f"{middle_hz:.0f} Hz: asked for {expected:.3f} s, measured {found:.3f} s")
    assert found == pytest.approx(expected, rel=0.1)


def test_reverberation_grows_with_the_square_of_the_distance() -> None:
    rooms = [dataclasses.replace(ROOM, distance_m=distance) for distance in (0.5, 1.0, 2.0)]
    direct = np.array([response_of(room, RATE)[0] ** 2 for room in rooms])
    ratios = 10 * np.log10(direct / (1 - direct))
    assert np.diff(ratios) == pytest.approx([-6.02, -6.02], abs=0.1)


@given(st.integers(0, 10_000))
def test_every_room_that_is_drawn_is_one(number: int) -> None:
    scene = draw_scene(dataclasses.replace(DrawRecipe(), only_sped=0, room=1), "a", number, ())
    assert scene.room is not None
    response = response_of(scene.room, RATE)
    assert np.isfinite(response).all()
    assert np.sum(response**2) == pytest.approx(1.0)
    assert response[0] > 0.0
    assert response.size <= 0.9 * RATE + 1
    assert np.array_equal(response, response_of(scene.room, RATE))
