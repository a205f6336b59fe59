"""Writes MiniLM's forward pass as two ONNX graphs with fused operators, from the safetensors weights.

One is exact, for questions; the other has its largest products in 8 bits, for documents.

Runs in a process of its own (``python -m assistant.providers.minilm_graph WEIGHTS FOLDER``), so that the
memory of the onnx package is given back at its end. Weights pass through one by one, never all at once.
Layer names and sizes are those of the model's ``config.json``: 6 layers, 12 heads, 384 dimensions.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.providers import minilm_int8
from assistant.providers.minilm_int8 import FUSED

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
MAX_TOKENS = 256
EPSILON = 1e-12
OPSET = 17
IR_VERSION = 8
GRAPH_FILE = "model.onnx"
WEIGHTS_FILE = "model.weights"
INT8_GRAPH_FILE = "model-int8.onnx"
INT8_WEIGHTS_FILE = "model-int8.weights"
WORDS_FILE = "words.weights"
POSITIONS_FILE = "positions.weights"
TOKENS = "tokens"
"""Name of the output that holds each token in its context, before they are averaged."""
NORMED: dict[str, Any] = {"epsilon": EPSILON, "axis": -1}
# Larger tensors stand in the weights file, each at a page's border, so that onnxruntime can map it.
EMBEDDED_BYTES = 1024
PAGE_BYTES = 4096
# Numbers copied at once, 4 MB of them.
COPIED = 1_000_000
SMALL = DIMENSIONS * DIMENSIONS

Array = NDArray[np.float32]


class Weights:
    """A safetensors file, read tensor by tensor: its library maps the file, 91 MB that would count as memory.

    The format is the length of a JSON header (8 bytes, little-endian), the header, then the numbers.
    """

    def __init__(self, file: Path) -> None:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            self._tensors = json.loads(stream.read(length))
        self._file = file
        self._begin = 8 + length

    def read(self, name: str) -> Array:
        """Return a whole tensor."""
        shape = self._tensors[name]["shape"]
        return self._numbers(name, 0, math.prod(shape)).reshape(shape)

    def copy(self, name: str, target: Path) -> None:
        """Write a tensor's numbers to a file, some at a time."""
        total = math.prod(self._tensors[name]["shape"])
        with target.open("wb") as stream:
            for start in range(0, total, COPIED):
                self._numbers(name, start, min(COPIED, total - start)).tofile(stream)

    def _numbers(self, name: str, start: int, count: int) -> Array:
        offset = self._begin + self._tensors[name]["data_offsets"][0] + 4 * start
        return np.fromfile(self._file, "<f4", count, offset=offset)


