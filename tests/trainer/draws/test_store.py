"""Draws are the same bytes wherever they are kept, however many there are, and after damage."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge import AudioError, InputError
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.features import FrontEnd, recipe
from lightsernet_trainer.conditions.speed import change_speed
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.draws.block_file import BLOCK, read_draw, write_block
from lightsernet_trainer.draws.recipe import DrawRecipe
from lightsernet_trainer.draws.scene import RECORDED, draw_scene
from lightsernet_trainer.draws.store import DrawStore, drawn_noises
from tests.trainer.draws.made_up_clips import (
    NOISES,
    RATE,
    RECIPE,
    SPEC,
    contents,
    disk_store,
    write_clips,
)

PLACES = st.integers(0, 10**6)


def all_rows(store: DrawStore, clips: list[Clip]) -> list[bytes]:
    return [store.rows(c, number).tobytes() for c in clips for number in range(store.n_draws)]


def test_all_caches_give_the_same(tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 2)
    expected = all_rows(DrawStore(SPEC, RECIPE, 3, NOISES, "none"), clips)
    assert len(set(expected)) == 6
    assert all_rows(DrawStore(SPEC, RECIPE, 3, NOISES, "memory"), clips) == expected
    for _ in range(2):  # made, then read
        assert all_rows(disk_store(tmp_path / "cache", 3), clips) == expected


def test_a_draw_that_is_only_sped_is_the_runtimes_features(tmp_path: Path) -> None:
    (clip,) = write_clips(tmp_path, 1)
    only = dataclasses.replace(RECIPE, only_sped=1.0, gain_db=(0.0, 0.0))
    store = DrawStore(SPEC, only, 4, NOISES, "none")
    samples = read_recording(clip.path, RATE).samples
    for number in range(4):
        speed = draw_scene(
            only, "speaker speaker0" if number % 2 else "clip clip0.wav None None", number, ["hum"]
        ).speed
        expected = FrontEnd(SPEC).features(change_speed(samples, speed))
        assert np.array_equal(store.rows(clip, number), expected.astype(np.float16))


def test_a_clips_draws_know_nothing_of_other_clips(tmp_path: Path) -> None:
    """A speaker who is held out is in nobody's draws: these are the same where he never was."""
    clips = write_clips(tmp_path / "all", 6)
    talks = dataclasses.replace(RECIPE, babble=1.0, recorded=0.0)
    together = disk_store(tmp_path / "cache", 8, talks)
    for clip in clips:
        together.make(clip, 0)
    expected = all_rows(together, clips[:2])
    shutil.rmtree(tmp_path / "cache")
    for clip in clips[2:]:
        clip.path.unlink()
    assert all_rows(disk_store(tmp_path / "alone", 8, talks), clips[:2]) == expected


def test_more_draws_leave_those_there_are(tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 1)
    few = all_rows(disk_store(tmp_path / "cache", BLOCK), clips)
    before = contents(tmp_path / "cache")
    more = all_rows(disk_store(tmp_path / "cache", 2 * BLOCK), clips)
    assert more[:BLOCK] == few
    assert before.items() <= contents(tmp_path / "cache").items()


