"""The scatter rule: a copy of x, then every update in order, each checked before anything is written.

One cell does all of it: updates may meet the same element, and their order then counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import func
from xdsl.ir import BlockArgument, Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import integer
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, element_of, numel, order_of, physical_strides
from ...dialects.kernel import ScheduleAttr
from ..access import ONE
from ..builder import Index
from ..casts import to_storage
from ..definitions import DEFINITIONS, Definer
from ..definitions.indexing import COMBINE
from ..frame import Frame, frame_bytes
from ..kernel_attrs import body_ops
from ..loop_types import bit_width, storage_type
from ..nest import Vectors, loops, vector_loop
from ..values import Value
from .common import BaseRule, body_of, tables_of

SCATTERS = (graph.ScatterElementsOp, graph.ScatterNdOp)
Scatter = graph.ScatterElementsOp | graph.ScatterNdOp
UNROLL = 4


class ScatterRule(BaseRule):
    """Scatters of elements and of slices."""

    name = "scatter"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and isinstance(ops[0], SCATTERS)

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        ops, _ = body_of(kernel)
        return ScheduleAttr.of(self.name) if self.accepts(ops, target) else None

    def generalizable(self, kernel: func.FuncOp, schedule: ScheduleAttr) -> bool:
        # The length of an index tuple is part of what the op is.
        return not any(isinstance(op, graph.ScatterNdOp) for op in body_ops(kernel))

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return ONE

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(frame_bytes(tables_of(kernel), can_fail=True))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        (op,), _ = body_of(kernel)
        assert isinstance(op, SCATTERS)
        frame = Frame.of(kernel, tables_of(kernel), can_fail=True)
        scatter = _Scatter(frame, Definer(frame, DEFINITIONS), op, target)
        frame.b.for_(frame.b.lo, frame.b.hi, lambda cell, carried: scatter.lower())
        return frame.finish()


class _Scatter:
    """One scatter being lowered."""

    def __init__(self, frame: Frame, definer: Definer, op: Scatter, target: TargetModel) -> None:
        self.frame, self.b, self.d, self.op, self.target = frame, frame.b, definer, op, target
        self.out = frame.evaluator.buffers[op.result]
        self.sizes = definer.dims(op.x)

    def lower(self) -> None:
        self._copy()
        if isinstance(self.op, graph.ScatterElementsOp):
            self._elements(integer(self.op.axis))
        else:
            self._slices()

    def _copy(self) -> None:
        """The result is x to begin with."""
        op, b = self.op, self.b
        alike = isinstance(op.x, BlockArgument) and order_of(op.x) == order_of(op.result)
        if not alike:
            return loops(b, [(0, s) for s in self.sizes], lambda at: self._store(at, self.d.element(op.x, at)))
        source = self.frame.evaluator.buffers[op.x]
        vectors = Vectors.of(self.target, bit_width(storage_type(element_of(op.x))), UNROLL)

        def step(i: Index, lanes: int, mask: SSAValue | None) -> None:
            if lanes:
                b.vstore(b.vload(source, [i], lanes, mask), self.out, [i], mask)
            else:
                b.store(b.load(source, [i]), self.out, [i])

        vector_loop(b, 0, b.dim(numel(op.x)), vectors, step)

    def _elements(self, axis: int) -> None:
        op, d = self.op, self.d

        def meet(where: tuple[Index, ...]) -> None:
            position = d.wrapped(d.element(op.indices, where), self.sizes[axis])
            target = [*where[:axis], position, *where[axis + 1 :]]
            self._checked(list(zip(target, self.sizes, strict=True)), lambda: self._combine(target, where))

        loops(self.b, [(0, s) for s in d.dims(op.indices)], meet)

    def _slices(self) -> None:
        op, d = self.op, self.d
        depth, rest = dims_of(op.indices)[-1].value, [(0, s) for s in self.sizes[dims_of(op.indices)[-1].value :]]

        def meet(where: tuple[Index, ...]) -> None:
            target = [d.wrapped(d.element(op.indices, [*where, k]), self.sizes[k]) for k in range(depth)]

            def slice_() -> None:
                loops(self.b, rest, lambda inner: self._combine([*target, *inner], (*where, *inner)))

            self._checked(list(zip(target, self.sizes, strict=False)), slice_)

        loops(self.b, [(0, s) for s in d.dims(op.indices)[:-1]], meet)

    # -- elements -------------------------------------------------------------------------------------------------------------
    def _checked(self, positions: Sequence[tuple[Index, Index]], then: Callable[[], None]) -> None:
        """`then()` where every (position, size) is inside; else the kernel fails."""
        inside = self.d.all([self.d.inside(p, s) for p, s in positions])
        if inside is None:
            then()
        else:
            self.b.if_(inside, then, self.frame.fail)

    def _combine(self, target: Sequence[Index], where: Sequence[Index]) -> None:
        op, d = self.op, self.d
        update = d.element(op.updates, where)
        if op.reduction.data != "none":
            update = COMBINE[op.reduction.data](d.load(op.result, target, physical_strides(op.result)), update)
        self._store(target, update)

    def _store(self, at: Sequence[Index], value: Value) -> None:
        offset = self.b.linear(at, [self.b.dim(s) for s in physical_strides(self.op.result)])
        self.b.store(to_storage(value), self.out, [offset])
