"""``fused``: one `.tflite` that takes the waveform, of built-in operators alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.classifier import open_classifier
from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.native_output import held_back

from ...firmware_model import FirmwareModel
from ..page import file_values
from ..templates import filled
from .tflite import npy
from .tflite_builder import TfliteBuilder
from .waveform_graph import WaveformGraph, default_samples, longest_rows, why_not_fused


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the model with its front end inside, record, labels, a golden waveform."""
    file = model.file
    spec = file.record.features
    if (why := why_not_fused(spec)) is not None:
        raise ModelError(f"{file.path}: the front end has no built-in operators: {why}")
    try:
        content = fused(file)
    except ModelError as error:
        raise ModelError(f"{file.path}: {error}") from None
    samples = default_samples(spec, file.graph.input.shape[1])
    waveform = _made_up_waveform(samples)
    with held_back():
        classifier = open_classifier(file)
        posteriors = classifier.posteriors(classifier.front_end.features(waveform))
    is_whole = spec.clip_seconds is None
    values = {
        **file_values(model),
        "SAMPLES": f"{samples:,}",
        "RATE": str(spec.sample_rate),
        "SECONDS": f"{samples / spec.sample_rate:g}",
        "LABEL_COUNT": str(len(file.record.outputs)),
        "LENGTH": _any_length(file) if is_whole else "It takes this length alone.",
        "EQUAL": "to within 0.012, three steps of the int8 network's output"
        if file.graph.precision == "int8"
        else "to within 0.001",
    }
    return {
        "model.tflite": content,
        "record.json": file.record.to_bytes() + b"\n",
        "labels.txt": "".join(f"{label}\n" for label in file.record.outputs).encode(),
        "self_test_input.npy": npy(waveform),
        "self_test_output.npy": npy(posteriors.astype(np.float32)),
        **filled(name, values),
    }


def fused(file: ModelFile) -> bytes:
    """Return a model that takes a waveform and gives posteriors.

    Its input is float32 in -1..1 at the model's rate, shape (n_samples,); its output float32,
    shape (1, n_labels), before bias and temperature.

    Parameters
    ----------
    file : ModelFile
        Of any precision.

    Raises
    ------
    ModelError
        If an operator of the front end or of the network is not built in.
    MissingDependencyError
        If the package ai-edge-litert is missing.
    """
    spec, rows = file.record.features, file.graph.input.shape[1]
    builder = TfliteBuilder(file.model)
    graph = WaveformGraph(builder, spec, default_samples(spec, rows))
    waveform, features = graph.add()
    shape = (1, -1, spec.n_coefficients, 1)
    now = (1, rows, spec.n_coefficients, 1)
    if file.graph.input.dtype == "float32":
        graph.reshaped(features, shape, now, builder.input)
    else:
        quantization = file.graph.input.quantization
        if spec.clip_value is not None:
            # The bound may lie between two integers, where float32 rounds to either: what is
            # beyond the middle of the outermost ones is not told apart anyway.
            ends = np.array([-spec.clip_value, spec.clip_value])
            low, high = quantization.dequantize(quantization.quantize(ends))
            features = graph.bounded(features, float(low), float(high))
        image = graph.reshaped(features, shape, now)
        builder.operator("QUANTIZE", [image], builder.input, {}, "Quantize")
    posteriors = builder.output
    if file.graph.output.dtype != "float32":
        posteriors = builder.operator(
            "DEQUANTIZE",
            [builder.output],
            builder.tensor(file.graph.output.shape, name="posteriors"),
            {},
            "Dequantize",
            version=2,
            behind=True,
        )
    return builder.content(waveform, posteriors, resizable=spec.clip_seconds is None)


def _any_length(file: ModelFile) -> str:
    spec = file.record.features
    seconds = longest_rows(spec) * spec.hop_length / spec.sample_rate
    return (
        f"`resize_tensor_input` gives it any other length from {spec.frame_length:,} samples to "
        f"{seconds:.0f} s; samples at the end that fill no hop of {spec.hop_length} are left out."
    )


def _made_up_waveform(samples: int) -> NDArray[np.float32]:
    """Return noise that swells and fades, as int16 has it: nobody spoke."""
    noise = np.random.default_rng(0).normal(size=samples)
    swell = 1.1 - np.cos(2 * np.pi * 4 * np.arange(samples) / samples)
    pcm = np.clip(np.rint(2000 * swell * noise), -32768, 32767)
    return (pcm / 32768).astype(np.float32)
