"""The model blob: one byte string with all that the C engine needs.

The layout is written down in ``docs/reference/blob-format.md``; the engine's own view of
it is ``engine/src/model/lsn_blob.h``.
"""

from __future__ import annotations

import dataclasses
import math
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.endpointing.settings import EndpointConstants
from lightsernet_edge.errors import InputError, ModelError
from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.record import DecisionDefaults, ModelRecord
from lightsernet_edge.profiles.profile import (
    MAX_SHIFT,
    MAX_STRETCH,
    MEMORY_S,
    PRIOR_MEAN_S,
    PRIOR_SCALE_S,
)

from .front_end_tables import FrontEndTables, front_end_tables, why_not_streamable
from .graph_planner import plan_network
from .network_plan import Head, NetworkPlan, Path, Requantization, Stage, round_up
from .requantization import Multiplier

MAGIC = b"LSN1"
VERSION = 4
ALIGNMENT = 16
# The CRC-32 covers all bytes behind itself.
CRC_START = 16

_HEADER_WORDS, _STAGE_WORDS, _PATH_WORDS, _HEAD_WORDS, _FRONT_END_WORDS = 24, 8, 12, 14, 25
_POWER_SPECTRUM, _RUNNING_PEAK, _REPLACE_ZERO, _REMOVE_OFFSET = 1, 2, 4, 8
_STANDARDIZES = 16
# In the header: the first word of the model's hash, and that of what comes behind it.
_HASH_WORD, _MORE_WORD = 16, 20
_DECISION_WORDS = 8
_LARGEST_WORD = 2**32 - 1
# Stands for "no clip" where all values must be finite.
_NO_CLIP = 1e30


def blob_of(file: ModelFile) -> bytes:
    """Build the blob of a model file, with its front end where that can stream.

    Raises
    ------
    ModelError
        If the network cannot be run row by row, or the engine cannot take a number of
        the record; it names the file.
    """
    try:
        return planned_blob(plan_network(file.graph), file.record)
    except ModelError as error:
        raise ModelError(f"{file.path}: {error}") from None


def planned_blob(plan: NetworkPlan, record: ModelRecord) -> bytes:
    """Build the blob of a network that is planned, and of its record.

    Raises
    ------
    ModelError
        If the engine cannot take a number of the record.
    """
    tables = None
    if why_not_streamable(record.features) is None:
        tables = front_end_tables(record.features)
    return build_blob(plan, tables, record.labels, record.decision, bytes.fromhex(record.sha256))


def build_blob(
    plan: NetworkPlan,
    tables: FrontEndTables | None,
    labels: Sequence[str],
    decision: DecisionDefaults | None = None,
    model_hash: bytes = b"",
) -> bytes:
    """Serialise a plan.

    Parameters
    ----------
    plan : NetworkPlan
    tables : FrontEndTables or None
        None for a blob that takes features only.
    labels : sequence of str
        In the order of the network's output.
    decision : DecisionDefaults, optional
    model_hash : bytes, optional
        SHA-256 of the `.tflite`; the first 16 bytes are kept.

    Returns
    -------
    bytes
        To be placed at a multiple of 16.

    Raises
    ------
    ModelError
        If labels or front end do not fit the network, or a number does not fit 32 bits.
    """
    if len(labels) != plan.head.labels:
        raise ModelError(f"labels: found {len(labels)}, the network has {plan.head.labels}")
    if tables is not None and tables.spec.n_coefficients != plan.coefficients:
        raise ModelError(
            f"features: {tables.spec.n_coefficients} coefficients, the network takes "
            f"{plan.coefficients}"
        )
    decision = decision or DecisionDefaults()
    blob = _Blob()
    blob.add(bytes(4 * _HEADER_WORDS))
    names = b"".join(label.encode() + b"\0" for label in labels)
    labels_offset = blob.add(names)
    stages_offset = blob.add(b"".join(_stage(blob, stage) for stage in plan.stages))
    head_offset = blob.add(_head(blob, plan.head))
    front_end_offset = endpointing_offset = decision_offset = 0
    if tables is not None:
        front_end_offset = blob.add(_front_end(blob, tables, plan))
        constants = _endpointing(tables.spec, decision)
        if constants is not None:
            endpointing_offset = blob.add(_words(*dataclasses.astuple(constants)))
            decision_offset = blob.add(_decision(blob, tables.spec, labels, decision))
    content = blob.content()
    words = _words(
        len(plan.stages),
        stages_offset,
        head_offset,
        front_end_offset,
        labels_offset,
        len(names),
        len(labels),
        plan.coefficients,
        plan.input.scale,
        plan.input.zero_point,
        decision.temperature,
        decision.min_seconds,
    )
    content[CRC_START : CRC_START + len(words)] = words
    content[4 * _HASH_WORD : 4 * _MORE_WORD] = model_hash[:16].ljust(16, b"\0")
    content[4 * _MORE_WORD : 4 * _MORE_WORD + 8] = _words(endpointing_offset, decision_offset)
    return seal(bytes(content))


def seal(content: bytes) -> bytes:
    """Write magic, version, size and CRC-32 into the head of a blob."""
    crc = zlib.crc32(content[CRC_START:])
    return struct.pack("<4sIII", MAGIC, VERSION, len(content), crc) + content[CRC_START:]


