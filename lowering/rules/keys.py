"""What sorting and selecting along an axis share: items of a key and its index, where they come from and where they go."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ...dialects import arith, graph
from ...dialects.graph.base import flag, integer
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, element_of, physical_strides
from ..builder import Index
from ..casts import to_register, to_storage
from ..definitions import DEFINITIONS, Definer
from ..frame import Frame
from ..kernel_attrs import returned
from ..loop_types import storage_type
from .heap import Item

WORD = 8
"""Bytes of an index, and of the widest element."""


class Keys:
    """The elements along the axis of a top_k, with their indices."""

    def __init__(self, frame: Frame, op: graph.TopKOp, kernel: func.FuncOp) -> None:
        self.frame, self.b, self.op, self.results = frame, frame.b, op, returned(kernel)
        self.axis, self.element = integer(op.axis), element_of(op.x)
        self.definer = Definer(frame, DEFINITIONS)
        self.size = self.definer.dims(op.x)[self.axis]
        self.extents = [self.b.dim(d) for d in around(op)]

    def views(self, start: int, count: Index) -> list[SSAValue]:
        """Scratch memory for so many items, from a byte on."""
        keys = self.b.scratch_view(self.b.scratch, self.b.add(start, self.b.mul(count, WORD)), count, storage_type(self.element))
        return [keys, self.b.scratch_view(self.b.scratch, start, count, i64)]

    def item(self, rest: Sequence[Index], at: Index) -> Item:
        """The item of an index along the axis."""
        value = self.definer.element(self.op.x, [*rest[: self.axis], at, *rest[self.axis :]])
        return [to_storage(value), self.b.op(arith.IndexCastOp, [self.b.index(at)], i64)]

    def precedes(self, a: Item, c: Item) -> SSAValue:
        """Whether the key of item a comes before that of c, which is not so if they are equal."""
        relation = "gt" if flag(self.op.largest) else "lt"
        return to_register(self.b, a[0], self.element).compare(relation, to_register(self.b, c[0], self.element)).ssa

    def equal(self, a: Item, c: Item) -> SSAValue:
        return to_register(self.b, a[0], self.element).eq(to_register(self.b, c[0], self.element)).ssa

    def write(self, rest: Sequence[Index], at: Index, item: Item) -> None:
        """Put an item into the results."""
        for result in self.results:
            strides = [self.b.dim(s) for s in physical_strides(result)]
            offset = self.b.linear([*rest[: self.axis], at, *rest[self.axis :]], strides)
            self.b.store(item[0] if result is self.op.values else item[1], self.frame.evaluator.buffers[result], [offset])


def around(op: graph.TopKOp) -> list[DimExpr]:
    """The dims besides the axis."""
    return [d for axis, d in enumerate(dims_of(op.x)) if axis != integer(op.axis)]
