"""What an utterance costs: instructions on an emulated core, milliseconds on this machine."""

from __future__ import annotations

from typing import Any

from lightsernet_edge.errors import InputError

from ..emulated.board import EmulatedBoard
from ..emulated.build import TARGETS
from ..firmware_model import FirmwareModel
from .host_benchmark import bench_host

HOST = "host"
BENCH_TARGETS = (HOST, *TARGETS)
# Length of the utterance, for a model whose input has no fixed length.
_SECONDS = 3.0


def bench(model: FirmwareModel, target: str, optimization: str = "-O2") -> dict[str, Any]:
    """Measure one utterance.

    Parameters
    ----------
    model : FirmwareModel
        The utterance is as long as the model's input.
    target : str
        A key of `TARGETS`, or ``host``.
    optimization : str
        Level of the cross compiler: ``-O2``, ``-O3`` or ``-Os``.

    Returns
    -------
    dict
        For ``host`` as `bench_host`, with ``target``, ``frames`` and ``seconds``;
        else as `EmulatedBoard.count_instructions`, with ``target``, ``frames``,
        ``seconds``, ``instructions_per_audio_second``,
        ``instructions_per_mac`` and ``layers``.

    Raises
    ------
    InputError
        If there is no such target.
    ModelError
        If the engine cannot run the model.
    MissingDependencyError
        If a compiler or QEMU is not installed.
    """
    if target not in BENCH_TARGETS:
        raise InputError(f"target: found {target!r}, expected one of {', '.join(BENCH_TARGETS)}")
    frames, samples = _utterance(model)
    spec = model.file.record.features
    seconds = frames * spec.hop_length / spec.sample_rate
    if target == HOST:
        times = bench_host(model, frames, samples)
        return {"target": target, "frames": frames, "seconds": seconds, **times}
    costs = model.layer_costs(frames, target)
    counts = EmulatedBoard(model, target, optimization).count_instructions(frames, samples)
    stages = counts.pop("stage_instructions")
    counted = counts["instructions_per_utterance"] or counts["network_instructions"]
    # The rest: taking rows in, mean, dense layer, softmax.
    stages.append(counts["network_instructions"] - sum(stages))
    return {
        "target": target,
        "optimization": optimization,
        "frames": frames,
        "seconds": seconds,
        **counts,
        "instructions_per_audio_second": round(counted / seconds),
        "instructions_per_mac": counts["network_instructions"] / sum(c.macs for c in costs),
        "layers": [
            {"name": cost.name, "operation": cost.operation, "macs": cost.macs, "instructions": n}
            for cost, n in zip(costs, stages, strict=True)
        ],
    }


def _utterance(model: FirmwareModel) -> tuple[int, int]:
    """Return the length of the utterance in rows of features, and in samples."""
    spec = model.file.record.features
    frames = model.file.graph.input.shape[1]
    if frames > 1:
        return frames, spec.frame_length + (frames - 1) * spec.hop_length
    samples = round(_SECONDS * spec.sample_rate)
    return spec.n_frames(samples), samples