class _Blob:
    """Sections, each at a multiple of 16 bytes."""

    def __init__(self) -> None:
        self._content = bytearray()

    def add(self, section: bytes) -> int:
        """Append a section and return its offset."""
        offset = len(self._content)
        self._content += section.ljust(round_up(len(section), ALIGNMENT), b"\0")
        return offset

    def add_array(self, array: NDArray[np.generic]) -> int:
        """Append an array in C order and return its offset."""
        return self.add(np.ascontiguousarray(array).tobytes())

    def content(self) -> bytearray:
        return self._content


def _words(*values: int | float) -> bytes:
    """Pack numbers into 32 bits each: integers of either sign, floats as float32."""
    try:
        return b"".join(
            struct.pack("<f", value)
            if isinstance(value, float)
            else struct.pack("<I", value & 0xFFFFFFFF)
            for value in values
        )
    except OverflowError:
        largest = max(abs(value) for value in values)
        raise ModelError(
            f"the record has {largest:g}, expected numbers that fit 32-bit floats"
        ) from None


def _stage(blob: _Blob, stage: Stage) -> bytes:
    paths = blob.add(b"".join(_path(blob, path) for path in stage.paths))
    return _record(
        _STAGE_WORDS,
        stage.input_width,
        stage.input_channels,
        stage.input_zero_point,
        *stage.pool,
        stage.tile_width,
        len(stage.paths),
        paths,
    )


def _path(blob: _Blob, path: Path) -> bytes:
    rescaling = path.rescaling
    multiplier = rescaling.multiplier if rescaling else Multiplier(0, 0)
    return _record(
        _PATH_WORDS,
        *path.kernel,
        path.filters,
        blob.add_array(path.packed_weights),
        _requantization(blob, path.requantization),
        path.requantization.zero_point,
        path.requantization.minimum,
        path.requantization.maximum,
        multiplier.value,
        multiplier.shift,
        rescaling.input_zero_point if rescaling else 0,
        rescaling.output_zero_point if rescaling else 0,
    )


def _head(blob: _Blob, head: Head) -> bytes:
    packed = np.pad(head.weights, ((0, 0), (0, round_up(head.channels) - head.channels)))
    return _record(
        _HEAD_WORDS,
        head.width,
        head.channels,
        head.input_zero_point,
        head.mean_zero_point,
        head.mean_multiplier.value,
        head.mean_multiplier.shift,
        blob.add_array(packed),
        _requantization(blob, head.requantization),
        head.requantization.zero_point,
        head.requantization.minimum,
        head.requantization.maximum,
        head.softmax.multiplier.value,
        head.softmax.multiplier.shift,
        head.softmax.smallest_difference,
    )


def _requantization(blob: _Blob, requantization: Requantization) -> int:
    return blob.add_array(
        np.array(
            [
                requantization.bias,
                [multiplier.value for multiplier in requantization.multipliers],
                [multiplier.shift for multiplier in requantization.multipliers],
            ],
            dtype="<i4",
        )
    )


def _front_end(blob: _Blob, tables: FrontEndTables, plan: NetworkPlan) -> bytes:
    spec = tables.spec
    flags = (
        _POWER_SPECTRUM * (spec.spectrum == "power")
        + _RUNNING_PEAK * (spec.level == "running-peak")
        + _REPLACE_ZERO * (spec.log == "replace-zero")
        + _REMOVE_OFFSET * tables.ignores_offset
        + _STANDARDIZES * (spec.mean is not None)
    )
    rows_per_s = spec.sample_rate / spec.hop_length
    return _record(
        _FRONT_END_WORDS,
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
    )


def _endpointing(spec: FeatureSpec, decision: DecisionDefaults) -> EndpointConstants | None:
    """Return the constants of endpointing; None where its window is too many hops."""
    try:
        return EndpointConstants.of(decision.endpointing, spec.sample_rate, spec.hop_length)
    except InputError:
        return None


def _decision(
    blob: _Blob, spec: FeatureSpec, labels: Sequence[str], decision: DecisionDefaults
) -> bytes:
    exact = np.array([decision.thresholds.get(label, 0.0) for label in labels])
    thresholds = exact.astype(np.float32)
    # Rounded up: posteriors of 1/256 compare with them as with the exact ones.
    low = thresholds < exact
    thresholds[low] = np.nextafter(thresholds[low], np.float32(2.0))
    hops_per_s = spec.sample_rate / spec.hop_length
    step_hops = decision.step_hops(hops_per_s)
    rule = decision.rule(tuple(labels))
    return _record(
        _DECISION_WORDS,
        step_hops,
        math.ceil(min(decision.min_seconds * spec.sample_rate, _LARGEST_WORD)),
        blob.add_array(thresholds),
        decision.window_hops(hops_per_s),
        rule.keep(step_hops / hops_per_s),
        rule.hold_steps(step_hops / hops_per_s),
        0,
        0,
    )


def _record(n_words: int, *values: int | float) -> bytes:
    if len(values) != n_words:
        raise AssertionError(f"a record has {len(values)} words, expected {n_words}")
    return _words(*values)
