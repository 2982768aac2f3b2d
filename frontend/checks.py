"""Is the graph well formed: every name defined once, and no value depends on itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import onnx

from ..errors import BadModelError
from .node_order import in_order


def check_graph(graph: onnx.GraphProto, outer: Collection[str] = (), depth: int = 0) -> None:
    """BadModelError on a value that is undefined, defined twice or defined by what depends on it, in subgraphs as well."""
    if depth > 32:
        raise BadModelError("subgraphs are nested too deep", stage="import")
    defined = set(outer)
    _define(defined, set[str](), [i.name for i in graph.input], "graph input")
    constants = [i.name for i in graph.initializer] + [s.values.name for s in graph.sparse_initializer]
    _define(set[str](), set[str](), constants, "initializer")
    defined.update(constants)
    own = {i.name for i in graph.input} | set(constants)
    _check_nodes(in_order(graph.node), defined, own, depth)
    for output in graph.output:
        if output.name not in defined:
            raise BadModelError(f"graph output '{output.name}' is not defined", stage="import")


def _check_nodes(nodes: Iterable[onnx.NodeProto], defined: set[str], own: set[str], depth: int) -> None:
    """Walk the nodes; `defined` and `own` (without what outer graphs define) grow by their outputs."""
    later: set[str] | None = None
    nodes = list(nodes)
    for node in nodes:
        label = node.name or next((o for o in node.output if o), "")
        for name in node.input:
            if name and name not in defined:
                later = later if later is not None else {o for n in nodes for o in n.output}
                reason = "depends on itself" if name in later else "is not defined"
                raise BadModelError(f"value '{name}' {reason}", node=label, op=node.op_type, stage="import")
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
                check_graph(body, defined, depth + 1)
        try:
            _define(defined, own, [o for o in node.output if o], "value")
        except BadModelError as error:
            raise BadModelError(error.message, node=label, op=node.op_type, stage="import") from None


def _define(defined: set[str], own: set[str], names: Iterable[str], what: str) -> None:
    for name in names:
        if not name:
            raise BadModelError(f"a {what} has no name", stage="import")
        if name in own:
            raise BadModelError(f"{what} '{name}' is defined twice", stage="import")
        own.add(name)
        defined.add(name)
