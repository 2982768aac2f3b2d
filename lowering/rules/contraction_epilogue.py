"""Finishing a block of sums: bias and epilogue on registers, and the stores.

Full blocks go straight from registers when the epilogue is cheap. Otherwise the sums pass through a tile in scratch and rows are
finished in a loop: one body however many rows there are, which is also how the last, shorter block is finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.types import element_of
from ..builder import Index
from ..casts import to_register, to_storage
from ..loop_types import vector_type
from ..pointwise import emit_pointwise
from ..strided import ONE, ZERO
from ..values import Value, register_type
from .contraction_frame import Frame
from .contraction_lhs import for_rows
from .contraction_problem import Access

CHEAP_OPS = (
    graph.AddOp,
    graph.SubOp,
    graph.MulOp,
    graph.MinOp,
    graph.MaxOp,
    graph.ReluOp,
    graph.ClipOp,
    graph.NegOp,
    graph.AbsOp,
    graph.IdentityOp,
)
MAX_CHEAP = 4


def is_cheap(ops: Sequence[Operation]) -> bool:
    """Whether the epilogue is small enough to be repeated for every register of the block."""
    return len(ops) <= MAX_CHEAP and all(isinstance(op, CHEAP_OPS) for op in ops)


class Finisher:
    """Finishes blocks of one panel of one batch: columns from `column` on, of which `valid` exist."""

    def __init__(self, frame: Frame, batch: Sequence[Index], column: Index) -> None:
        self.frame = frame
        self.column = column
        b, plan, problem = frame.b, frame.plan, frame.problem
        self.accesses = {**problem.inputs}
        self.direct = len(problem.rows) <= 1 and problem.out.column == ONE and is_cheap(problem.epilogue)
        self.bases: dict[Access, Index] = {}
        everything = [problem.out, *problem.inputs.values()]
        for access in everything:
            base = b.linear(batch, [b.dim(s) for s in access.batch], b.dim(access.offset))
            self.bases[access] = b.add(base, b.mul(column, b.dim(access.column)))
        self.extents = [b.dim(e) for e in problem.rows]
        self.ragged = plan.problem.columns % plan.nr != ZERO
        self.masks = [self._mask(v) for v in range(plan.vectors)]
        self.vectors = {
            access: self._row_vectors(access, []) for access in everything if access is not problem.out and _row_free(access)
        }

    def _mask(self, vector: int) -> SSAValue | None:
        if not self.ragged:
            return None
        b, plan = self.frame.b, self.frame.plan
        left = b.sub(self.frame.columns, b.add(self.column, vector * plan.lanes))
        return b.lane_mask(b.max(left, 0), plan.lanes)

    # -- operands ---------------------------------------------------------------------------------------------------------
    def _row_vectors(self, access: Access, position: Sequence[Index]) -> list[SSAValue]:
        """The operand's vectors on one row, in register type."""
        return [self._vector(access, position, v) for v in range(self.frame.plan.vectors)]

    def _vector(self, access: Access, position: Sequence[Index], vector: int) -> SSAValue:
        b, plan, element = self.frame.b, self.frame.plan, element_of(access.value)
        buffer = self.frame.buffers[access.value]
        offset = b.linear(position, [b.dim(s) for s in access.rows] if position else [], self.bases[access])
        if access.column == ZERO:
            scalar = to_register(b, b.load(buffer, [offset]), element).ssa
            return b.broadcast(scalar, plan.lanes)
        if access.column != ONE:
            raise NotImplementedError
        at = b.add(offset, vector * plan.lanes)
        return to_register(b, b.vload(buffer, [at], plan.lanes, self.masks[vector]), element).ssa

    # -- one vector of results ----------------------------------------------------------------------------------------------
    def _finish(self, value: SSAValue, position: Sequence[Index], vector: int) -> None:
        """Bias and epilogue on one vector of sums, and its store."""
        b, plan, problem = self.frame.b, self.frame.plan, self.frame.problem
        if problem.bias is not None:
            value = b.addf(value, self._input(problem.bias, position, vector))
        known: dict[SSAValue, SSAValue] = {problem.anchor.results[0]: value}
        for op in problem.epilogue:
            operands = [self._computed(o, known) or self._input(o, position, vector) for o in op.operands]
            known[op.results[0]] = value = emit_pointwise(b, op, operands)
        out = problem.out
        offset = b.linear(position, [b.dim(s) for s in out.rows], self.bases[out])
        stored = to_storage(Value(b, value, element_of(out.value)))
        b.vstore(stored, self.frame.buffers[out.value], [b.add(offset, vector * plan.lanes)], self.masks[vector])

    def _computed(self, operand: SSAValue, known: Mapping[SSAValue, SSAValue]) -> SSAValue | None:
        """What is known of an operand, or of the value that it is a view of."""
        while operand not in known and operand not in self.accesses:
            owner = operand.owner
            if not isinstance(owner, Operation) or isinstance(owner, graph.ConstantOp) or not owner.operands:
                return None
            operand = owner.operands[0]
        return known.get(operand)

    def _input(self, operand: SSAValue, position: Sequence[Index], vector: int) -> SSAValue:
        """An operand of the epilogue that is no sum: a constant or memory."""
        access = self.accesses.get(operand)
        if access is not None:
            return self._operand(access, position, vector)
        owner = operand.owner
        assert isinstance(owner, graph.ConstantOp) and owner.dense is not None
        type_ = vector_type(register_type(element_of(operand)), self.frame.plan.lanes)
        return self.frame.b.const(cast(float, owner.dense.get_values()[0]), type_)

    def _operand(self, access: Access, position: Sequence[Index], vector: int) -> SSAValue:
        hoisted = self.vectors.get(access)
        return hoisted[vector] if hoisted is not None else self._vector(access, position, vector)

    # -- blocks -----------------------------------------------------------------------------------------------------------
    def finish(self, sums: Sequence[SSAValue], first: Index, tile: Index, skipped: Index = 0) -> None:
        """Finish the rows from `first` on; the first `skipped` rows of the block come before. `tile` is room in scratch."""
        frame, plan = self.frame, self.frame.plan
        if not self.direct:
            self._through_tile(sums, first, tile, skipped)
        elif frame.problem.row_count % plan.mr == ZERO:
            self._from_registers(sums, first)
        else:
            b = frame.b
            full = b.cmp("sle", b.add(first, plan.mr), frame.row_count)
            b.if_(full, lambda: self._from_registers(sums, first), lambda: self._through_tile(sums, first, tile, skipped))

    def _from_registers(self, sums: Sequence[SSAValue], first: Index) -> None:
        b, plan = self.frame.b, self.frame.plan
        for row in range(plan.mr):
            position = [b.add(first, row)] if self.extents else []
            for v in range(plan.vectors):
                self._finish(sums[row * plan.vectors + v], position, v)

    def _through_tile(self, sums: Sequence[SSAValue], first: Index, tile: Index, skipped: Index) -> None:
        b, plan = self.frame.b, self.frame.plan
        store_tile(self.frame, sums, tile)
        rows = b.min(plan.mr, b.sub(self.frame.row_count, first))

        def row(index: Index, position: Sequence[Index]) -> None:
            start = b.add(tile, b.mul(b.add(index, skipped), plan.nr))
            for v in range(plan.vectors):
                self._finish(b.vload(self.frame.tile, [b.add(start, v * plan.lanes)], plan.lanes), position, v)

        for_rows(self.frame, self.extents, first, rows, row)


def _row_free(access: Access) -> bool:
    """Whether the operand is the same on all rows, so that its vectors are loaded once a panel."""
    return all(stride == ZERO for stride in access.rows)


def store_tile(frame: Frame, sums: Sequence[SSAValue], tile: Index) -> None:
    """Keep a block of sums in scratch."""
    b, plan = frame.b, frame.plan
    for index, value in enumerate(sums):
        b.vstore(value, frame.tile, [b.add(tile, index * plan.lanes)])


def load_tile(frame: Frame, tile: Index) -> list[SSAValue]:
    """Take a block of sums up again."""
    b, plan = frame.b, frame.plan
    count = plan.mr * plan.vectors
    return [b.vload(frame.tile, [b.add(tile, index * plan.lanes)], plan.lanes) for index in range(count)]
