"""Integer by integer, layer by layer: the engine beside other people's kernels.

Usage: python -m tests.firmware.comparison.integer_comparison [--clips N] [--network TEXT] [--json]
       [--own]

Runs the clips of EMO-DB, cut or padded to a network's length, through the model
that ships and through networks of other widths, lengths and numbers of classes;
prints how every layer's integers compare with LiteRT's reference kernels, TFLite
Micro's, and XNNPACK's, and with those of the engine's other kernels that this processor
runs; with --own with these alone. Status 1 if any differ that must not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import soundfile
from numpy.typing import NDArray

from lightsernet_edge.features import FeatureSpec, FrontEnd
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_edge.model.tflite_graph import Graph, read_graph
from lightsernet_firmware.host.kernels import runnable_kernels
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.comparison.tapped_engine import TappedEngine
from tests.firmware.planner.networks import VARIANTS, Network, int8_model, record_for

Int8 = NDArray[np.int8]
# Returns the tensors of the indices asked for, after a run of rows.
Kernels = Callable[[Int8], list[Int8]]
Factory = Callable[[bytes, Sequence[int]], Kernels]

# All tensors of 7 s at full width at once.
_ARENA_BYTES = 1 << 26
# The last two are the logits and the posteriors, where TFLite Micro is known to
# round otherwise.
_HEAD_LAYERS = ("mean", "logits", "posteriors")


def layer_tensors(graph: Graph) -> list[int]:
    """Tensors that correspond to `TappedEngine.run`: of every stage, mean, logits, posteriors."""
    inputs: list[int] = []
    for operator in graph.operators:
        if operator.name == "CONV_2D" and operator.inputs[0] not in inputs:
            inputs.append(operator.inputs[0])
    (mean,) = (operator for operator in graph.operators if operator.name == "MEAN")
    (softmax,) = (operator for operator in graph.operators if operator.name == "SOFTMAX")
    return [*inputs[1:], mean.inputs[0], mean.outputs[0], softmax.inputs[0], softmax.outputs[0]]


def litert_reference(model: bytes, tensors: Sequence[int]) -> Kernels:
    """LiteRT's reference kernels, ``BUILTIN_REF``."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    return _litert(
        Interpreter(
            model_content=model,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        ),
        tensors,
    )


def litert_xnnpack(model: bytes, tensors: Sequence[int]) -> Kernels:
    """LiteRT with XNNPACK. What it computes inside is lost unless it is an output."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter

    content = schema.ModelT.InitFromPackedBuf(model, 0)
    content.subgraphs[0].outputs = list(tensors)
    # They name the outputs that were.
    content.signatureDefs = []
    builder = flatbuffers.Builder(len(model))
    builder.Finish(content.Pack(builder), b"TFL3")
    return _litert(Interpreter(model_content=bytes(builder.Output()), num_threads=1), tensors)


def _litert(interpreter: Any, tensors: Sequence[int]) -> Kernels:
    index = interpreter.get_input_details()[0]["index"]
    interpreter.allocate_tensors()

    def run(rows: Int8) -> list[Int8]:
        interpreter.set_tensor(index, rows[None, :, :, None])
        interpreter.invoke()
        return [np.array(interpreter.get_tensor(tensor)) for tensor in tensors]

    return run


def tflite_micro(model: bytes, tensors: Sequence[int]) -> Kernels:
    """TFLite Micro's reference kernels, from its wheel."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(
        model,
        # Spelt so in its API.
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        arena_size=_ARENA_BYTES,
    )

    def run(rows: Int8) -> list[Int8]:
        interpreter.set_input(rows[None, :, :, None], 0)
        interpreter.invoke()
        return [
            np.array(interpreter.GetTensor(tensor, 0)["tensor_data"], np.int8) for tensor in tensors
        ]

    return run


KERNELS: dict[str, Factory] = {
    "LiteRT BUILTIN_REF": litert_reference,
    "tflite_micro": tflite_micro,
    "XNNPACK": litert_xnnpack,
}


def engine_with(kernels: str) -> Factory:
    """The engine with some of its own kernels."""
    return lambda model, _: TappedEngine(plan_network(read_graph(model)), kernels).run


# The engine's own, of this processor.
OWN_KERNELS: dict[str, Factory] = {name: engine_with(name) for name in runnable_kernels()}
# What may differ: the layers up to which nothing does, of kernels that are not equal in all.
_EQUAL_LAYERS = {"tflite_micro": -2, "XNNPACK": 0}


