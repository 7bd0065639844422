"""What an ONNX file holds, looked at before anything computes it.

A graph is data: standard operators with numbers. What could be more than that is refused: operators
of a library of its own, and numbers in files that the manifest does not hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import onnx

from evaluator.core.errors import ModelError, reason_of

DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Where operators may come from: the standard, and what onnxruntime itself is built with."""
DATA = "model.onnx.data"
"""The one file beside the graph that may hold its numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What is known of a graph without computing it."""

    parameters: int
    """Numbers that were learned: tensors, and coefficients of scikit-learn's operators."""
    batches: bool
    """False if an operator scales its input by all rows at once, so that rows must go alone."""
    probabilities: frozenset[str]
    """Outputs that a softmax makes, whatever their name."""


def read_graph(path: Path) -> Graph:
    """Return what an ONNX file holds.

    Raises:
        ModelError: no ONNX file, operators of a library of its own, numbers in another file.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # a stranger's file can raise anything
        raise ModelError(f"{path}: not an ONNX file: {reason_of(error)}") from None
    own = {(function.domain, function.name) for function in model.functions}
    nodes = [*_nodes(model.graph.node), *_nodes(n for f in model.functions for n in f.node)]
    foreign = {
        f"{node.domain}.{node.op_type}"
        for node in nodes
        if node.domain not in DOMAINS and (node.domain, node.op_type) not in own
    }
    if foreign:
        raise ModelError(
            f"{path}: {', '.join(sorted(foreign))} need a library of their own; only standard "
            f"operators are computed ({', '.join(filter(None, DOMAINS))})"
        )
    tensors = [*model.graph.initializer, *_tensors(nodes)]
    for tensor in tensors:
        places = [e.value for e in tensor.external_data if e.key == "location"]
        if any(place != DATA for place in places):
            raise ModelError(f"{path}: {tensor.name} stands in {places[0]!r}; name the file {DATA}")
    learned = sum(prod(tensor.dims) for tensor in tensors)
    coefficients = sum(
        len(a.floats) for n in nodes if n.domain == "ai.onnx.ml" for a in n.attribute
    )
    return Graph(
        parameters=learned + coefficients,
        batches=not any(node.op_type.startswith("DynamicQuantize") for node in nodes),
        probabilities=frozenset(
            name for node in model.graph.node if node.op_type == "Softmax" for name in node.output
        ),
    )


def _nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Yield nodes and those of the graphs inside them (branches, loops)."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _nodes(graph.node)


def _tensors(nodes: list[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from graph.initializer
            yield from (t for t in (attribute.t, *attribute.tensors) if t.dims)
