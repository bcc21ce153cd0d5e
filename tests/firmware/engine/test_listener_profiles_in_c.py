"""Profiles and their biases in the C listener, beside `EmotionStream`."""

from __future__ import annotations

import dataclasses
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lightsernet_edge import EmotionStream
from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.profiles.neutral_bias import MAX_BIAS
from lightsernet_firmware.blob.build import seal
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.engine.host_listener import HostListener
from tests.firmware.engine.listeners import (
    BIASES,
    Pcm,
    assert_same,
    events_in_c,
    events_in_python,
    host_with,
    profile_of,
    set_profile,
)


@pytest.mark.parametrize("adapt", [False, True])
def test_profiles(adapt: bool, smallest: ModelFile, speech: Pcm) -> None:
    profile = profile_of(smallest)
    stream = EmotionStream(
        smallest.path, engine="native", provisional=True, profile=profile, adapt=adapt
    )
    listener = HostListener(host_with(smallest), provisional=1, adapt=int(adapt))
    set_profile(listener, profile)
    expected = events_in_python(stream, speech)
    assert_same(events_in_c(listener, [speech]), expected, smallest.record)
    _, _, seconds = listener.stream.profile()
    assert (seconds > 12.0) == adapt
    # What was learned stays, in both.
    stream.reset()
    listener.reset()
    again = events_in_python(stream, speech)
    assert_same(events_in_c(listener, [speech]), again, smallest.record)
    assert (again == expected) != adapt


@settings(max_examples=10)
@given(bias=BIASES, temperature=st.sampled_from([0.5, 1.0, 1.7]))
@example(bias=[2.0, -2.0, 0.0, 0.0, 0.0], temperature=1.0)
def test_profiles_with_a_bias(
    bias: list[float], temperature: float, smallest: ModelFile, speech: Pcm
) -> None:
    decision = dataclasses.replace(smallest.record.decision, temperature=temperature)
    profile = profile_of(smallest, bias)
    stream = EmotionStream(
        smallest.path, engine="native", provisional=True, profile=profile, decision=decision
    )
    listener = HostListener(host_with(smallest, decision), provisional=1)
    set_profile(listener, profile)
    expected = events_in_python(stream, speech)
    assert {event.kind for event in expected} == {"utterance", "provisional"}
    found = events_in_c(listener, [speech])
    record = dataclasses.replace(smallest.record, decision=decision)
    assert_same(found, expected, record, profile.bias)


def test_a_bias_stays_and_goes(smallest: ModelFile, speech: Pcm) -> None:
    listener = HostListener(host_with(smallest), provisional=1)
    set_profile(listener, profile_of(smallest))
    plain = events_in_c(listener, [speech])
    listener.reset()
    bias = np.array([2.0, -2.0, 0.0, 0.0, 0.0])
    listener.set_bias(bias)
    biased = events_in_c(listener, [speech])
    assert [event.label for event in biased] != [event.label for event in plain]
    assert all(a.confidence != b.confidence for a, b in zip(biased, plain, strict=True))
    # What the network says is told as it is.
    assert [event.posteriors for event in biased] == [event.posteriors for event in plain]
    listener.reset()
    assert events_in_c(listener, [speech]) == biased
    for none in (None, np.zeros(5), -np.zeros(5)):
        listener.reset()
        listener.set_bias(bias)
        listener.set_bias(none)
        assert events_in_c(listener, [speech]) == plain


def test_a_bias_holds_from_the_next_event_on(smallest: ModelFile, speech: Pcm) -> None:
    model, bias = host_with(smallest), np.array([1.5, -0.5, -0.5, 0.0, -0.5])
    plain, biased, changed = (HostListener(model, provisional=1) for _ in range(3))
    biased.set_bias(bias)
    before, after = speech[: speech.size // 2], speech[speech.size // 2 :]
    expected = plain.process(before)
    assert expected
    assert changed.process(before) == expected
    changed.set_bias(bias)
    biased.process(before)
    assert (
        events_in_c(changed, [after]) == events_in_c(biased, [after]) != events_in_c(plain, [after])
    )


@pytest.mark.parametrize(
    "wrong",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        3.0,
        np.nextafter(np.float32(MAX_BIAS), np.float32(9)),
        np.nextafter(np.float32(-MAX_BIAS), np.float32(-9)),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", [0, 4])
def test_a_bias_that_is_refused(wrong: float, place: int, smallest: ModelFile, speech: Pcm) -> None:
    listener = HostListener(host_with(smallest), provisional=1)
    # The bounds are Python's, and belong to the range.
    listener.set_bias(np.array([MAX_BIAS, -MAX_BIAS, 0.0, 0.0, 0.0]))
    before = listener.ram.tobytes()
    values = np.zeros(5)
    values[place] = wrong
    with pytest.raises(LightSernetError, match="BAD_PROFILE"):
        listener.set_bias(values)
    with pytest.raises(InputError, match=r"bias: found \(4,\)"):
        listener.set_bias(np.zeros(4))
    assert listener.ram.tobytes() == before


def test_nothing_to_adapt(smallest: ModelFile, smallest_blob: bytes) -> None:
    """Mean and scale that are no training set's have no profile: refused at open."""
    (front_end,) = struct.unpack_from("<I", smallest_blob, 28)
    (flags,) = struct.unpack_from("<I", smallest_blob, front_end + 20)
    at = front_end + 20
    bare = smallest_blob[:at] + struct.pack("<I", flags & ~16) + smallest_blob[at + 4 :]
    HostListener(HostModel(seal(bare)), adapt=0)
    with pytest.raises(LightSernetError, match="NO_PROFILE"):
        HostListener(HostModel(seal(bare)), adapt=1)
