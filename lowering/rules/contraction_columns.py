"""Bias and epilogue on vectors of sums: adjacent columns of one row, in registers, and their store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.types import element_of
from ..builder import Index, LoopBuilder
from ..casts import to_register, to_storage
from ..loop_types import vector_type
from ..pointwise import emit_pointwise
from ..strided import ONE, ZERO
from ..values import Value, register_type
from .contraction_problem import Access, Problem

CHEAP_OPS = (
    graph.AddOp,
    graph.SubOp,
    graph.MulOp,
    graph.MinOp,
    graph.MaxOp,
    graph.ReluOp,
    graph.HardSwishOp,
    graph.ClipOp,
    graph.NegOp,
    graph.AbsOp,
    graph.IdentityOp,
)
MAX_CHEAP = 4


def is_cheap(ops: Sequence[Operation]) -> bool:
    """Whether the epilogue is small enough to be repeated for every register of a block."""
    return len(ops) <= MAX_CHEAP and all(isinstance(op, CHEAP_OPS) for op in ops)


@dataclass(frozen=True)
class Columns:
    """`vectors` vectors of `lanes` columns from column `first` on; `ragged` where some may lie past the last column."""

    first: Index
    vectors: int
    lanes: int
    ragged: bool


class ColumnEpilogue:
    """Finishes vectors of sums in some columns of one batch."""

    def __init__(
        self, b: LoopBuilder, problem: Problem, buffers: Mapping[SSAValue, SSAValue], batch: Sequence[Index], columns: Columns
    ) -> None:
        self.b, self.problem, self.buffers, self.columns = b, problem, buffers, columns
        self.bases: dict[Access, Index] = {}
        for access in (problem.out, *problem.inputs.values()):
            base = b.linear(batch, [b.dim(s) for s in access.batch], b.dim(access.offset))
            self.bases[access] = b.add(base, b.mul(columns.first, b.dim(access.column)))
        self.masks = [self._mask(v) for v in range(columns.vectors)]
        same = [access for access in problem.inputs.values() if _row_free(access)]
        self.hoisted = {access: [self._vector(access, [], v) for v in range(columns.vectors)] for access in same}

    def _mask(self, vector: int) -> SSAValue | None:
        if not self.columns.ragged:
            return None
        b, lanes = self.b, self.columns.lanes
        left = b.sub(b.dim(self.problem.columns), b.add(self.columns.first, vector * lanes))
        return b.lane_mask(b.max(left, 0), lanes)

    def store(self, sums: SSAValue, position: Sequence[Index], vector: int) -> None:
        """Bias and epilogue on one vector of sums of the row at this position on the row axes, and its store."""
        b, problem = self.b, self.problem
        value = sums
        if problem.bias is not None:
            value = b.addf(value, self._input(problem.bias, position, vector))
        known: dict[SSAValue, SSAValue] = {problem.anchor.results[0]: value}
        for op in problem.epilogue:
            operands = [self._computed(o, known) or self._input(o, position, vector) for o in op.operands]
            known[op.results[0]] = value = emit_pointwise(b, op, operands)
        out = problem.out
        offset = b.linear(position, [b.dim(s) for s in out.rows], self.bases[out])
        stored = to_storage(Value(b, value, element_of(out.value)))
        at = b.add(offset, vector * self.columns.lanes)
        b.vstore(stored, self.buffers[out.value], [at], self.masks[vector])

    def _computed(self, operand: SSAValue, known: Mapping[SSAValue, SSAValue]) -> SSAValue | None:
        """What is known of an operand, or of the value that it is a view of."""
        while operand not in known and operand not in self.problem.inputs:
            owner = operand.owner
            if not isinstance(owner, Operation) or isinstance(owner, graph.ConstantOp) or not owner.operands:
                return None
            operand = owner.operands[0]
        return known.get(operand)

    # -- operands ---------------------------------------------------------------------------------------------------------
    def _input(self, operand: SSAValue, position: Sequence[Index], vector: int) -> SSAValue:
        """An operand of the epilogue that is no sum: a constant or memory."""
        access = self.problem.inputs.get(operand)
        if access is not None:
            hoisted = self.hoisted.get(access)
            return hoisted[vector] if hoisted is not None else self._vector(access, position, vector)
        owner = operand.owner
        assert isinstance(owner, graph.ConstantOp) and owner.dense is not None
        type_ = vector_type(register_type(element_of(operand)), self.columns.lanes)
        return self.b.const(cast(float, owner.dense.get_values()[0]), type_)

    def _vector(self, access: Access, position: Sequence[Index], vector: int) -> SSAValue:
        """The operand's columns on one row, in register type."""
        b, lanes, element = self.b, self.columns.lanes, element_of(access.value)
        buffer = self.buffers[access.value]
        offset = b.linear(position, [b.dim(s) for s in access.rows] if position else [], self.bases[access])
        if access.column == ZERO:
            scalar = to_register(b, b.load(buffer, [offset]), element).ssa
            return b.broadcast(scalar, lanes)
        if access.column != ONE:
            raise NotImplementedError
        at = b.add(offset, vector * lanes)
        return to_register(b, b.vload(buffer, [at], lanes, self.masks[vector]), element).ssa


def _row_free(access: Access) -> bool:
    """Whether the operand is the same on all rows, so that its vectors are loaded once for some columns."""
    return all(stride == ZERO for stride in access.rows)
