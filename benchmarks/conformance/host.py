"""Which models may have nodes that run on the host: those with values that are no numeric tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx
from onnx import AttributeProto, TensorProto

from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore

HOST_OP = "graph.host"

_HOST_PREFIXES = ("Sequence", "Optional", "String", "Image")
_HOST_OPS = {"ConcatFromSequence", "SplitToSequence", "RegexFullMatch"}
_STRING_ATTRIBUTES = {"value_string", "value_strings", "keys_strings", "values_strings", "cats_strings", "pool_strings"}


def host_ops(model: onnx.ModelProto) -> int:
    """How many ops of the imported model run on the host."""
    return sum(op.name == HOST_OP for op in import_model(model, WeightStore()).walk())


def may_run_on_host(model: onnx.ModelProto) -> bool:
    """Whether the model has strings, sequences, optionals or encoded images anywhere."""
    graphs = list(_graphs(model.graph))
    nodes = [n for g in graphs for n in g.node] + [n for f in model.functions for n in f.node]
    values = [v for g in graphs for v in (*g.input, *g.output, *g.value_info)]
    tensors = [t.data_type for g in graphs for t in g.initializer]
    return (
        any(_is_host_node(n) for n in nodes)
        or any(_is_host_type(v.type) for v in values)
        or TensorProto.STRING in (*tensors, *_attribute_types(nodes))
    )


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and all that are in its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs) if attribute.type in _GRAPHS else ():
                yield from _graphs(inner)


_GRAPHS = (AttributeProto.GRAPH, AttributeProto.GRAPHS)


def _is_host_node(node: onnx.NodeProto) -> bool:
    named = node.op_type.startswith(_HOST_PREFIXES) or node.op_type in _HOST_OPS
    return named or any(a.name in _STRING_ATTRIBUTES for a in node.attribute)


def _is_host_type(type_: onnx.TypeProto) -> bool:
    kind = type_.WhichOneof("value")
    return kind in ("sequence_type", "optional_type", "map_type") or type_.tensor_type.elem_type == TensorProto.STRING


def _attribute_types(nodes: Iterable[onnx.NodeProto]) -> Iterator[int]:
    """Element types that attributes name or hold."""
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                yield attribute.t.data_type
            elif attribute.name == "to":
                yield attribute.i
