"""Whether a group of graph ops is one contraction of 8-bit integers, and which problem it solves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from xdsl.dialects.builtin import i32
from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.linalg import BYTES
from ...dialects.graph.types import Dims, dims_of, element_of
from ..pointwise import is_pointwise
from ..strided import dense
from .contraction_conv import conv_problem
from .contraction_group import Group, before
from .contraction_matmul import matmul_problem
from .contraction_problem import Problem


@dataclass
class _SidedGroup(Group):
    """A group whose epilogue may also compute with operands alone: dequantize a residual, multiply a zero point by sums.

    Such side values have no place in memory. They are computed where the epilogue uses them, and what doesn't depend on the row
    leaves the loop over rows.
    """

    sides: dict[SSAValue, Operation] = field(default_factory=dict[SSAValue, Operation])
    places: dict[SSAValue, tuple[tuple[Operation, ...], Dims]] = field(
        default_factory=dict[SSAValue, tuple[tuple[Operation, ...], Dims]]
    )
    """Of each side value that is used: the views and dims that it is computed under."""

    def add(self, op: Operation) -> bool:
        if any(o in self.paths for o in op.operands):
            wanted = [o for o in op.operands if o in self.sides]
            return all(self._take_in(o, op) for o in wanted) and super().add(op)
        if is_pointwise(op):
            self.sides[op.results[0]] = op
            return True
        return not any(o in self.sides for o in op.operands) and super().add(op)

    def _take_in(self, value: SSAValue, user: Operation) -> bool:
        """Let the epilogue compute a side value before `user`, with operands read at the positions of its result."""
        inner = next(o for o in user.operands if o in self.paths)
        return is_pointwise(user) and self._compute(self.sides[value], self.paths[inner], dims_of(user.results[0]))

    def _compute(self, side: Operation, path: tuple[Operation, ...], dims: Dims) -> bool:
        value = side.results[0]
        if value in self.places:
            return self.places[value] == (path, dims)
        for operand in side.operands:
            if operand in self.sides:
                if not self._compute(self.sides[operand], path, dims):
                    return False
            elif operand not in self.constants:
                view = before(path, self.view(operand)[1].broadcast(dims))
                if view is None or self.inputs.setdefault(operand, view) != view:
                    return False
        self.places[value] = path, dims
        self.constants.add(value)  # it is read from no buffer
        self.epilogue.append(side)
        return True


def analyse(ops: Sequence[Operation]) -> Problem | None:
    """The contraction that these ops (in program order, the last one's result leaves) compute, or None when they are none."""
    anchors = [op for op in ops if isinstance(op, graph.MatmulOp | graph.ConvOp)]
    if len(anchors) != 1 or not {element_of(o) for o in anchors[0].operands} <= BYTES:
        return None
    anchor, group = anchors[0], _SidedGroup()
    if isinstance(anchor, graph.ConvOp) and anchor.bias is not None:
        return None
    group.paths[anchor.result] = ()
    if not all(op is anchor or group.add(op) for op in ops) or ops[-1].results[0] not in group.paths:
        return None
    result = ops[-1].results[0]
    out = before(group.paths[result], dense(result))
    if (
        out is None
        or any(v in group.paths or v in group.sides for v in anchor.operands)
        or not group.constants.isdisjoint(anchor.operands)
    ):
        return None
    find = matmul_problem if isinstance(anchor, graph.MatmulOp) else conv_problem
    problem = find(anchor, group, result, out)  # pyright: ignore[reportArgumentType]  # each takes its own op
    return None if problem is None else replace(problem, element=i32)
