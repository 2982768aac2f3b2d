"""If: one branch where the condition is known, else `graph.if`."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import AttributeProto
from xdsl.ir import Attribute, Block, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.host import is_object
from ...dialects.graph.types import dims_of, element_of, tensor
from ..node import Node
from ..regions import (
    bind_symbols,
    changed_axes,
    dims_vector,
    fresh_dims,
    import_body,
    is_boxed,
    outside,
    picked,
    same_kind,
    settle,
)
from ..registry import op
from ..values import Poison, Value

BRANCHES = ("then_branch", "else_branch")


@op("If")
def if_(n: Node) -> Sequence[Value | SSAValue | None]:
    """Dims in which the branches differ get symbols: each branch also yields its dims, which are bound behind the op."""
    condition = n.array(0)
    if condition is not None:
        if condition.size != 1:
            raise ValueError(f"the condition has {condition.size} elements, expected 1")
        name = BRANCHES[0] if condition.reshape(-1)[0] else BRANCHES[1]
        return n.context.subgraph(n.attribute(name, AttributeProto.GRAPH, "g"), n.scope.subgraph())
    blocks = [Block(), Block()]
    found = [_branch(n, name, block) for name, block in zip(BRANCHES, blocks, strict=True)]
    then, otherwise = found
    if then is None or otherwise is None:
        return [Poison() for _ in n.proto.output]
    objects = [is_boxed(t) or is_boxed(e) for t, e in zip(then, otherwise, strict=True)]
    values = [
        [settle(n, block, value, as_object) for value, as_object in zip(row, objects, strict=True)]
        for row, block in zip((then, otherwise), blocks, strict=True)
    ]
    results = _join(n, blocks, values[0], values[1])
    return [outside(result, value) for result, value in zip(results, then, strict=True)]


def _branch(n: Node, name: str, block: Block) -> list[Value] | None:
    """Import a branch; what it gives, None if it can't be imported."""
    outputs = import_body(n, n.attribute(name, AttributeProto.GRAPH, "g"), block, {})
    if outputs is not None and len(outputs) != len(n.proto.output):
        raise ValueError(f"{name} has {len(outputs)} outputs, the node {len(n.proto.output)}")
    return outputs


def _join(n: Node, blocks: Sequence[Block], then: list[SSAValue], otherwise: list[SSAValue]) -> Sequence[SSAValue]:
    types: list[Attribute] = []
    bound: list[list[DimExpr]] = []
    vectors: list[list[SSAValue]] = [[], []]
    for index, (t, e) in enumerate(zip(then, otherwise, strict=True)):
        same_kind("output", index, t, e)
        if is_object(t):
            types.append(t.type)
            continue
        axes = changed_axes(dims_of(t), dims_of(e))
        dims = fresh_dims(n, dims_of(t), axes)
        types.append(tensor(element_of(t), dims))
        if axes:
            bound.append(picked(dims, axes))
            for vector, block, value in zip(vectors, blocks, (t, e), strict=True):
                vector.append(dims_vector(n, block, picked(dims_of(value), axes)))
    for block, values, extra in zip(blocks, (then, otherwise), vectors, strict=True):
        block.add_op(graph.YieldOp([*values, *extra]))
    types += [v.type for v in vectors[0]]
    node = graph.IfOp(n.build.reshape(n.x(), ()), Region(blocks[0]), Region(blocks[1]), types)
    n.build.place(node)
    for vector, symbols in zip(node.outs[len(then) :], bound, strict=True):
        bind_symbols(n, n.build.block, vector, symbols)
    return node.outs[: len(then)]