@dataclasses.dataclass
class Comparison:
    """How the engine's integers differ from some kernels'.

    Attributes
    ----------
    engine : str
        Name of the engine's kernels.
    layers : tuple of str
    counts : dict of str to list of Counter
        For each of the other kernels, for each layer: integers by their difference.
    clips : int
    """

    engine: str
    layers: tuple[str, ...]
    counts: dict[str, list[Counter[int]]]
    clips: int = 0

    def differing(self, kernels: str, layers: int | None = None) -> int:
        """Count the integers that differ, in the first so many layers or in all."""
        return sum(sum(counter.values()) - counter[0] for counter in self.counts[kernels][:layers])

    @property
    def holds(self) -> bool:
        """Whether all are equal that must be."""
        return not any(self.differing(name, _EQUAL_LAYERS.get(name)) for name in self.counts)


def compare(
    model: bytes, clips: Iterable[Int8], others: Mapping[str, Factory] | None = None
) -> Comparison:
    """Run clips, int8 features of shape (frames, coefficients), through everything.

    `others` are `KERNELS` unless given; those that the engine runs with anyway are left out.
    """
    graph = read_graph(model)
    plan = plan_network(graph)
    tensors = layer_tensors(graph)
    engine = TappedEngine(plan)
    kernels = {
        name: make(model, tensors)
        for name, make in (KERNELS if others is None else others).items()
        if name != engine.kernels
    }
    layers = (*(stage.name for stage in plan.stages), *_HEAD_LAYERS)
    result = Comparison(
        engine.kernels, layers, {name: [Counter() for _ in layers] for name in kernels}
    )
    for rows in clips:
        found = engine.run(rows)
        for name, run in kernels.items():
            for counter, wanted, ours in zip(result.counts[name], run(rows), found, strict=True):
                steps = np.abs(wanted.ravel().astype(np.int16) - ours.ravel())
                counts = np.bincount(steps)
                counter.update({int(step): int(counts[step]) for step in np.flatnonzero(counts)})
        result.clips += 1
    return result


def features_of(path: Path, spec: FeatureSpec, frames: int) -> NDArray[np.float64]:
    """Features of a recording, cut or padded with silence to so many frames."""
    samples = soundfile.read(path, dtype="int16")[0]
    length = spec.frame_length + (frames - 1) * spec.hop_length
    samples = np.pad(samples[:length], (0, max(0, length - len(samples))))
    return FrontEnd(spec).features(samples)


# What is compared: the model that ships, and networks with random weights.
NETWORKS: dict[str, Network | None] = {"shipped": None, **{str(n): n for n in VARIANTS}}


def model_and_spec(network: Network | None) -> tuple[bytes, FeatureSpec]:
    """A network of `NETWORKS`, converted."""
    if network is None:
        shipped = read_model(default_model_path())
        return shipped.model, shipped.record.features
    return int8_model(network), record_for(network).features


def compare_on(
    model: bytes,
    spec: FeatureSpec,
    paths: Sequence[Path],
    others: Mapping[str, Factory] | None = None,
) -> Comparison:
    """Compare on recordings."""
    graph = read_graph(model)
    quantization, frames = graph.input.quantization, graph.input.shape[1]
    clips = (quantization.quantize(features_of(path, spec, frames)) for path in paths)
    return compare(model, clips, others)


def _print(name: str, result: Comparison) -> None:
    print(
        f"{name}: {result.clips} clips, kernels {result.engine}, "
        f"{'as promised' if result.holds else 'NOT AS PROMISED'}"
    )
    for kernels, counters in result.counts.items():
        for layer, counter in zip(result.layers, counters, strict=True):
            total = sum(counter.values())
            shares = ", ".join(
                f"by {step}: {count} ({count / total:.2e})"
                for step, count in sorted(counter.items())
                if step
            )
            print(f"  {kernels:18} {layer:11} {total:12,} integers  {shares or 'all equal'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("LIGHTSERNET_DATA"))
    parser.add_argument("--clips", type=int, help="so many, spread over the corpus")
    parser.add_argument("--network", default="", help="only those whose name contains this")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--own", action="store_true", help="only beside the engine's other kernels, which is quick"
    )
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("no data: give --data or set LIGHTSERNET_DATA to the folder that holds emodb/")
    paths = sorted((Path(arguments.data) / "emodb" / "wav").glob("*.wav"))
    if not paths:
        parser.error(f"--data {arguments.data}: found no emodb/wav/*.wav")
    if arguments.clips:
        chosen = np.linspace(0, len(paths) - 1, arguments.clips).round().astype(int)
        paths = [paths[i] for i in chosen]
    others = OWN_KERNELS if arguments.own else {**KERNELS, **OWN_KERNELS}
    holds = True
    for name, network in NETWORKS.items():
        if arguments.network not in name:
            continue
        result = compare_on(*model_and_spec(network), paths, others)
        holds &= result.holds
        if arguments.json:
            print(json.dumps({"network": name, **vars(result)}), flush=True)
        else:
            _print(name, result)
            sys.stdout.flush()
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
