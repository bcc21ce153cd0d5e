"""Changed networks: `TfliteBuilder` puts operators in front, `with_fixed_shapes` fixes sizes.

LiteRT's package has the file format as Python objects; no converter is needed.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import MissingDependencyError, ModelError

# Of a buffer, as the schema wants it: kernels read whole vectors.
_ALIGNMENT = 16
_TYPES = {"float32": "FLOAT32", "int32": "INT32", "bool": "BOOL", "complex64": "COMPLEX64"}


class TfliteBuilder:
    """A network, with operators that are added in front of it, in order of execution.

    Tensors are known by their index.

    Parameters
    ----------
    network : bytes
        A verified `.tflite`.

    Attributes
    ----------
    input, output : int
        Tensors of the network.

    Raises
    ------
    MissingDependencyError
        If the package ai-edge-litert is missing.
    ModelError
        If the network has operators that are not built in.
    """

    def __init__(self, network: bytes) -> None:
        schema = self._schema = _schema()
        self._model = schema.ModelT.InitFromPackedBuf(network)
        self._graph = self._model.subgraphs[0]
        self.input, self.output = int(self._graph.inputs[0]), int(self._graph.outputs[0])
        if any(
            code.builtinCode == schema.BuiltinOperator.CUSTOM for code in self._model.operatorCodes
        ):
            raise ModelError("an operator is not built in, expected built-in ones alone")
        self._front: list[Any] = []
        self._codes: dict[tuple[str, int], int] = {}

    def tensor(self, shape: Sequence[int], dtype: str = "float32", name: str = "") -> int:
        """Add a tensor that an operator computes; an interpreter works out its shape anew."""
        return self._add_tensor(shape, dtype, name, 0)

    def constant(self, values: NDArray[np.generic] | Sequence[int] | float) -> int:
        """Add a constant: int32 of integers, float32 of all else."""
        array = np.asarray(values)
        array = array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._add_tensor(array.shape, array.dtype.name, "", len(self._model.buffers) - 1)

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        output: int,
        options: Mapping[str, object] | None = None,
        kind: str = "",
        version: int = 1,
        behind: bool = False,
    ) -> int:
        """Add an operator in front of the network, or behind it; return its output.

        Parameters
        ----------
        name : str
            As the schema has it, as ``STRIDED_SLICE``.
        inputs : sequence of int
            Tensors; -1 for one that is left out.
        output : int
            Its tensor.
        options : mapping, optional
            Fields of the schema's table of options.
        kind : str
            Name of that table, as ``StridedSlice``; by default the operator has none.
        version : int
        behind : bool
        """
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(name, version)
        operator.inputs, operator.outputs = list(inputs), [output]
        if kind:
            table = getattr(self._schema, f"{kind}OptionsT")()
            for field, value in (options or {}).items():
                setattr(table, field, value)
            operator.builtinOptions = table
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, f"{kind}Options")
        (self._graph.operators if behind else self._front).append(operator)
        return output

    def content(self, waveform: int, posteriors: int, resizable: bool) -> bytes:
        """Return the file.

        Parameters
        ----------
        waveform, posteriors : int
            Tensors of its input and output.
        resizable : bool
            Whether the input, of one axis, may be given another length.
        """
        schema, model, graph = self._schema, self._model, self._graph
        graph.inputs, graph.outputs = [waveform], [posteriors]
        graph.operators = [*self._front, *graph.operators]
        if resizable:
            graph.tensors[waveform].shapeSignature = [-1]
        signature = schema.SignatureDefT()
        signature.signatureKey = "serving_default"
        signature.inputs = [self._named("waveform", waveform)]
        signature.outputs = [self._named("posteriors", posteriors)]
        model.signatureDefs = [signature]
        # Of the network alone, and not true of the whole.
        model.metadata = model.metadataBuffer = None
        model.description = "lightsernet-edge"
        return _packed(schema, model)

    def _named(self, name: str, tensor: int) -> Any:
        entry = self._schema.TensorMapT()
        entry.name, entry.tensorIndex = name, tensor
        return entry

    def _add_tensor(self, shape: Sequence[int], dtype: str, name: str, buffer: int) -> int:
        tensor = self._schema.TensorT()
        tensor.shape = [int(size) for size in shape]
        tensor.type = getattr(self._schema.TensorType, _TYPES[dtype])
        tensor.name = name or f"front_end/{len(self._graph.tensors)}"
        tensor.buffer = buffer
        tensor.hasRank = True
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _code(self, name: str, version: int) -> int:
        if (name, version) not in self._codes:
            code = self._schema.OperatorCodeT()
            code.builtinCode = getattr(self._schema.BuiltinOperator, name)
            # The old field, of a byte, which old interpreters read.
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)
            code.version = version
            self._model.operatorCodes.append(code)
            self._codes[name, version] = len(self._model.operatorCodes) - 1
        return self._codes[name, version]


def with_fixed_shapes(network: bytes) -> bytes:
    """Return a network in which no size is open: each is the one that the file was made with.

    Raises
    ------
    MissingDependencyError
        If the package ai-edge-litert is missing.
    """
    schema = _schema()
    model = schema.ModelT.InitFromPackedBuf(network)
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.shapeSignature = None
    return _packed(schema, model)


def _schema() -> Any:
    try:
        return importlib.import_module("ai_edge_litert.schema_py_generated")
    except ImportError:
        raise MissingDependencyError(
            "this format writes its file with the package ai-edge-litert, which is not "
            "installed: pip install ai-edge-litert"
        ) from None


def _packed(schema: Any, model: Any) -> bytes:
    model.buffers = [_Aligned(schema, buffer) for buffer in model.buffers]
    builder = schema.flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


class _Aligned:
    """A buffer that packs itself aligned, which the schema asks for and its objects do not."""

    def __init__(self, schema: Any, buffer: Any) -> None:
        self._schema, self._data = schema, buffer.data

    def Pack(self, builder: Any) -> int:  # noqa: N802
        schema = self._schema
        data = b"" if self._data is None else bytes(bytearray(self._data))
        if data:
            builder.StartVector(1, len(data), _ALIGNMENT)
            builder.head -= len(data)
            builder.Bytes[builder.head : builder.head + len(data)] = data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if data:
            schema.BufferAddData(builder, vector)
        end: int = schema.BufferEnd(builder)
        return end
