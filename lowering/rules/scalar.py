"""The scalar rule: any graph op, each element of its result by the op's definition. Always applies, never fast."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from ...backends.targets import TargetModel
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of, order_of, physical_strides
from ...dialects.kernel import ScheduleAttr
from ..access import is_inline
from ..builder import Index
from ..casts import to_storage
from ..definitions import CAN_FAIL, DEFINITIONS, Definer
from ..frame import Frame, frame_bytes
from ..kernel_attrs import body_ops, returned
from ..pointwise import is_pointwise
from .common import BaseRule, tables_of


class ScalarRule(BaseRule):
    """Loops over the elements of the result."""

    name = "scalar"

    def accepts(self, ops: Sequence[Operation], target: TargetModel) -> bool:
        return len(ops) == 1 and is_defined(ops[0])

    def schedule(self, kernel: func.FuncOp, target: TargetModel) -> ScheduleAttr | None:
        return ScheduleAttr.of(self.name) if all(map(is_defined, body_ops(kernel))) else None

    def grid(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return product(dims_of(returned(kernel)[0]))

    def scratch(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> DimExpr:
        return DimExpr.of(frame_bytes(tables_of(kernel), _can_fail(kernel)))

    def lower(self, kernel: func.FuncOp, schedule: ScheduleAttr, target: TargetModel) -> func.FuncOp:
        frame = Frame.of(kernel, tables_of(kernel), can_fail=_can_fail(kernel))
        b, definer, results = frame.b, Definer(frame, DEFINITIONS), returned(kernel)
        order = order_of(results[0])
        extents = [b.dim(dims_of(results[0])[axis]) for axis in order]

        def body(i: SSAValue, _: Sequence[SSAValue]) -> None:
            physical = b.delinearize(i, extents)
            at: list[Index] = [physical[order.index(axis)] for axis in range(len(order))]
            for result in results:
                stored = to_storage(definer.element(result, at))
                offset = b.linear(at, [b.dim(s) for s in physical_strides(result)])
                b.store(stored, frame.evaluator.buffers[result], [offset])

        b.for_(b.lo, b.hi, body)
        return frame.finish()


def is_defined(op: Operation) -> bool:
    """Whether the elements of all results have a definition."""
    return is_pointwise(op) or is_inline(op) or all((type(op), i) in DEFINITIONS for i in range(len(op.results)))


def _can_fail(kernel: func.FuncOp) -> bool:
    return any(isinstance(op, CAN_FAIL) for op in body_ops(kernel))
