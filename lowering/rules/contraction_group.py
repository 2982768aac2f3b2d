"""The ops of a contraction kernel round its anchor: operand views, the epilogue, and the views that lead to the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from xdsl.dialects.builtin import Float32Type, Float64Type
from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.types import dims_of, element_of
from ...dialects.kernel import UnpackOp
from ..pointwise import is_pointwise
from ..strided import Strided, dense, is_view, view_before, view_through


@dataclass
class Group:
    """The ops round the anchor, sorted into operand views, epilogue and the views that lead to the result."""

    views: dict[SSAValue, Strided] = field(default_factory=dict[SSAValue, Strided])
    roots: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    packed: dict[SSAValue, UnpackOp] = field(default_factory=dict[SSAValue, UnpackOp])
    constants: set[SSAValue] = field(default_factory=set[SSAValue])
    paths: dict[SSAValue, tuple[Operation, ...]] = field(default_factory=dict[SSAValue, tuple[Operation, ...]])
    epilogue: list[Operation] = field(default_factory=list[Operation])
    inputs: dict[SSAValue, Strided] = field(default_factory=dict[SSAValue, Strided])

    def view(self, value: SSAValue) -> tuple[SSAValue, Strided]:
        """The buffer behind a value that is no result of the anchor, and how the value lies in it."""
        return self.roots.get(value, value), self.views.get(value) or dense(value)

    def add(self, op: Operation) -> bool:
        """Take in an op other than the anchor; False when it does not fit."""
        if isinstance(op, graph.ConstantOp):
            self.constants.add(op.result)
            return op.dense is not None and len(set(op.dense.get_values())) == 1
        if isinstance(op, UnpackOp):
            self.packed[op.result] = op
            return True
        if any(o in self.paths for o in op.operands):
            return self._add_after(op)
        return is_view(op) and self._add_view(op)

    def _add_view(self, op: Operation) -> bool:
        root, source = self.view(op.operands[0])
        view = view_through(op, source)
        if view is None or op.operands[0] in self.packed or op.operands[0] in self.constants:
            return False
        self.views[op.results[0]], self.roots[op.results[0]] = view, root
        return True

    def _add_after(self, op: Operation) -> bool:
        """An op on the sums: a pointwise op of the epilogue, or a view on the way to the result."""
        if is_view(op):
            self.paths[op.results[0]] = (*self.paths[op.operands[0]], op)
            return isinstance(op, graph.TransposeOp | graph.ReshapeOp | graph.RelayoutOp)
        inner = [o for o in op.operands if o in self.paths]
        path, dims = self.paths[inner[0]], dims_of(op.results[0])
        if not is_pointwise(op) or any(self.paths[o] != path or dims_of(o) != dims for o in inner):
            return False
        for operand in op.operands:
            if operand in self.paths or operand in self.constants:
                continue
            view = before(path, self.view(operand)[1].broadcast(dims))
            if view is None or self.inputs.setdefault(operand, view) != view:
                return False
        self.paths[op.results[0]] = path
        self.epilogue.append(op)
        return True


AnchorT = TypeVar("AnchorT", bound=Operation)


@dataclass(frozen=True)
class Surroundings(Generic[AnchorT]):
    """One anchor among the ops of a kernel, what surrounds it, and where its result lies in the kernel's."""

    anchor: AnchorT
    group: Group
    result: SSAValue
    out: Strided


def surroundings(ops: Sequence[Operation], kinds: tuple[type[AnchorT], ...]) -> Surroundings[AnchorT] | None:
    """The only op of these kinds, of f32 or f64, with all other ops round it; None where that isn't so."""
    anchors = [op for op in ops if isinstance(op, kinds)]
    if len(anchors) != 1 or not isinstance(element_of(anchors[0].results[0]), Float32Type | Float64Type):
        return None
    anchor, group, result = anchors[0], Group(), ops[-1].results[0]
    group.paths[anchor.results[0]] = ()
    if not all(op is anchor or group.add(op) for op in ops) or result not in group.paths:
        return None
    out = before(group.paths[result], dense(result))
    return None if out is None else Surroundings(anchor, group, result, out)


def before(path: Sequence[Operation], result: Strided) -> Strided | None:
    """Where the anchor's result lies when what a path of views makes of it lies as `result` says."""
    view: Strided | None = result
    for op in reversed(path):
        view = None if view is None else view_before(op, view)
    return view
