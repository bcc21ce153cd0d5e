"""Continuous mode in C: its RAM, its settings, and what the blob carries for it."""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from lightsernet_edge import DecisionDefaults
from lightsernet_edge.errors import LightSernetError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.c_export.self_test import ROWS, expected_integers, made_up_rows
from lightsernet_firmware.host.stream import STATUS_NAMES, HostModel, aligned_bytes
from lightsernet_firmware.planner.cost import listener_ram_bytes
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.engine.host_listener import _ON_EVENT, HostListener, SettingsStruct
from tests.firmware.engine.listeners import HOP, Pcm, events_in_c, host_with, spoken

# Bytes before and behind memory that is given to the engine, which it must leave alone.
GUARD, GUARDED = 64, 0xA5


def test_ram_is_what_the_planner_says(
    shipped: ModelFile, smallest: ModelFile, figure: Callable[[str], None]
) -> None:
    longer = dataclasses.replace(smallest.record.decision, window_s=7.0)
    for file, decision in (
        (shipped, shipped.record.decision),
        (smallest, smallest.record.decision),
        (smallest, longer),
    ):
        plan, tables = plan_network(file.graph), front_end_tables(file.record.features)
        for continuous in (0, 1):
            ram = listener_ram_bytes(plan, tables, decision, continuous=bool(continuous))
            model = host_with(file, decision)
            assert ram == HostListener(model, continuous=continuous).ram.size
    figure(
        "a listener of the model that ships, in continuous mode: "
        f"{HostListener(host_with(shipped), continuous=1).ram.size} bytes"
    )


def test_the_engine_stays_in_its_ram(smallest: ModelFile, speech: Pcm) -> None:
    model = host_with(smallest)
    engine, struct = model.library, ctypes.byref(model.struct)
    wanted = SettingsStruct()
    engine.lsn_listener_defaults(struct, ctypes.byref(wanted))
    # Its constructor declares the functions.
    expected = events_in_c(HostListener(model, continuous=1), [speech])
    wanted.continuous = 1
    size = engine.lsn_listener_ram_size(struct, ctypes.byref(wanted))
    assert size > engine.lsn_listener_ram_size(struct, None)
    memory = aligned_bytes(size + 2 * GUARD)
    memory[:] = GUARDED
    listener, ends = ctypes.c_void_p(), []
    callback = _ON_EVENT(lambda _, event: ends.append(event.contents.end))
    arguments = (struct, memory.ctypes.data + GUARD)
    for room, status in ((size - 1, "RAM_TOO_SMALL"), (size, "OK")):
        opened = engine.lsn_listener_open(
            ctypes.byref(listener), *arguments, room, ctypes.byref(wanted), callback, None
        )
        assert STATUS_NAMES[opened] == status
    engine.lsn_listener_process(listener, speech.ctypes.data, speech.size)
    assert ends == [event.end for event in expected]
    for guard in (memory[:GUARD], memory[GUARD + size :]):
        assert (guard == GUARDED).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"provisional": 1},
        {"adapt": 1},
        # Less than a frame; more than the engine gives room.
        {"window_hops": 0},
        {"window_hops": 3},
        {"window_hops": 0xFFFFFFFF},
        {"window_hops": 0x200001},
        {"keep": -0.1},
        {"keep": 1.1},
        {"keep": float("nan")},
    ],
    ids=str,
)
def test_wrong_settings(wrong: dict[str, float], smallest: ModelFile) -> None:
    model = host_with(smallest)
    with pytest.raises(LightSernetError, match="BAD_SETTINGS"):
        HostListener(model, continuous=1, **wrong)
    # In utterance mode the settings of continuous mode do not matter.
    assert HostListener(model, **wrong).ram.size == HostListener(model).ram.size


def test_a_window_of_one_frame(smallest: ModelFile) -> None:
    frame = smallest.record.features.frame_length // HOP
    HostListener(host_with(smallest), continuous=1, window_hops=frame)


def test_the_self_test_before_the_first_sample(shipped: ModelFile, pcm_clips: list[Pcm]) -> None:
    """The export's, whose rows are more than the shortest window holds."""
    model = host_with(shipped)
    frame = shipped.record.features.frame_length // HOP
    listener = HostListener(model, continuous=1, window_hops=frame, min_samples=0)
    logits, posteriors = expected_integers(model)
    for _ in range(2):
        listener.stream.push_features(made_up_rows(ROWS, model.struct.n_coefficients))
        listener.stream.finish()
        result = listener.stream.result()
        assert result is not None
        assert result[0].tolist() == logits.tolist()
        assert result[1].tolist() == posteriors.tolist()
        listener.stream.reset()
        # Again after some speech, and the listener's reset.
        assert listener.process(spoken(pcm_clips[:1]))
        listener.reset()


def test_a_window_shorter_than_a_frame(smallest: ModelFile) -> None:
    plan, labels = plan_network(smallest.graph), smallest.record.labels
    spec = dataclasses.replace(
        smallest.record.features,
        sample_rate=8000,
        frame_length=4096,
        fft_length=4096,
        hop_length=640,
        high_hz=4000.0,
    )
    tables, decision = front_end_tables(spec), DecisionDefaults(window_s=0.5)
    model = HostModel(build_blob(plan, tables, labels, decision))
    with pytest.raises(LightSernetError, match="BAD_SETTINGS"):
        HostListener(model, continuous=1)
    assert listener_ram_bytes(plan, tables, decision, continuous=True) is None
    assert listener_ram_bytes(plan, tables, decision) == HostListener(model).ram.size


def test_the_blob_carries_what_continuous_mode_needs(smallest: ModelFile) -> None:
    decision = DecisionDefaults(window_s=2.0, step_s=0.25, smoothing_s=0.8, hold_s=0.7)
    listener = HostListener(host_with(smallest, decision))
    given_ = listener._settings
    assert (given_.continuous, given_.step_hops, given_.window_hops) == (0, 16, 125)
    assert given_.keep == pytest.approx(np.exp(-0.256 / 0.8), rel=1e-7)
    assert given_.hold_steps == 3
