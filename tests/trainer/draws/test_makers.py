"""Processes beside the training: of help, and of no consequence for what comes out."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lightsernet_edge import InputError
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.draws import makers
from lightsernet_trainer.draws.limits import DrawLimits
from lightsernet_trainer.draws.makers import making
from lightsernet_trainer.draws.store import DrawStore
from tests.places import CHECKOUT
from tests.trainer.draws.made_up_clips import (
    NOISES,
    RECIPE,
    SPEC,
    contents,
    disk_store,
    write_clips,
)

N_DRAWS = 24
TWO = DrawLimits(workers=2)
PATIENCE_S = 60.0


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    return write_clips(tmp_path / "clips", 3)


@pytest.fixture
def expected(clips: list[Clip], tmp_path: Path) -> dict[str, bytes]:
    """What one process makes."""
    store = disk_store(tmp_path / "alone", N_DRAWS)
    for clip in clips:
        for block in range(store.n_blocks):
            store.make(clip, block)
    return contents(tmp_path / "alone")


def wait_for_files(folder: Path, count: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while not folder.exists() or len(list(folder.glob("*.draws"))) < count:
        assert time.monotonic() < until, "nothing is made"
        time.sleep(0.01)


def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Note the processes that are started from here on."""
    processes: list[subprocess.Popen[bytes]] = []
    start = makers._start

    def start_and_note(job: Path, worker: int, workers: int) -> subprocess.Popen[bytes]:
        processes.append(start(job, worker, workers))
        return processes[-1]

    monkeypatch.setattr(makers, "_start", start_and_note)
    return processes


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_makes_the_same(
    workers: int, clips: list[Clip], expected: dict[str, bytes], tmp_path: Path
) -> None:
    store = disk_store(tmp_path / "cache", N_DRAWS)
    with making(store, clips, DrawLimits(workers=workers)):
        wait_for_files(tmp_path / "cache", len(expected))
    assert contents(tmp_path / "cache") == expected


def test_whoever_needs_a_draw_first_makes_it(
    clips: list[Clip], expected: dict[str, bytes], tmp_path: Path
) -> None:
    store = disk_store(tmp_path / "cache", N_DRAWS)
    with making(store, clips, TWO):
        for number in reversed(range(N_DRAWS)):
            for clip in clips:
                store.rows(clip, number)
    assert contents(tmp_path / "cache") == expected


def test_killed_processes_are_not_missed(
    clips: list[Clip],
    expected: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = disk_store(tmp_path / "cache", N_DRAWS)
    processes = started(monkeypatch)
    with making(store, clips, TWO):
        wait_for_files(tmp_path / "cache", 1)
        for process in processes:
            process.kill()
            process.wait()
        for clip in clips:
            for number in range(N_DRAWS):
                store.rows(clip, number)
    made = contents(tmp_path / "cache")
    # What was being written when they died lies there under a temporary name.
    assert {name: content for name, content in made.items() if name in expected} == expected
    assert all(name.startswith(".") for name in made.keys() - expected.keys())


def test_they_stop_when_they_are_not_wanted_any_more(
    clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = started(monkeypatch)
    with making(disk_store(tmp_path / "cache", 80_000), clips, TWO):
        wait_for_files(tmp_path / "cache", 1)
    # By themselves, after the block that they were at.
    assert [process.returncode for process in processes] == [0, 0]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to see processes in")
def test_they_stop_when_the_training_is_killed(clips: list[Clip], tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from lightsernet_trainer.draws import makers
from lightsernet_trainer.draws.limits import DrawLimits
from tests.trainer.draws.made_up_clips import disk_store, write_clips
start = makers._start
def start_and_tell(*arguments):
    process = start(*arguments)
    print(process.pid, flush=True)
    return process
makers._start = start_and_tell
clips = write_clips(Path({str(tmp_path / "clips")!r}), 3)
store = disk_store(Path({str(tmp_path / "cache")!r}), 80_000)
with makers.making(store, clips, DrawLimits(workers=1)):
    time.sleep({PATIENCE_S})
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as training:
        assert training.stdout is not None
        worker = int(training.stdout.readline())
        wait_for_files(tmp_path / "cache", 1)
        training.kill()
    until = time.monotonic() + PATIENCE_S
    while is_running(worker):
        assert time.monotonic() < until, "it goes on for nobody"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    # Z: dead, but for somebody who asks how.
    return state.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_stopped_leaves_the_others(
    signal_number: signal.Signals,
    clips: list[Clip],
    expected: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = disk_store(tmp_path / "cache", N_DRAWS)
    processes = started(monkeypatch)
    with making(store, clips, TWO):
        processes[0].send_signal(signal_number)
        processes[0].wait()
        # The other's share, from the first.
        wait_for_files(tmp_path / "cache", len(expected) // 2)


def test_caches_that_other_processes_do_not_see_start_none(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = started(monkeypatch)
    for cache in ("memory", "none"):
        with making(DrawStore(SPEC, RECIPE, 8, NOISES, cache), clips, TWO):
            pass
    with making(None, clips, TWO):
        pass
    assert processes == []


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match=r"^draw_workers: found -1, expected at least 0"):
        DrawLimits(workers=-1)
    for size in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match=r"^cache_size: found .*, expected above 0"):
            DrawLimits(cache_size=size)
    assert DrawLimits(workers=3).processes == 3
    assert DrawLimits().processes >= 1
