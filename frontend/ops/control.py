"""Control flow."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import AttributeProto
from xdsl.ir import Block, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.types import dims_of, element_of
from ..node import Node, UnsupportedError
from ..registry import op
from ..values import Poison, Tensor, Value


@op("If")
def if_(n: Node) -> Sequence[Value | SSAValue | None]:
    """The one branch where the condition is known; otherwise `graph.if`."""
    condition = n.array(0)
    if condition is not None:
        if condition.size != 1:
            raise ValueError(f"the condition has {condition.size} elements, expected 1")
        name = "then_branch" if condition.reshape(-1)[0] else "else_branch"
        return n.context.subgraph(n.attribute(name, AttributeProto.GRAPH, "g"), n.scope.subgraph())
    then, else_ = (_branch(n, name) for name in ("then_branch", "else_branch"))
    if then is None or else_ is None:
        return [Poison() for _ in n.proto.output]
    for index, (t, e) in enumerate(zip(then.values, else_.values, strict=True)):
        if element_of(t) != element_of(e):
            raise ValueError(f"the branches give output {index} as {element_of(t)} and {element_of(e)}")
        if dims_of(t) != dims_of(e):
            raise UnsupportedError(f"its branches give output {index} different shapes")
    regions = [Region(b) for b in (then.parent, else_.parent) if b is not None]
    node = graph.IfOp(n.x(), regions[0], regions[1], [v.type for v in then.values])
    n.emit(node)
    return list(node.outs)


def _branch(n: Node, name: str) -> graph.YieldOp | None:
    """Import a branch into a block of its own, up to its yield; None if it can't be."""
    block = Block()
    with n.build.into(block):
        outputs = n.context.subgraph(n.attribute(name, AttributeProto.GRAPH, "g"), n.scope.subgraph())
        if any(isinstance(o, Poison) for o in outputs):
            return None
        if len(outputs) != len(n.proto.output):
            raise ValueError(f"{name} has {len(outputs)} outputs, the node {len(n.proto.output)}")
        if not all(isinstance(o, Tensor) for o in outputs):
            raise UnsupportedError(f"{name} gives a sequence or optional")
        node = graph.YieldOp([o.value() for o in outputs if isinstance(o, Tensor)])
        block.add_op(node)
    return node
