"""The pads rule: every row of the result is a run of x between two margins.

In memory order, the innermost dim that is padded and those inside it make a row. The index of a row in the dims outside of it
says which row of x it shows, or that it is all margin. Where the dims inside are long, they alone make a row, so that threads
have more to share. Margins hold the value, or what the mode finds in x, element by element of the padded dim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from xdsl.dialects import arith, func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import i1
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, element_of, order_of
from ...dialects.kernel import ScheduleAttr
from ..access import ZERO
from ..builder import Index
from ..definitions.movement import folded
from ..kernel_attrs import body_ops, returned, sizes_of
from ..loop_types import bit_width, storage_type
from .common import BaseRule
from .runs import RunBuilder

LONG = 64
"""Elements inside the padded dim that make a row of their own."""


@dataclass(frozen=True)
class Rows:
    """How the result of a pad is cut into rows; all dims in memory order, outermost first.

    Attributes:
        outer: dims whose indices number the rows.
        along: the dim that a row runs along, of x and of the result, and how much of it lies before x.
        unit: elements of one index of that dim.
    """

    op: graph.PadOp
    outer: tuple[int, ...]
    along: tuple[DimExpr, DimExpr, DimExpr]
    unit: DimExpr

    @staticmethod
    def of(op: graph.PadOp, along: bool) -> Rows:
        """Rows along the innermost padded dim, or of what is inside of it."""
        order, x, result = order_of(op.x), dims_of(op.x), dims_of(op.result)
        place = _innermost(op)
        inside, axis = product(x[axis] for axis in order[place + 1 :]), order[place]
        if along:
            return Rows(op, order[:place], (x[axis], result[axis], op.low.data[axis]), inside)
        return Rows(op, order[: place + 1], (inside, inside, ZERO), DimExpr.of(1))

    @property
    def count(self) -> DimExpr:
        return product(dims_of(self.op.result)[axis] for axis in self.outer)


class PadsRule(BaseRule):
    """Pads of all modes that keep the memory order."""

    name = "pads"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        if len(ops) != 1 or not isinstance(op := ops[0], graph.PadOp):
            return False
        return order_of(op.x) == order_of(op.result) and any(_is_padded(op, axis) for axis in order_of(op.x))

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops = body_ops(kernel)
        if not self.accepts(ops, target):
            return None
        op = _op(kernel)
        inside = product(dims_of(op.x)[axis] for axis in order_of(op.x)[_innermost(op) + 1 :])
        bits = bit_width(storage_type(element_of(op.result)))
        along = inside.is_static and inside.value < LONG
        return ScheduleAttr.of(self.name, lanes=target.vector_bytes * 8 // bits, along=int(along))

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return _rows(kernel, schedule).count

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        values = [*kernel.args, *returned(kernel)]
        b = RunBuilder(kernel.sym_name.data, [element_of(v) for v in values], sizes_of(kernel))
        b.lanes, b.masked = schedule["lanes"], target.can_mask(bit_width(storage_type(element_of(_op(kernel).result))))
        return _Pad(b, _rows(kernel, schedule), dict(zip(values, b.buffers, strict=True))).build()


def _op(kernel: func.FuncOp) -> graph.PadOp:
    return next(op for op in body_ops(kernel) if isinstance(op, graph.PadOp))


def _rows(kernel: func.FuncOp, schedule: ScheduleAttr) -> Rows:
    return Rows.of(_op(kernel), bool(schedule["along"]))


def _is_padded(op: graph.PadOp, axis: int) -> bool:
    return op.low.data[axis] != ZERO or op.high.data[axis] != ZERO


def _innermost(op: graph.PadOp) -> int:
    """The place in memory order of the innermost dim that is padded."""
    return max(place for place, axis in enumerate(order_of(op.x)) if _is_padded(op, axis))


class _Pad:
    """Builds the loops of one kernel."""

    def __init__(self, b: RunBuilder, rows: Rows, buffers: dict[SSAValue, SSAValue]) -> None:
        self.b, self.rows, self.op, self.mode = b, rows, rows.op, rows.op.mode.data
        self.x, self.out = buffers[rows.op.x], b.buffers[-1]
        zero = b.const(0, storage_type(element_of(rows.op.x)))
        self.filler = zero if rows.op.value is None else b.load(buffers[rows.op.value], [0])
        self.sizes, self.targets = ([b.dim(d) for d in dims_of(v)] for v in (rows.op.x, rows.op.result))
        self.unit = b.dim(rows.unit)
        self.size, self.target, self.low = map(b.dim, rows.along)

    def build(self) -> func.FuncOp:
        self.b.for_(self.b.lo, self.b.hi, lambda row, _: self._row(row))
        return self.b.finish()

    def _row(self, row: Index) -> None:
        b, outer = self.b, self.rows.outer
        places = b.delinearize(row, [self.targets[axis] for axis in outer])
        to = b.mul(row, b.mul(self.target, self.unit))
        source, shown = self._source(places)
        start = b.mul(source, b.mul(self.size, self.unit))
        if shown is None:
            self._shown(start, to)
        else:
            whole = b.mul(self.target, self.unit)
            b.if_(shown, lambda: self._shown(start, to), lambda: b.fill(self.filler, self.out, to, whole))

    def _source(self, places: Sequence[Index]) -> tuple[Index, SSAValue | None]:
        """The row of x that a row of the result shows, and whether there is one (None: always)."""
        b, source = self.b, 0
        found: list[SSAValue] = []
        for axis, place in zip(self.rows.outer, places, strict=True):
            at, size = place, self.sizes[axis]
            if _is_padded(self.op, axis):
                at = b.sub(place, b.dim(self.op.low.data[axis]))
                at = at if self.mode == "constant" else folded(b, self.mode, at, size)
                # An empty x has nothing to repeat.
                found.append(b.cmp("ult", at, size) if self.mode == "constant" else b.cmp("sgt", size, 0))
            source = b.add(b.mul(source, size), at)
        if self.mode != "constant" and self.target is not self.size:
            found.append(b.cmp("sgt", self.size, 0))
        shown = reduce(lambda a, c: b.op(arith.AndIOp, [a, c], i1), found) if found else None
        return source, shown

    def _shown(self, start: Index, to: Index) -> None:
        """A margin, a run of x from `start` on, another margin."""
        b = self.b
        first = b.min(b.max(self.low, 0), self.target)
        last = b.max(b.min(b.add(self.low, self.size), self.target), first)
        self._margin(start, to, 0, first)
        skipped = b.sub(first, self.low)
        count = b.mul(b.sub(last, first), self.unit)
        b.copy(self.x, b.add(start, b.mul(skipped, self.unit)), self.out, b.add(to, b.mul(first, self.unit)), count)
        self._margin(start, to, last, self.target)

    def _margin(self, start: Index, to: Index, first: Index, last: Index) -> None:
        """Elements [first, last) of a row, all of them outside x."""
        b = self.b
        if self.mode == "constant":
            b.fill(self.filler, self.out, b.add(to, b.mul(first, self.unit)), b.mul(b.sub(last, first), self.unit))
            return

        def repeat(place: Index, _: Sequence[SSAValue]) -> None:
            source = folded(b, self.mode, b.sub(place, self.low), self.size)
            at, here = b.add(start, b.mul(source, self.unit)), b.add(to, b.mul(place, self.unit))
            if self.unit == 1:
                b.store(b.load(self.x, [at]), self.out, [here])
            else:
                b.copy(self.x, at, self.out, here, self.unit)

        b.for_(first, last, repeat)
