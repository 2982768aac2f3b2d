"""Names of values in a graph, and what an enclosing graph calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import onnx
from onnx import AttributeProto

from .values import Value


@dataclass
class Scope:
    """The values of one graph or function body.

    Attributes:
        opsets: version by domain.
        outer: the scope that a subgraph sees through; a function body sees none.
        arguments: what attribute references in a function body stand for.
        prefix: put before the node names of a function body, ending in '/'.
        location: node name that all nodes are located at; None for their own.
        calls: functions being expanded, outermost first.
    """

    opsets: Mapping[str, int]
    outer: Scope | None = None
    values: dict[str, Value | None] = field(default_factory=dict[str, Value | None])
    arguments: Mapping[str, AttributeProto] = field(default_factory=dict[str, AttributeProto])
    prefix: str = ""
    location: str | None = None
    calls: tuple[str, ...] = ()

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        return None

    def subgraph(self) -> Scope:
        """A scope for the body of a control flow op."""
        return Scope(self.opsets, self, {}, self.arguments, self.prefix, self.location, self.calls)

    def node_name(self, node: onnx.NodeProto) -> str:
        """What messages and locations call a node: its name, or after its first output where it has none."""
        own = node.name or next((o for o in node.output if o), "") or node.op_type
        return self.location or self.prefix + own


def opset_table(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    """Opset versions by domain; the default domain is called ''."""
    return {normal_domain(o.domain): o.version for o in imports}


def normal_domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain
