"""A run that goes on from disk is the run that never stopped."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge import InputError
from lightsernet_trainer.configuration import MIXED_PRECISIONS
from lightsernet_trainer.network.light_sernet import light_sernet
from lightsernet_trainer.network.losses import loss_function
from lightsernet_trainer.network.schedules import learning_rate_schedule
from lightsernet_trainer.training import fitting
from lightsernet_trainer.training.checkpoint import STATE, Checkpoint
from lightsernet_trainer.training.weight_average import averaging_adam

STEPS = 4


def compiled(mixed: str) -> keras.Model:
    with fitting._precision(mixed):
        network = light_sernet(32, 20, 3, 0.1)
    schedule = learning_rate_schedule("trapezoid", 1e-2, STEPS, 1)
    optimiser = averaging_adam(schedule, 0.5, STEPS)
    network.compile(optimiser, loss_function("cross-entropy", 0.0, 0.0), jit_compile=False)
    return network


def step(network: keras.Model, number: int) -> None:
    random = np.random.default_rng(number)
    rows = random.normal(size=(4, 32, 20, 1)).astype(np.float32)
    network.train_on_batch(rows, np.eye(3, dtype=np.float32)[random.integers(0, 3, 4)])


def state(network: keras.Model) -> list[NDArray[np.float32]]:
    variables = [*network.variables, *network.optimizer.variables]
    return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables]


@pytest.mark.parametrize("mixed", MIXED_PRECISIONS)
def test_a_run_saved_at_every_step_goes_on_as_if_it_had_not_stopped(
    mixed: str, tmp_path: Path
) -> None:
    """Optimisers that scale the loss have variables of their own."""
    whole = compiled(mixed)
    for number in range(STEPS):
        step(whole, number)
    broken = compiled(mixed)
    checkpoint = Checkpoint(tmp_path, {"mixed": mixed})
    for number in range(STEPS - 2):
        step(broken, number)
        checkpoint.save(broken, [{"epoch": epoch} for epoch in range(number + 1)])
    resumed = compiled(mixed)
    assert len(Checkpoint(tmp_path, {"mixed": mixed}).restore(resumed)) == STEPS - 2
    for number in range(STEPS - 2, STEPS):
        step(resumed, number)
    found, expected = state(resumed), state(whole)
    assert len(found) == len(expected)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nonsense"])
def test_a_damaged_state_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / STATE).write_bytes(content)
    with pytest.raises(InputError, match=r"state\.npz: damaged"):
        Checkpoint(tmp_path, {})


def test_a_state_of_another_backend_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optimisers keep their variables in another order there."""
    network = compiled("none")
    Checkpoint(tmp_path, {}).save(network, [{"epoch": 1}])
    monkeypatch.setattr(keras.backend, "backend", lambda: "another")
    with pytest.raises(InputError, match=r"state\.npz: holds a run on \w+, found .*another"):
        Checkpoint(tmp_path, {}).restore(network)


@pytest.mark.parametrize("history", ["[1,2", "{}", "[1]", '[{"loss": "x"}]'])
def test_a_history_that_is_none(history: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "state.npz", facts=np.array("{}"), history=np.array(history))
    with pytest.raises(InputError, match="damaged"):
        Checkpoint(tmp_path, {}).history()


def test_any_damage_to_the_archive(tmp_path: Path) -> None:
    """A zip of another compression raises NotImplementedError, for one."""
    state = tmp_path / "state.npz"
    np.savez(state, facts=np.array("{}"), history=np.array("[]"))
    content = state.read_bytes()
    headers = [i for i in range(len(content)) if content[i : i + 2] == b"PK"]
    for place in headers:
        for offset in range(4, 46):
            damaged = bytearray(content)
            damaged[min(place + offset, len(content) - 1)] ^= 0x1D
            state.write_bytes(damaged)
            try:
                assert Checkpoint(tmp_path, {}).history() == []
            except InputError as error:
                assert "damaged" in str(error) or "other data" in str(error)
