"""What a listener needs besides the network: endpointing and decision."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from lightsernet_edge.endpointing.settings import EndpointConstants
from lightsernet_edge.errors import InputError
from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.model.record import DecisionDefaults

from .sections import Sections, record, words

_DECISION_WORDS = 8
_LARGEST_WORD = 2**32 - 1
# Threshold of a label that is never said: above any posterior.
NEVER = 2.0


def add_listener(
    blob: Sections,
    spec: FeatureSpec,
    labels: Sequence[str],
    decision: DecisionDefaults,
    other_output: bool = False,
) -> tuple[int, int]:
    """Add the records of endpointing and decision, and return their offsets.

    The threshold of the last label is `NEVER` if it is for what is none of the others. Both
    offsets are 0 where there can be no listener, as endpointing's window has too many hops.
    """
    try:
        constants = EndpointConstants.of(decision.endpointing, spec.sample_rate, spec.hop_length)
    except InputError:
        return 0, 0
    endpointing = blob.add(words(*dataclasses.astuple(constants)))
    return endpointing, blob.add(_decision_record(blob, spec, labels, decision, other_output))


def _decision_record(
    blob: Sections,
    spec: FeatureSpec,
    labels: Sequence[str],
    decision: DecisionDefaults,
    other_output: bool,
) -> bytes:
    exact = np.array([decision.thresholds.get(label, 0.0) for label in labels])
    if other_output:
        exact[-1] = NEVER
    thresholds = exact.astype(np.float32)
    # Rounded up: a posterior, a multiple of 1/256, compares with it as with the exact one.
    low = thresholds < exact
    thresholds[low] = np.nextafter(thresholds[low], np.float32(2.0))
    hops_per_s = spec.sample_rate / spec.hop_length
    step_hops = decision.step_hops(hops_per_s)
    rule = decision.rule(tuple(labels))
    return record(
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
