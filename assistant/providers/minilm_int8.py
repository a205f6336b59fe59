"""MiniLM's largest products in 8-bit numbers, for documents: twice as many passages in the same processor time.

Weights have a scale for each output, what goes in has one for each call. Before that, inputs that reach far are divided
by a factor that their weights are multiplied with: SmoothQuant (Xiao et al. 2022, arXiv:2211.10438), with the reach
told from the normalisation before the product instead of from sample texts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from assistant.providers.minilm_graph import Graph

CPU_FACTS = Path("/proc/cpuinfo")
FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators."""
# Without them x86 adds up such products in 16 bits, which overflow, and others have no gain.
INSTRUCTIONS = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
HIGHEST = 127
# How much of an input's reach goes over to its weights; 0.75 came nearest to the exact vectors of 0, 0.5, 0.75 and 1.
SHARE = 0.75
# Normalised values are rarely further from their mean than this many deviations.
DEVIATIONS = 3

Array = NDArray[np.float32]


def is_quick_here() -> bool:
    """Return whether this processor has instructions for such products; False where that cannot be told."""
    try:
        words = set(CPU_FACTS.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return False
    return not INSTRUCTIONS.isdisjoint(words)


def reach_of(scale: Array, shift: Array) -> Array:
    """Return how far each value goes from 0 that a layer normalisation gives out."""
    reach: Array = np.abs(shift) + DEVIATIONS * np.abs(scale)
    return reach


def product(graph: Graph, name: str, hidden: str, matrix: Array, reach: Array | None) -> str:
    """Add the product of what goes in, ``reach`` of it where known, and a matrix (in, out)."""
    smooth, matrix = _smoothed(graph, name, hidden, matrix, reach)
    return graph.node("DynamicQuantizeMatMul", [smooth, *_weights(graph, name, matrix)], name, FUSED)


def attention(graph: Graph, name: str, hidden: str, matrix: Array, bias: Array, reach: Array, heads: int) -> str:
    """Add an attention whose queries, keys and values (side by side in ``matrix``) are made in 8 bits."""
    smooth, matrix = _smoothed(graph, name, hidden, matrix, reach)
    outputs = [f"{name}.in.{one}" for one in ("rounded", "scale", "zero")]
    rounded, scale, zero = graph.nodes_of("DynamicQuantizeLinear", [smooth], outputs)
    weights, scales = _weights(graph, name, matrix)
    zeros = graph.constant(f"{name}.zeros", np.zeros(matrix.shape[1], np.int8))
    offsets = graph.constant(f"{name}.bias", bias)
    inputs = [rounded, weights, offsets, scale, scales, "mask", zero, zeros]
    return graph.node("QAttention", inputs, name, FUSED, num_heads=heads)


def _smoothed(graph: Graph, name: str, hidden: str, matrix: Array, reach: Array | None) -> tuple[str, Array]:
    if reach is None:
        return hidden, matrix
    factors = reach**SHARE / np.abs(matrix).max(axis=1) ** (1 - SHARE)
    factors /= np.exp(np.log(factors).mean())
    smoothing = graph.constant(f"{name}.smoothing", (1 / factors).astype(np.float32))
    return graph.node("Mul", [hidden, smoothing], f"{name}.smoothed"), matrix * factors[:, None]


def _weights(graph: Graph, name: str, matrix: Array) -> tuple[str, str]:
    """Add the matrix in whole numbers, and the scale of each of its columns."""
    scales = (np.abs(matrix).max(axis=0) / HIGHEST).astype(np.float32)
    rounded = np.clip(np.round(matrix / scales), -HIGHEST, HIGHEST).astype(np.int8)
    return graph.constant(f"{name}.rounded", rounded), graph.constant(f"{name}.scales", scales)
