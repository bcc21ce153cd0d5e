"""What a record tells of its training speakers' neutral speech, and what enrolment makes of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.special import softmax

from lightsernet_edge.decision import LEAST_POSTERIOR
from lightsernet_edge.engines import open_engine
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.model.file import ModelFile, read_model, write_model
from lightsernet_edge.profiles.enrolment import profile_of
from lightsernet_trainer.conditions import parse_condition
from lightsernet_trainer.crossval.fold_scores import FoldScorer, HeldOutClips
from lightsernet_trainer.datasets import load
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.datasets.enrolment_clips import enrolment_clips
from lightsernet_trainer.training.feature_store import FeatureStore
from lightsernet_trainer.training.neutral_reference import with_neutral_reference
from tests.places import GOLDEN

TRAINED_ON, HELD_OUT = ("03", "10"), "13"


@pytest.fixture(scope="module")
def model() -> ModelFile:
    return read_model(GOLDEN / "int8.tflite")


@pytest.fixture(scope="module")
def clips(emodb: Path) -> list[Clip]:
    return list(load("emodb", emodb).clips)


@pytest.fixture(scope="module")
def store(model: ModelFile, clips: list[Clip]) -> FeatureStore:
    store = FeatureStore(model.record.features)
    heard = [clip for clip in clips if clip.speaker in TRAINED_ON and clip.label == NEUTRAL]
    store.load(heard, Console(quiet=True))
    return store


def of(clips: list[Clip], *speakers: str) -> list[Clip]:
    return [clip for clip in clips if clip.speaker in speakers]


def test_a_training_speaker_alone_is_off_by_nothing(
    model: ModelFile, clips: list[Clip], store: FeatureStore
) -> None:
    """Enrolled with the clips that the reference is of, that speaker has no bias left."""
    theirs = of(clips, "10")
    record = with_neutral_reference(model.record, model.model, store, theirs, seed=3)
    reference = record.decision.neutral_log_posteriors
    assert tuple(reference) == record.labels
    assert max(reference, key=reference.__getitem__) == NEUTRAL
    neutral = [clip for clip in theirs if clip.label == NEUTRAL]
    rows = [store.rows(clip).astype(np.float64) for clip in neutral]
    seconds = [len(each) * 256 / 16000 for each in rows]
    chosen = enrolment_clips(neutral, seconds, 3)
    assert 2 <= len(chosen) <= len(neutral)
    engine = open_engine(model.model, model.graph)
    profile = profile_of(
        [rows[i] for i in chosen], record, lambda r: model.graph.posteriors(engine.invoke(r))
    )
    assert profile.bias == pytest.approx([0.0] * len(record.labels), abs=1e-3)


def test_speakers_count_alike_and_only_what_is_neutral(
    model: ModelFile, clips: list[Clip], store: FeatureStore
) -> None:
    def reference(heard: list[Clip]) -> list[float]:
        record = with_neutral_reference(model.record, model.model, store, heard, 0)
        return list(record.decision.neutral_log_posteriors.values())

    alone = [reference(of(clips, speaker)) for speaker in TRAINED_ON]
    together = reference(of(clips, *TRAINED_ON))
    assert together == pytest.approx(np.mean(alone, axis=0).tolist(), abs=2e-4)
    assert alone[0] != alone[1]
    # Features of anything else were never loaded, and are not asked for.
    neutral = [clip for clip in of(clips, *TRAINED_ON) if clip.label == NEUTRAL]
    assert reference(neutral) == together


def test_where_there_is_nothing_to_tell_the_record_stays(
    model: ModelFile, clips: list[Clip], store: FeatureStore
) -> None:
    record = model.record
    angry = [clip for clip in clips if clip.label == "anger"]
    unknown = [dataclasses.replace(clip, speaker="") for clip in of(clips, "03")]
    plain = dataclasses.replace(record, features=record.features.without_standardisation())
    assert with_neutral_reference(record, model.model, store, angry, 0) is record
    assert with_neutral_reference(record, model.model, store, unknown, 0) is record
    assert with_neutral_reference(plain, model.model, store, of(clips, "03"), 0) is plain


def test_loso_enrol_takes_the_bias_off_what_was_said(
    model: ModelFile, clips: list[Clip], store: FeatureStore, tmp_path: Path
) -> None:
    known = with_neutral_reference(model.record, model.model, store, of(clips, *TRAINED_ON), 0)
    empty = dataclasses.replace(known.decision, neutral_log_posteriors={})
    unknown = dataclasses.replace(known, decision=empty)
    held_out = HeldOutClips(of(clips, HELD_OUT), model.record, parse_condition("clean", 16000))
    said = {}
    for name, record in (("known", known), ("unknown", unknown)):
        file = write_model(tmp_path / f"{name}.tflite", model.model, record)
        said[name] = FoldScorer(file, HELD_OUT).score("loso-enrol", held_out, 0)
    chosen = enrolment_clips(held_out.clips, held_out.seconds, 0)
    engine = open_engine(model.model, model.graph)
    profile = profile_of(
        [rows for i in chosen for rows in held_out.rows[i]],
        dataclasses.replace(known, sha256=model.record.sha256),
        lambda r: model.graph.posteriors(engine.invoke(r)),
    )
    assert np.ptp(profile.bias) > 0.05
    assert len(said["known"]) == len(held_out.clips) - len(chosen)
    for with_bias, without in zip(said["known"], said["unknown"], strict=True):
        assert with_bias.key == without.key
        # Five digits are kept of the network's steps.
        steps = np.round(np.array(without.posteriors) * 256) / 256
        logits = np.log(np.maximum(steps, LEAST_POSTERIOR)) - profile.bias
        assert with_bias.posteriors == pytest.approx(softmax(logits).tolist(), abs=1e-5)
