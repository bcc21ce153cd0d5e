"""A model's mean log posteriors on neutral speech of its training speakers.

Enrolment compares a user's neutral speech with them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from lightsernet_edge.engines import open_engine
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.model.record import ModelRecord
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_edge.profiles.enrolment import neutral_answers, profile_of

from ..datasets.clip import Clip
from ..datasets.enrolment_clips import enrolment_clips
from .feature_store import FeatureStore


def with_neutral_reference(
    record: ModelRecord, flatbuffer: bytes, store: FeatureStore, clips: Sequence[Clip], seed: int
) -> ModelRecord:
    """Add to the record the model's log posteriors on neutral speech after enrolment.

    Each training speaker is enrolled with about ten seconds of neutral clips, as a user is.

    Parameters
    ----------
    record : ModelRecord
    flatbuffer : bytes
        The model that gets the record.
    store : FeatureStore
    clips : sequence of Clip
        The clips that the model was trained on.
    seed : int
        Of the choice of enrolment clips, from 0.

    Returns
    -------
    ModelRecord
        `record` itself if the features are not standardised, or no clip of a known speaker
        is neutral.
    """
    spec = record.features
    speakers = sorted({clip.speaker for clip in clips if clip.label == NEUTRAL} - {""})
    if spec.mean is None or not speakers:
        return record
    graph = read_graph(flatbuffer)
    engine = open_engine(flatbuffer, graph)
    rows_per_s = spec.sample_rate / spec.hop_length
    found = []
    for speaker in speakers:
        theirs = [clip for clip in clips if (clip.speaker, clip.label) == (speaker, NEUTRAL)]
        rows = [store.rows(clip).astype(np.float64) for clip in theirs]
        chosen = enrolment_clips(theirs, [len(each) / rows_per_s for each in rows], seed)
        neutral = [rows[i] for i in chosen]
        profile = profile_of(neutral, record)
        found.append(
            neutral_answers(
                neutral, spec, profile, lambda rows: graph.posteriors(engine.invoke(rows))
            )
        )
    means = np.mean(found, axis=0).round(4)
    reference = dict(zip(record.outputs, means.tolist(), strict=True))
    decision = dataclasses.replace(record.decision, neutral_log_posteriors=reference)
    return dataclasses.replace(record, decision=decision)
