"""Training on draws: crops of the right ones, and the same bytes whoever made them."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rich.console import Console

from lightsernet_edge import InputError
from lightsernet_edge.cli import main
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.splits import Split, hold_out_speakers
from lightsernet_trainer.draws.limits import DrawLimits
from lightsernet_trainer.draws.makers import making
from lightsernet_trainer.draws.recipe import DrawRecipe
from lightsernet_trainer.draws.store import DrawStore
from lightsernet_trainer.training import fitting
from lightsernet_trainer.training import run as training
from lightsernet_trainer.training.batches import Augmentation, CropBatches
from lightsernet_trainer.training.checkpoint import run_facts
from lightsernet_trainer.training.feature_store import FeatureStore, Heard, statistics
from lightsernet_trainer.training.training_set import TrainingSet
from tests.trainer.draws.made_up_clips import NOISES, RATE, SPEC, syllables, write_clips

QUIET = Console(quiet=True)
N_DRAWS = 20
LABELS = ("happiness", "neutral")
SMALL = TrainingConfiguration(
    epochs=2, width=0.05, batch_size=4, seconds=0.5, draws=16, profile_clips=2, schedule="trapezoid"
)


class NumberedRows(FeatureStore):
    """A store whose draws are rows of their own number, and that notes what is asked for."""

    def __init__(self, shared: float) -> None:
        recipe = DrawRecipe(speaker_scenes=shared)
        super().__init__(SPEC, draws=DrawStore(SPEC, recipe, N_DRAWS))
        self.clips = [Clip(Path(str(i)), LABELS[i % 2], f"speaker{i % 3}") for i in range(12)]
        self.asked: list[tuple[Clip, int]] = []

    def rows(self, clip: Clip, heard: Heard = "clean") -> NDArray[np.float32]:
        assert isinstance(heard, int), "training hears draws alone"
        self.asked.append((clip, heard))
        return np.full((5, 40), heard, dtype=np.float32)


def batches(store: NumberedRows, **changes: Any) -> CropBatches:
    spec = dataclasses.replace(SPEC, mean=(0.0,) * 40, scale=(1.0,) * 40)
    return CropBatches(store, store.clips, LABELS, spec, 5, 4, 1, Augmentation(**changes))


@given(st.integers(0, 200))
def test_every_crop_is_of_a_draw_that_is_open(epoch: int) -> None:
    store = NumberedRows(0.5)
    crops = np.concatenate([crops for crops, _ in batches(store).epoch(epoch)])
    numbers = crops[:, 0, 0, 0].astype(int).tolist()
    assert len(numbers) == len(store.clips)
    assert set(numbers) <= set(range(min(N_DRAWS, 8 * (epoch + 1))))
    again = np.concatenate([crops for crops, _ in batches(store).epoch(epoch)])
    assert np.array_equal(crops, again)


def test_all_draws_are_used() -> None:
    store = NumberedRows(0.5)
    for epoch in range(40):
        for _ in batches(store).epoch(epoch):
            pass
    assert {number for _, number in store.asked} == set(range(N_DRAWS))


@settings(max_examples=20)
@given(st.integers(0, 50), st.sampled_from([0.0, 0.5, 1.0]))
def test_profiles_are_of_the_speaker_in_the_crops_scene(epoch: int, shared: float) -> None:
    store = NumberedRows(shared)
    for _ in batches(store, profile_clips=3).epoch(epoch):
        pass
    # All that a crop asks for is of one draw.
    assert len([*itertools.groupby(number for _, number in store.asked)]) <= len(store.clips)
    assert store.draws is not None
    if shared:
        # Draws in a clip's own scene are asked for by the one crop of the clip alone.
        is_shared = store.draws.recipe.is_of_speaker
        alone = Counter(clip for clip, number in store.asked if not is_shared(number))
        assert max(alone.values(), default=0) <= 1


def test_statistics_and_representative_rows_are_of_the_first_draws() -> None:
    store = NumberedRows(0.5)
    mean, _ = statistics(store.training_rows(store.clips))
    assert mean[0] == pytest.approx(np.mean([i % 8 for i in range(12)]))


def corpus_of(folder: Path) -> tuple[Corpus, Split]:
    clips = write_clips(folder, 8)
    labelled = [dataclasses.replace(c, label=LABELS[i % 2]) for i, c in enumerate(clips)]
    corpus = Corpus("made up", LABELS, tuple(labelled))
    return corpus, hold_out_speakers(corpus, ["speaker0"])


def test_caches_and_processes_make_no_difference(tmp_path: Path) -> None:
    corpus, split = corpus_of(tmp_path / "clips")
    seen = []
    for cache, workers in (("disk", 2), ("memory", 0), ("none", 0)):
        store = FeatureStore.of(SMALL, cache, tmp_path / "cache", NOISES)
        with making(store.draws, split.train, DrawLimits(workers=workers)):
            store.load_first_draws(split.train, QUIET)
            data = TrainingSet.of(store, split.train, corpus.labels, SMALL)
            crops = [c for epoch in range(3) for c, _ in data.crops(SMALL, 20).epoch(epoch)]
        representative = data.representative_rows(20)
        seen.append((data.spec, [rows.tobytes() for rows in (*crops, *representative)]))
    assert seen[0] == seen[1] == seen[2]


def test_broken_off_and_started_again_with_damaged_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PRECISIONS", ("float32",))
    corpus, _ = corpus_of(tmp_path / "clips")
    noises = tmp_path / "noises"
    noises.mkdir()
    soundfile.write(noises / "hum.flac", 0.1 * NOISES["hum"], RATE)
    manifest = tmp_path / "clips.csv"
    lines = [f"{clip.path},{clip.label},{clip.speaker}" for clip in corpus.clips]
    manifest.write_text("\n".join(["file,label,speaker", *lines]))
    command = (
        f"train --dataset manifest --data {manifest} --test-speakers none --epochs 3 "
        f"--width 0.05 --seconds 0.5 --draws 24 --noises {noises} --draw-recipe room=1,snr_db=5..9"
    ).split()
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main([*command, "--out", str(whole), "--draw-workers", "0"]) == 0
    arguments = [*command, "--out", str(broken), "--draw-workers", "2"]
    fit_epoch = fitting.fit_epoch

    def break_off(network: Any, batches: Any, epoch: int) -> dict[str, float]:
        if epoch == 1:
            raise KeyboardInterrupt
        return fit_epoch(network, batches, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "fit_epoch", break_off)
        assert main(arguments) != 0
    draws = list((broken / "run" / "features").glob("*.draws"))
    assert len(draws) >= len(corpus.clips)
    for file in draws:
        file.write_bytes(file.read_bytes()[:-4] + bytes(4))
    assert main(arguments) == 0
    name = "float32.tflite"
    assert (broken / name).read_bytes() == (whole / name).read_bytes()
    written = json.loads((whole / "summary.json").read_text())["configuration"]
    assert (written["draws"], written["draw_recipe"]["snr_db"]) == (24, [5.0, 9.0])
    assert written["variants"] == []
    assert TrainingConfiguration.from_json(written).draw_recipe.room == 1.0


def test_a_run_is_one_of_its_recipe_and_noises(tmp_path: Path) -> None:
    corpus, split = corpus_of(tmp_path / "clips")
    facts = run_facts(corpus, split, SMALL, NOISES)
    assert list(facts["noises"]) == ["hum"]
    other_noise = {**NOISES, "hum": NOISES["hum"][1:]}
    held_out = {**NOISES, "running_tap": NOISES["running_tap"][1:]}
    other_recipe = dataclasses.replace(SMALL, draw_recipe=DrawRecipe(seed=1))
    assert run_facts(corpus, split, SMALL, held_out) == facts
    assert run_facts(corpus, split, SMALL, other_noise) != facts
    assert run_facts(corpus, split, other_recipe, NOISES) != facts


def test_settings_without_draws_say_nothing_of_them() -> None:
    assert not {"draws", "draw_recipe"} & TrainingConfiguration().to_json().keys()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"draws": 8, "variants": ("telephone",)}, "variants: found telephone with draws"),
        ({"draw_recipe": DrawRecipe(room=0.1)}, r"draw_recipe: found room=0\.1 without draws"),
        ({"draws": -1}, "draws: found -1"),
    ],
)
def test_settings_that_do_not_go_together(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=f"^{named}"):
        TrainingConfiguration(**changes)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ("--draws 8 --cache-size 0.00001", "--cache-size: found 1e-05 GB, expected at least 0.0"),
        ("--draws 8 --cache-size 0", "--cache-size: found 0, expected above 0"),
        ("--draws 8 --draw-workers -1", "--draw-workers: found -1, expected at least 0"),
        ("--draws 8 --draw-recipe room=2", "--draw-recipe: room: found 2.0, expected 0..1"),
        ("--draws 8 --variants room", "--variants: found room with draws, expected clean"),
        ("--draw-recipe room=0.2", "--draw-recipe: found room=0.2 without draws"),
        ("--draws many", "argument --draws: invalid int value: 'many'"),
    ],
)
def test_flags_are_named_and_nothing_is_begun(
    flags: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(2):
            soundfile.write(tmp_path / "data" / name / f"{number}.wav", syllables(0.5), RATE)
    place = ["--dataset", "folders", "--data", str(tmp_path / "data")]
    out = ["--out", str(tmp_path / "out"), "--test-speakers", "none"]
    try:
        status = main(["train", *place, *out, *flags.split()])
    except SystemExit as stop:
        status = int(stop.code or 0)
    assert status == 2
    assert named in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.draws"))
    assert not list(tmp_path.rglob("state.npz"))
