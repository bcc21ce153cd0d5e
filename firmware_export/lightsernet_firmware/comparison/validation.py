"""Compare an engine with TFLite's kernels on the same clips, integer by integer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.errors import InputError
from lightsernet_edge.features import FrontEnd

from ..emulated.board import EmulatedBoard
from ..emulated.build import TARGETS
from ..firmware_model import FirmwareModel
from ..host.outcome import ClipRunner, Outcome
from ..host.runner import HostRunner
from .reference_kernels import open_reference

ENGINES = ("native", *TARGETS)
# Every clip is run at its whole length at once.
MAX_SECONDS = 60.0
# Clips that are in memory at the same time.
_BLOCK = 25
_WORST = 5


@dataclass
class Validation:
    """How an engine compares with the reference kernels.

    Attributes
    ----------
    clips : int
    identical : int
        Clips with all logits and posteriors equal, on the same int8 features.
    max_lsb : int
        Largest difference of a logit or posterior, in steps of int8.
    labels_agree : int
        Clips with the same label.
    lsb_counts : dict of int to int
        Number of logits and posteriors at each difference.
    features_identical : float or None
        Share of the features' integers that equal the Python front end's;
        None for models whose front end needs the whole clip.
    features_max_lsb : int or None
        Largest difference of a feature, in steps of int8.
    pcm_labels_agree : int or None
        Clips with the same label from samples.
    worst : list of (float, str, list of float, list of float)
        The clips whose posteriors from samples differ most: the difference, the
        clip's name, the posteriors of the reference and those of the engine.
    """

    clips: int = 0
    identical: int = 0
    max_lsb: int = 0
    labels_agree: int = 0
    lsb_counts: dict[int, int] = field(default_factory=dict)
    features_identical: float | None = None
    features_max_lsb: int | None = None
    pcm_labels_agree: int | None = None
    worst: list[tuple[float, str, list[float], list[float]]] = field(default_factory=list)


def open_runner(model: FirmwareModel, engine: str) -> ClipRunner:
    """Open an engine by its name.

    Parameters
    ----------
    model : FirmwareModel
    engine : str
        One of `ENGINES`.

    Raises
    ------
    InputError
        If there is no engine of that name.
    """
    if engine == "native":
        return HostRunner(model)
    if engine not in TARGETS:
        raise InputError(f"engine: found {engine!r}, expected one of {', '.join(ENGINES)}")
    return EmulatedBoard(model, engine)


def validate(
    model: FirmwareModel,
    paths: Sequence[Path],
    engine: str,
    seconds: float | None = None,
    reference: str = "litert",
) -> Validation:
    """Compare an engine with TFLite's kernels.

    Parameters
    ----------
    model : FirmwareModel
    paths : sequence of Path
        Recordings, at least one.
    engine : str
        One of `ENGINES`.
    seconds : float, optional
        Length that every clip is cut or padded to, above 0 and at most `MAX_SECONDS`. By
        default each clip keeps its own.
    reference : str
        One of `REFERENCES`: LiteRT's reference kernels by default.

    Raises
    ------
    InputError
        If a parameter is out of range, or a recording cannot be read.
    LightSernetError
        If the engine, or a package or tool that it needs, is missing or fails.
    """
    if not paths:
        raise InputError("paths: found none, expected at least one recording")
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise InputError(
            f"seconds: found {seconds:g}, expected a number above 0, at most {MAX_SECONDS:g}"
        )
    runner, oracle = open_runner(model, engine), open_reference(model.file, reference)
    front_end = FrontEnd(model.file.record.features)
    result = Validation()
    feature_steps = np.zeros(256, np.int64)
    for block in _blocks(paths):
        samples = [_samples(path, front_end.spec.sample_rate, seconds) for path in block]
        rows = [_rows(model, front_end, *clip) for clip in zip(block, samples, strict=True)]
        expected = oracle.run_features(rows)
        for wanted, found in zip(expected, runner.run_features(rows), strict=True):
            _compare_integers(result, wanted, found)
        if model.tables is not None:
            from_samples = runner.run_samples(samples)
            for path, wanted, own, found in zip(block, expected, rows, from_samples, strict=True):
                feature_steps += _feature_steps(own, found)
                _compare_posteriors(result, path.name, wanted, found)
    if model.tables is not None:
        result.features_identical = float(feature_steps[0] / feature_steps.sum())
        result.features_max_lsb = int(np.flatnonzero(feature_steps)[-1])
    return result


def _compare_integers(result: Validation, wanted: Outcome, found: Outcome) -> None:
    steps = np.abs(
        np.concatenate([wanted.logits, wanted.posteriors]).astype(int)
        - np.concatenate([found.logits, found.posteriors])
    )
    result.clips += 1
    result.identical += int(not steps.any())
    result.max_lsb = max(result.max_lsb, int(steps.max()))
    result.labels_agree += int(_label(wanted) == _label(found))
    for step, count in zip(*np.unique(steps, return_counts=True), strict=True):
        result.lsb_counts[int(step)] = result.lsb_counts.get(int(step), 0) + int(count)


def _compare_posteriors(result: Validation, name: str, wanted: Outcome, found: Outcome) -> None:
    agree = int(_label(wanted) == _label(found))
    result.pcm_labels_agree = (result.pcm_labels_agree or 0) + agree
    pair = [((outcome.posteriors.astype(int) + 128) / 256).tolist() for outcome in (wanted, found)]
    difference = max(abs(a - b) for a, b in zip(*pair, strict=True))
    result.worst.append((difference, name, pair[0], pair[1]))
    result.worst.sort(key=lambda entry: (-entry[0], entry[1]))
    del result.worst[_WORST:]


def _feature_steps(wanted: NDArray[np.int8], found: Outcome) -> NDArray[np.int64]:
    """Count the features by their difference, shape (256,)."""
    assert found.features is not None
    steps = np.abs(wanted.astype(int) - found.features.astype(int))
    return np.bincount(steps.ravel(), minlength=256)


def _label(outcome: Outcome) -> int:
    # Of equal posteriors the first wins, as in the engine.
    return int(np.argmax(outcome.posteriors))


def _blocks(paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for start in range(0, len(paths), _BLOCK):
        yield paths[start : start + _BLOCK]


def _samples(path: Path, sample_rate: int, seconds: float | None) -> NDArray[np.int16]:
    pcm = as_pcm16(read_recording(path, sample_rate).samples)
    if seconds is not None:
        length = round(seconds * sample_rate)
        pcm = np.pad(pcm[:length], (0, max(0, length - len(pcm))))
    return pcm


def _rows(
    model: FirmwareModel, front_end: FrontEnd, path: Path, samples: NDArray[np.int16]
) -> NDArray[np.int8]:
    rows = model.file.graph.input.quantization.quantize(front_end.features(samples))
    if len(rows) == 0:
        raise InputError(f"{path}: shorter than one frame")
    return rows