@pytest.mark.parametrize(
    "change",
    [
        lambda recipe: dataclasses.replace(recipe, seed=1),
        lambda recipe: dataclasses.replace(recipe, room=0.9),
        lambda recipe: dataclasses.replace(recipe, held_out_noises=()),
        lambda recipe: dataclasses.replace(recipe, speaker_scenes=0.1),
    ],
)
def test_another_recipe_has_files_of_its_own(
    change: Callable[[DrawRecipe], DrawRecipe], tmp_path: Path
) -> None:
    (clip,) = write_clips(tmp_path, 1)
    disk_store(tmp_path / "cache").make(clip, 0)
    before = contents(tmp_path / "cache")
    disk_store(tmp_path / "cache", 8, change(RECIPE)).make(clip, 0)
    assert before.items() < contents(tmp_path / "cache").items()


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_speakers_may_share_scenes(shared: float, tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 3)
    store = DrawStore(SPEC, DrawRecipe(speaker_scenes=shared, only_sped=1.0), 4, None, "none")
    speeds = [[clip_rows(c) / len(store.rows(c, n)) for n in range(4)] for c in clips]
    # Two clips of one speaker are as fast or not, and the third's speaker is another.
    assert (speeds[0] == pytest.approx(speeds[1], abs=0.1)) == (shared == 1.0)
    assert speeds[0] != pytest.approx(speeds[2], abs=0.1)
    nobody = [dataclasses.replace(clip, speaker="") for clip in clips[:2]]
    speeds = [[clip_rows(c) / len(store.rows(c, n)) for n in range(4)] for c in nobody]
    assert speeds[0] != pytest.approx(speeds[1], abs=0.1)


def clip_rows(clip: Clip) -> int:
    return SPEC.n_frames(read_recording(clip.path, RATE).samples.size)


def test_held_out_noise_is_never_drawn() -> None:
    assert list(drawn_noises(RECIPE, NOISES)) == ["hum"]
    assert list(drawn_noises(dataclasses.replace(RECIPE, held_out_noises=()), NOISES)) == [*NOISES]
    assert drawn_noises(dataclasses.replace(RECIPE, recorded=0.0), NOISES) == {}
    assert drawn_noises(RECIPE, None) == {}
    with pytest.raises(InputError, match=r"held_out_noises: found all of running_tap"):
        drawn_noises(RECIPE, {"running_tap": NOISES["running_tap"]})
    scenes = [draw_scene(RECIPE, "a", n, sorted(drawn_noises(RECIPE, NOISES))) for n in range(200)]
    recorded = {s.noise.name for s in scenes if s.noise is not None and s.noise.kind == RECORDED}
    assert recorded == {"hum"}


@settings(max_examples=60)
@given(place=PLACES, bit=st.integers(0, 7), number=st.integers(0, BLOCK - 1))
def test_a_damaged_draw_is_noticed_or_untouched(
    place: int, bit: int, number: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "block.draws"
    random = np.random.default_rng(0)
    draws = [random.normal(size=(n, 5)).astype(np.float16) for n in range(BLOCK)]
    write_block(file, draws)
    content = bytearray(file.read_bytes())
    content[place % len(content)] ^= 1 << bit
    file.write_bytes(content)
    found = read_draw(file, number, 5)
    assert found is None or np.array_equal(found, draws[number])
    if place % len(content) < 8:
        assert found is None
    file.write_bytes(file.read_bytes()[:8].ljust(len(content), b"\0"))
    assert read_draw(file, number, 5) is None
    file.write_bytes(content)
    file.write_bytes(file.read_bytes()[: place % len(content)])
    found = read_draw(file, number, 5)
    assert found is None or np.array_equal(found, draws[number])


@pytest.mark.parametrize("damage", ["nothing left", "cut short", "one byte", "a folder"])
def test_a_damaged_file_is_made_again(damage: str, tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 1)
    expected = all_rows(disk_store(tmp_path / "cache"), clips)
    (file,) = (tmp_path / "cache").iterdir()
    content = file.read_bytes()
    if damage == "nothing left":
        file.write_bytes(b"")
    elif damage == "cut short":
        file.write_bytes(content[:-1])
    elif damage == "one byte":
        file.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    else:
        file.unlink()
        file.mkdir()
        with pytest.raises(InputError, match=r"\.draws: cannot be written"):
            all_rows(disk_store(tmp_path / "cache"), clips)
        return
    assert all_rows(disk_store(tmp_path / "cache"), clips) == expected
    assert file.read_bytes() == content


def test_what_needs_more_room_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 2)
    store = disk_store(tmp_path / "cache", 8)
    n_rows = sum(map(clip_rows, clips))
    with pytest.raises(InputError, match=r"^cache_size: found 1e-05 GB, expected at least 0\.\d"):
        store.expect_room(clips, n_rows, 10_000)
    assert not (tmp_path / "cache").exists()
    store.expect_room(clips, n_rows, 1e9)
    # Without a cache there is nothing to be kept.
    DrawStore(SPEC, RECIPE, 8, NOISES, "none").expect_room(clips, n_rows, 0)


