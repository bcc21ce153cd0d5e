"""The front end's record, with the limits of what a profile may change."""

from __future__ import annotations

from lightsernet_edge.profiles.profile import (
    MAX_SHIFT,
    MAX_STRETCH,
    MEMORY_S,
    PRIOR_MEAN_S,
    PRIOR_SCALE_S,
)

from ..planner.front_end_tables import FrontEndTables
from ..planner.network_plan import NetworkPlan
from .sections import Sections, record

_FRONT_END_WORDS = 25
_POWER_SPECTRUM, _RUNNING_PEAK, _REPLACE_ZERO, _REMOVE_OFFSET = 1, 2, 4, 8
_STANDARDIZES, _UTTERANCE_MEAN = 16, 32
# Stands for "no clip": every number of a blob is finite.
_NO_CLIP = 1e30


def front_end_record(blob: Sections, tables: FrontEndTables, plan: NetworkPlan) -> bytes:
    """Add the front end's tables, and return its record."""
    spec = tables.spec
    flags = (
        _POWER_SPECTRUM * (spec.spectrum == "power")
        + _RUNNING_PEAK * (spec.level == "running-peak")
        + _REPLACE_ZERO * (spec.log == "replace-zero")
        + _REMOVE_OFFSET * tables.ignores_offset
        + _STANDARDIZES * (spec.mean is not None)
        + _UTTERANCE_MEAN * tables.has_utterance_mean
    )
    # What version 5 adds to the record.
    added = (tables.utterance_prior_rows, tables.utterance_memory_rows)
    utterance_mean = added if tables.has_utterance_mean else ()
    rows_per_s = spec.sample_rate / spec.hop_length
    return record(
        _FRONT_END_WORDS + len(utterance_mean),
        spec.sample_rate,
        spec.frame_length,
        spec.hop_length,
        spec.fft_length,
        spec.n_mels,
        flags,
        float(tables.level_decay),
        float(spec.level_floor),
        float(spec.log_floor),
        float(_NO_CLIP if spec.clip_value is None else spec.clip_value),
        1.0 / plan.input.scale,
        blob.add_array(tables.window),
        blob.add_array(tables.twiddles),
        blob.add_array(tables.split),
        blob.add_array(tables.bands),
        blob.add_array(tables.band_weights),
        len(tables.band_weights),
        0 if tables.dct is None else blob.add_array(tables.dct),
        blob.add_array(tables.mean),
        blob.add_array(tables.inverse_scale),
        PRIOR_MEAN_S * rows_per_s,
        PRIOR_SCALE_S * rows_per_s,
        MEMORY_S * rows_per_s,
        MAX_SHIFT,
        MAX_STRETCH,
        *utterance_mean,
    )
