"""From a plan and a record to the blob: header, sections, CRC.

The layout is written down in ``docs/reference/blob-format.md``; the engine's own view of
it is ``engine/src/model/lsn_blob.h``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.record import DecisionDefaults

from ..planner.front_end_tables import FrontEndTables
from ..planner.network_plan import NetworkPlan
from .front_end import front_end_record
from .listener import add_listener
from .network import head_record, stage_record
from .sections import Sections, words

MAGIC = b"LSN1"
# The newest version that the engine reads, and the one that suffices without a running
# mean of the utterance: older engines open it too.
VERSION, OLDEST_VERSION = 5, 4
# The CRC-32 covers all bytes from here on.
CRC_START = 16

_HEADER_WORDS = 24
# How much of the model's SHA-256 the header keeps.
_HASH_BYTES = 16


def build_blob(
    plan: NetworkPlan,
    tables: FrontEndTables | None,
    labels: Sequence[str],
    decision: DecisionDefaults | None = None,
    model_hash: bytes = b"",
    other_output: bool = False,
) -> bytes:
    """Serialise a network's plan and its front end.

    Parameters
    ----------
    plan : NetworkPlan
    tables : FrontEndTables or None
        None for rows of features only.
    labels : sequence of str
        Names in the order of the network's output.
    decision : DecisionDefaults, optional
        Temperature, thresholds and times; those of `DecisionDefaults()` if left out.
    model_hash : bytes
        SHA-256 of the `.tflite`; 16 bytes are kept.
    other_output : bool
        Whether the last name is of an output for what is none of the labels.

    Returns
    -------
    bytes
        The blob, to be placed at a multiple of 16 bytes.

    Raises
    ------
    ModelError
        If labels or front end do not fit the network, or a number does not fit 32 bits.
    """
    _require_fit(plan, tables, labels)
    decision, blob = decision or DecisionDefaults(), Sections()
    blob.add(bytes(4 * _HEADER_WORDS))
    labels_offset = blob.add(names := b"".join(label.encode() + b"\0" for label in labels))
    stages_offset = blob.add(b"".join(stage_record(blob, stage) for stage in plan.stages))
    head_offset = blob.add(head_record(blob, plan.head))
    front_end_offset, endpointing_offset, decision_offset = _listening(
        blob, plan, tables, labels, decision, other_output
    )
    header = words(
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
    header += model_hash[:_HASH_BYTES].ljust(_HASH_BYTES, b"\0")
    header += words(endpointing_offset, decision_offset)
    return seal(blob.filled_in(CRC_START, header), _version_needed(tables))


def _listening(
    blob: Sections,
    plan: NetworkPlan,
    tables: FrontEndTables | None,
    labels: Sequence[str],
    decision: DecisionDefaults,
    other_output: bool,
) -> tuple[int, int, int]:
    """Add what samples need and rows do not; return the offsets, 0 for what there is not."""
    if tables is None:
        return 0, 0, 0
    front_end = blob.add(front_end_record(blob, tables, plan))
    return front_end, *add_listener(blob, tables.spec, labels, decision, other_output)


def seal(content: bytes, version: int | None = None) -> bytes:
    """Write magic, version, size and CRC-32 into the head of a blob.

    Parameters
    ----------
    content : bytes
        The blob, its first 16 bytes aside.
    version : int, optional
        Of the blob; by default the one in `content`.
    """
    if version is None:
        (version,) = struct.unpack_from("<I", content, len(MAGIC))
    crc = zlib.crc32(content[CRC_START:])
    return struct.pack("<4sIII", MAGIC, version, len(content), crc) + content[CRC_START:]


def _version_needed(tables: FrontEndTables | None) -> int:
    """Return the oldest version that has all that the front end needs."""
    return VERSION if tables is not None and tables.has_utterance_mean else OLDEST_VERSION


def _require_fit(plan: NetworkPlan, tables: FrontEndTables | None, labels: Sequence[str]) -> None:
    """Refuse labels and tables of another network."""
    if len(labels) != plan.head.labels:
        raise ModelError(f"labels: found {len(labels)}, the network has {plan.head.labels}")
    if tables is not None and tables.spec.n_coefficients != plan.coefficients:
        raise ModelError(
            f"features: {tables.spec.n_coefficients} coefficients, the network takes "
            f"{plan.coefficients}"
        )