@pytest.mark.parametrize("features", ["edge", "light-sernet"])
def test_the_room_expected_is_that_taken(features: str, tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 3)
    store = DrawStore(recipe(features), RECIPE, 40, NOISES, "disk", tmp_path / "cache")
    for clip in clips:
        for block in range(store.n_blocks):
            store.make(clip, block)
    taken = sum(map(len, contents(tmp_path / "cache").values()))
    front_end = FrontEnd(store.spec)
    n_rows = sum(len(front_end.features(read_recording(c.path, RATE).samples)) for c in clips)
    with pytest.raises(InputError, match="cache_size"):
        store.expect_room(clips, n_rows, 0.9 * taken)
    store.expect_room(clips, n_rows, 1.1 * taken)


def test_draws_of_other_recipes_go_when_there_is_no_room_for_them(tmp_path: Path) -> None:
    clips = write_clips(tmp_path, 2)
    n_rows = sum(map(clip_rows, clips))
    cache = tmp_path / "cache"
    for clip in clips:
        disk_store(cache).make(clip, 0)
    old = set(contents(cache))
    (cache / "kept.npy").write_bytes(b"features are not draws")
    new = disk_store(cache, 8, dataclasses.replace(RECIPE, seed=1))
    taken = sum(len(content) for name, content in contents(cache).items() if name in old)
    new.expect_room(clips, n_rows, 3 * taken)
    assert old <= set(contents(cache))
    # As few as will do, and the oldest of them.
    oldest = min((cache / name for name in old), key=lambda path: path.stat().st_mtime_ns)
    new.expect_room(clips, n_rows, 1.9 * taken)
    assert old - set(contents(cache)) == {oldest.name}
    new.make(clips[0], 0)
    mine = set(contents(cache)) - old - {"kept.npy"}
    new.expect_room(clips, n_rows, 1.2 * taken)
    assert set(contents(cache)) == mine | {"kept.npy"}


def test_training_begins_with_the_first_block_and_ends_with_all() -> None:
    store = DrawStore(SPEC, RECIPE, 20)
    assert [len(store.numbers(epoch)) for epoch in range(4)] == [8, 16, 20, 20]
    assert [*DrawStore(SPEC, RECIPE, 3).numbers(0)] == [0, 1, 2]
    assert store.numbers(1, shared=True) == [1, 3, 5, 7, 9, 11, 13, 15]
    shares_none = DrawStore(SPEC, DrawRecipe(speaker_scenes=0.0), 20)
    assert [*shares_none.numbers(0, shared=True)] == [*range(8)]


def test_what_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    (clip,) = write_clips(tmp_path, 1)
    with pytest.raises(InputError, match=r"^input_type: found 'spectrogram'"):
        DrawStore(recipe("light-sernet", "spectrogram"), RECIPE, 8)
    clip.path.unlink()
    for cache in ("none", "memory", "disk"):
        store = DrawStore(SPEC, RECIPE, 8, None, cache, tmp_path / "cache")
        with pytest.raises(AudioError, match=r"clip0\.wav: "):
            store.rows(clip, 0)
    assert not (tmp_path / "cache").exists()


def test_noise_alone_is_the_same_for_the_same_number() -> None:
    store = DrawStore(SPEC, RECIPE, 8, NOISES)
    rows = store.noise_rows(3, 0.5)
    assert np.array_equal(rows, DrawStore(SPEC, RECIPE, 8, NOISES).noise_rows(3, 0.5))
    assert not np.array_equal(rows, store.noise_rows(4, 0.5))
    assert rows.shape == (SPEC.n_frames(RATE // 2), 40)
