"""Writes MiniLM's forward pass as an ONNX graph with fused operators, from the safetensors weights.

Runs in a process of its own (``python -m assistant.providers.minilm_graph WEIGHTS FOLDER``), so that the
memory it takes (the onnx package and every weight at once, about 300 MB) is given back at its end.
Layer names and sizes are those of the model's ``config.json``: 6 layers, 12 heads, 384 dimensions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
FUSED = "com.microsoft"

Array = NDArray[np.float32]


class Graph:
    """Collects the nodes and weights of one graph."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        """Append one operator and return the name of its output."""
        from onnx import helper

        outputs = [output, f"{output}.mask_index"] if kind == "EmbedLayerNormalization" else [output]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=output, domain=domain, **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a tensor under ``name`` and return that name."""
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str) -> str:
        """Add a weight as it stands in the file."""
        return self.constant(name, self.weights[name])

    def transposed(self, name: str) -> str:
        """Add a linear layer's weight, which the file holds as (out, in), as (in, out)."""
        return self.constant(name, self.weights[name].T)

    def norm(self, prefix: str) -> list[str]:
        """Scale and shift of a layer normalisation."""
        return [self.weight(f"{prefix}.LayerNorm.weight"), self.weight(f"{prefix}.LayerNorm.bias")]


def build(weights_file: Path, folder: Path) -> None:
    """Write ``model.onnx`` and, beside it, ``model.weights`` (mapped into memory when used) to ``folder``."""
    import onnx
    from safetensors.numpy import load_file

    model = _model(Graph(load_file(weights_file)))
    onnx.save(model, folder / GRAPH_FILE, save_as_external_data=True, location=WEIGHTS_FILE, size_threshold=1024)


def _model(graph: Graph) -> ModelProto:
    from onnx import TensorProto, helper

    hidden = _embeddings(graph)
    for layer in range(LAYERS):
        hidden = _layer(graph, f"encoder.layer.{layer}", hidden)
    _pooling(graph, hidden)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "tokens"]) for name in ("ids", "mask")]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", DIMENSIONS])]
    proto = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(proto, opset_imports=opsets, ir_version=IR_VERSION)


def _embeddings(graph: Graph) -> str:
    """Word + position + segment embeddings. All text is segment 0, so its one row is added to the positions."""
    positions = graph.weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    segment = graph.weights["embeddings.token_type_embeddings.weight"][0]
    words = graph.weight("embeddings.word_embeddings.weight")
    inputs = ["ids", "", words, graph.constant("positions", positions + segment), "", *graph.norm("embeddings")]
    return graph.node("EmbedLayerNormalization", inputs, "embedded", FUSED, epsilon=EPSILON)


def _layer(graph: Graph, at: str, hidden: str) -> str:
    attended = _attention(graph, f"{at}.attention", hidden)
    wide = _linear(graph, f"{at}.intermediate.dense", attended)
    bent = graph.node("BiasGelu", [wide, graph.weight(f"{at}.intermediate.dense.bias")], f"{at}.gelu", FUSED)
    return _residual(graph, f"{at}.output", bent, attended)


def _attention(graph: Graph, at: str, hidden: str) -> str:
    parts = [f"{at}.self.{part}" for part in ("query", "key", "value")]
    matrix = np.concatenate([graph.weights[f"{part}.weight"].T for part in parts], axis=1)
    bias = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    inputs = [hidden, graph.constant(f"{at}.qkv.weight", matrix), graph.constant(f"{at}.qkv.bias", bias), "mask"]
    context = graph.node("Attention", inputs, f"{at}.context", FUSED, num_heads=HEADS)
    return _residual(graph, f"{at}.output", context, hidden)


def _linear(graph: Graph, at: str, hidden: str) -> str:
    """Matrix product without the bias, which the next fused operator adds."""
    return graph.node("MatMul", [hidden, graph.transposed(f"{at}.weight")], f"{at}.product")


def _residual(graph: Graph, at: str, hidden: str, skipped: str) -> str:
    product = _linear(graph, f"{at}.dense", hidden)
    inputs = [product, skipped, *graph.norm(at), graph.weight(f"{at}.dense.bias")]
    return graph.node("SkipLayerNormalization", inputs, f"{at}.normed", FUSED, epsilon=EPSILON)


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