class Graph:
    """Collects the nodes of one graph; reads weights from ``source`` and writes them to the file ``target``.

    ``is_int8`` asks for the largest products in 8 bits.
    """

    def __init__(self, source: Weights, target: IO[bytes], *, is_int8: bool = False) -> None:
        self._source = source
        self._target = target
        self.is_int8 = is_int8
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        """Append one operator and return the name of its output."""
        return self.nodes_of(kind, inputs, [output], domain, **attributes)[0]

    def nodes_of(
        self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any
    ) -> list[str]:
        """Append one operator with several outputs and return their names."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], domain=domain, **attributes))
        return outputs

    def read(self, name: str) -> Array:
        """Return a weight as it stands in the source."""
        return self._source.read(name)

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a tensor under ``name`` and return that name."""
        from onnx import numpy_helper

        whole = np.ascontiguousarray(values)
        small = whole.nbytes < EMBEDDED_BYTES
        self.initializers.append(numpy_helper.from_array(whole, name) if small else self._external(name, whole))
        return name

    def _external(self, name: str, values: NDArray[np.generic]) -> TensorProto:
        from onnx import TensorProto, helper

        offset = -(-self._target.tell() // PAGE_BYTES) * PAGE_BYTES
        self._target.seek(offset)
        values.tofile(self._target)
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        tensor = TensorProto(name=name, dims=values.shape, data_type=kind, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", Path(self._target.name).name), ("offset", offset), ("length", values.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        return tensor

    def weight(self, name: str) -> str:
        """Add a weight as it stands in the file."""
        return self.constant(name, self.read(name))

    def reach(self, prefix: str) -> Array:
        """Return how far the outputs of a layer normalisation go from 0."""
        parts = (self.read(f"{prefix}.LayerNorm.{part}") for part in ("weight", "bias"))
        return minilm_int8.reach_of(*parts)

    def norm(self, prefix: str) -> list[str]:
        """Scale and shift of a layer normalisation."""
        return [self.weight(f"{prefix}.LayerNorm.weight"), self.weight(f"{prefix}.LayerNorm.bias")]


def build(weights_file: Path, folder: Path) -> None:
    """Write both graphs and, beside each, its weights (mapped into memory when used) to ``folder``.

    A vector for each word and each position is in two more files, row by row: the graph is given their sums. Of mapped
    words the system would hold some 40 MB in memory, since it brings 64 kB along for each row that is looked at.
    """
    source = Weights(weights_file)
    with (folder / WEIGHTS_FILE).open("wb") as target:
        _write(folder / GRAPH_FILE, Graph(source, target))
    with (folder / INT8_WEIGHTS_FILE).open("wb") as target:
        _write(folder / INT8_GRAPH_FILE, Graph(source, target, is_int8=True))
    source.copy("embeddings.word_embeddings.weight", folder / WORDS_FILE)
    _positions(source).tofile(folder / POSITIONS_FILE)


def _write(file: Path, graph: Graph) -> None:
    import onnx

    file.write_bytes(_model(graph).SerializeToString())
    onnx.checker.check_model(file)


def _model(graph: Graph) -> ModelProto:
    from onnx import TensorProto, helper

    norm = "embeddings"
    hidden = graph.node("LayerNormalization", ["words", *graph.norm(norm)], "embedded", **NORMED)
    for layer in range(LAYERS):
        hidden = _layer(graph, f"encoder.layer.{layer}", hidden, norm)
        norm = f"encoder.layer.{layer}.output"
    _pooling(graph, graph.node("Identity", [hidden], TOKENS))
    inputs = [
        helper.make_tensor_value_info("words", TensorProto.FLOAT, ["batch", "tokens", DIMENSIONS]),
        helper.make_tensor_value_info("mask", TensorProto.INT32, ["batch", "tokens"]),
    ]
    outputs = [
        helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", DIMENSIONS]),
        helper.make_tensor_value_info(TOKENS, TensorProto.FLOAT, ["batch", "tokens", DIMENSIONS]),
    ]
    proto = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(proto, opset_imports=opsets, ir_version=IR_VERSION)


def _positions(source: Weights) -> Array:
    """What is added to the word at each place. All text is segment 0, so its one row is in them."""
    positions = source.read("embeddings.position_embeddings.weight")[:MAX_TOKENS]
    segment: Array = source.read("embeddings.token_type_embeddings.weight")[0]
    return positions + segment


def _layer(graph: Graph, at: str, hidden: str, norm: str) -> str:
    """Add one layer; ``norm`` is the normalisation that its input came from."""
    attended = _attention(graph, f"{at}.attention", hidden, norm)
    wide = _linear(graph, f"{at}.intermediate.dense", attended, graph.reach(f"{at}.attention.output"))
    bent = graph.node("BiasGelu", [wide, graph.weight(f"{at}.intermediate.dense.bias")], f"{at}.gelu", FUSED)
    return _residual(graph, f"{at}.output", bent, attended)


def _attention(graph: Graph, at: str, hidden: str, norm: str) -> str:
    parts = [f"{at}.self.{part}" for part in ("query", "key", "value")]
    matrix = np.concatenate([graph.read(f"{part}.weight").T for part in parts], axis=1)
    bias = np.concatenate([graph.read(f"{part}.bias") for part in parts])
    if graph.is_int8:
        context = minilm_int8.attention(graph, f"{at}.context", hidden, matrix, bias, graph.reach(norm), HEADS)
    else:
        inputs = [hidden, graph.constant(f"{at}.qkv.weight", matrix), graph.constant(f"{at}.qkv.bias", bias), "mask"]
        context = graph.node("Attention", inputs, f"{at}.context", FUSED, num_heads=HEADS)
    return _residual(graph, f"{at}.output", context, hidden)


def _linear(graph: Graph, at: str, hidden: str, reach: Array | None = None) -> str:
    """Matrix product without the bias, which the next fused operator adds; the small ones gain nothing by 8 bits."""
    matrix = graph.read(f"{at}.weight").T
    if graph.is_int8 and matrix.size > SMALL:
        return minilm_int8.product(graph, f"{at}.product", hidden, matrix, reach)
    return graph.node("MatMul", [hidden, graph.constant(f"{at}.weight", matrix)], f"{at}.product")


def _residual(graph: Graph, at: str, hidden: str, skipped: str) -> str:
    """Add what was skipped and normalise. As three operators: the fused one takes five times as long as they do."""
    product = _linear(graph, f"{at}.dense", hidden)
    sums = graph.node("Add", [product, skipped], f"{at}.skipped")
    sums = graph.node("Add", [sums, graph.weight(f"{at}.dense.bias")], f"{at}.biased")
    return graph.node("LayerNormalization", [sums, *graph.norm(at)], f"{at}.normed", **NORMED)


def _pooling(graph: Graph, hidden: str) -> None:
    """Mean over the tokens that are no padding, brought to length 1."""
    tokens = graph.constant("axis1", np.array([1], dtype=np.int64))
    last = graph.constant("axis2", np.array([2], dtype=np.int64))
    graph.node("Cast", ["mask"], "weights", to=1)
    graph.node("Unsqueeze", ["weights", last], "column")
    graph.node("Mul", [hidden, "column"], "kept")
    graph.node("ReduceSum", ["kept", tokens], "sum", keepdims=0)
    graph.node("ReduceSum", ["weights", tokens], "count", keepdims=1)
    graph.node("Div", ["sum", "count"], "mean")
    graph.node("LpNormalization", ["mean"], "vectors", axis=1, p=2)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
