"""A kernel being lowered: its builder, an evaluator that knows its buffers, and the status that it returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import func
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ..dialects.graph.types import element_of
from ..runtime.codes import INDEX_OUT_OF_RANGE
from .builder import KernelBuilder
from .evaluate import Evaluator, table_bytes
from .kernel_attrs import returned, sizes_of

STATUS_BYTES = 64
"""Scratch memory, at its start, of a kernel that can fail: the status is kept there while it runs."""


@dataclass
class Frame:
    """What rules build a kernel with. A kernel that `can_fail` keeps its status in scratch memory, before the tables."""

    b: KernelBuilder
    evaluator: Evaluator
    status: list[SSAValue] = field(default_factory=list[SSAValue])

    @staticmethod
    def of(kernel: func.FuncOp, tables: Sequence[SSAValue] = (), raw: bool = False, can_fail: bool = False) -> Frame:
        values = [*kernel.body.block.args, *returned(kernel)]
        b = KernelBuilder(kernel.sym_name.data, [element_of(v) for v in values], sizes_of(kernel))
        frame = Frame(b, Evaluator(b, dict(zip(values, b.buffers, strict=True)), raw))
        if can_fail:
            frame.status.append(b.scratch_view(b.scratch, 0, 1, i32))
            b.store(b.const(0, i32), frame.status[0], [0])
        frame.evaluator.fill_tables(tables, STATUS_BYTES if can_fail else 0)
        return frame

    def fail(self, status: int = INDEX_OUT_OF_RANGE) -> None:
        """Let the kernel return this status; it goes on, so what cannot be computed must still be given a value."""
        self.b.store(self.b.const(status, i32), self.status[0], [0])

    def finish(self) -> func.FuncOp:
        return self.b.finish(self.b.load(self.status[0], [0]) if self.status else None)


def frame_bytes(tables: Iterable[SSAValue] = (), can_fail: bool = False) -> int:
    """Scratch memory that a frame takes, from the start."""
    return sum(map(table_bytes, tables)) + (STATUS_BYTES if can_fail else 0)
