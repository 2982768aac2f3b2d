"""The loops of a convolution over padded lines.

    for slice in [lo, hi):               image, chunk of lines, panel of nr output channels; panels innermost
        on a new chunk: copy the lines of the image that it reads into scratch, padded
        for line of the result:
            for block of mr outputs:
                for plane, tap of height:  mr x nr multiply-adds in registers along the run of the other taps
                epilogue and store

Outputs beside each other read a line at a constant distance, so that rows need not be gathered one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..builder import Index
from ..loop_types import vector_type
from ..strided import ZERO
from .contraction_columns import ColumnEpilogue, Columns, is_cheap
from .kept import Kept
from .lines_frame import Frame


def emit_loops(frame: Frame) -> None:
    """The parallel loop over (image, chunk, panel)."""
    b, plan = frame.b, frame.plan
    kept = Kept(b, plan.panels)

    def body(index: SSAValue, _: Sequence[SSAValue]) -> None:
        image, chunk, panel = b.delinearize(index, [b.dim(frame.problem.rows[0]), plan.chunks, plan.panels])
        first = b.mul(chunk, plan.lines)
        count = b.min(plan.lines, b.sub(plan.shape.lines, first))
        kept.once(index, panel, lambda: _copy_lines(frame, image, first, count))
        _Panel(frame, image, first, panel).emit(count)

    b.for_(b.lo, b.hi, body)


# -- lines -----------------------------------------------------------------------------------------------------------------
def _copy_lines(frame: Frame, image: Index, first: Index, count: Index) -> None:
    """The lines that `count` lines of the result read, in every plane; lines outside the image are zero."""
    b, plan, shape, lhs = frame.b, frame.plan, frame.plan.shape, frame.problem.lhs
    top = b.sub(b.mul(first, shape.high.stride), shape.high.pads[0])
    lines = b.add(b.mul(b.sub(count, 1), shape.high.stride), shape.input_lines(1))
    base = b.linear([image], [b.dim(lhs.rows[0])], b.dim(lhs.offset))
    plane_step = b.dim(lhs.windows[0].step) if lhs.channels_first else 0

    def line(plane: Index, number: SSAValue) -> None:
        at = b.add(top, number)
        target = b.add(b.mul(plane, plan.plane_elements), b.mul(number, shape.pitch))
        source = b.linear([plane, at], [plane_step, b.dim(shape.high.step)], base)
        inside = b.cmp("ult", at, shape.high.size.value)
        b.if_(inside, lambda: _copy_line(frame, source, target), lambda: _clear(frame, target, 0, shape.padded))

    def plane(number: Index) -> None:
        b.for_(0, lines, lambda i, _: line(number, i))

    if shape.planes == 1:
        plane(0)
    else:
        b.for_(0, shape.planes, lambda p, _: plane(p))


def _copy_line(frame: Frame, source: Index, target: Index) -> None:
    """One line of the image between its paddings: whole vectors, each of which may be overwritten by the next part."""
    b, lanes, shape, lhs = frame.b, frame.plan.lanes, frame.plan.shape, frame.problem.lhs
    buffer = frame.buffers[lhs.value]
    before, width = shape.wide.pads[0] * shape.pixel, shape.wide.size.value * shape.pixel
    whole = width // lanes * lanes
    _clear(frame, target, 0, before)
    start = b.add(target, before)

    def vector(k: SSAValue, _: Sequence[SSAValue]) -> None:
        b.vstore(b.vload(buffer, [b.add(source, k)], lanes), frame.lines, [b.add(start, k)])

    def element(k: SSAValue, _: Sequence[SSAValue]) -> None:
        b.store(b.load(buffer, [b.add(source, k)]), frame.lines, [b.add(start, k)])

    b.for_(0, whole, vector, step=lanes)
    if whole < width:
        b.for_(whole, width, element)
    _clear(frame, target, before + width, shape.padded)


def _clear(frame: Frame, target: Index, low: int, high: int) -> None:
    """Zeros from `low` on up to `high` or a little further."""
    b, lanes = frame.b, frame.plan.lanes
    zero = b.const(0.0, vector_type(frame.problem.element, lanes))
    if low < high:
        b.for_(low, high, lambda k, _: b.vstore(zero, frame.lines, [b.add(target, k)]), step=lanes)


# -- products --------------------------------------------------------------------------------------------------------------
class _Panel:
    """All outputs of a chunk in the channels of one panel."""

    def __init__(self, frame: Frame, image: Index, first: Index, panel: Index) -> None:
        b, plan, problem = frame.b, frame.plan, frame.problem
        self.frame, self.image, self.first = frame, image, first
        columns = Columns(b.mul(panel, plan.nr), plan.vectors, plan.lanes, problem.columns % plan.nr != ZERO)
        self.epilogue = ColumnEpilogue(b, problem, frame.buffers, [], columns)
        self.filters = b.mul(panel, problem.depth.value * plan.nr)

    def emit(self, count: Index) -> None:
        b, plan = self.frame.b, self.frame.plan
        blocks = -(-plan.shape.columns // plan.mr)
        b.for_(0, count, lambda line, _: b.for_(0, blocks, lambda block, _: self._block(line, block)) and None)

    def _block(self, line: Index, block: Index) -> None:
        b, plan, shape = self.frame.b, self.frame.plan, self.frame.plan.shape
        column = b.mul(block, plan.mr)
        start = b.add(b.mul(line, shape.high.stride * shape.pitch), b.mul(column, shape.wide.stride * shape.pixel))

        def tap(plane: Index, k: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
            return self._accumulate(start, plane, k, sums)

        def plane(number: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
            if shape.taps == 1:
                return tap(number, 0, sums)
            return b.for_(0, shape.taps, lambda k, carried: tap(number, k, carried), inits=sums)

        zeros = self.frame.micro.zeros()
        sums = plane(0, zeros) if shape.planes == 1 else b.for_(0, shape.planes, plane, inits=zeros)
        self._finish(sums, [self.image, b.add(self.first, line), column])

    def _accumulate(self, start: Index, plane: Index, tap: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
        """The products of one line with the run of taps at one height."""
        b, plan, shape = self.frame.b, self.frame.plan, self.frame.plan.shape
        at = b.add(b.mul(plane, plan.plane_elements), b.mul(tap, shape.high.dilation * shape.pitch))
        rows = b.view(self.frame.lines, [plan.mr, shape.run], [shape.wide.stride * shape.pixel, 1], b.add(start, at))
        number = b.add(b.mul(plane, shape.taps), tap)
        first = b.add(self.filters, b.mul(number, shape.run * plan.nr))
        panel = b.view(self.frame.buffers[self.frame.problem.rhs.value], [shape.run, plan.nr], [plan.nr, 1], first)
        return self.frame.micro.accumulate(rows, panel, shape.run, [], sums)

    # -- stores ---------------------------------------------------------------------------------------------------------
    def _finish(self, sums: Sequence[SSAValue], position: Sequence[Index]) -> None:
        b, plan = self.frame.b, self.frame.plan
        columns = plan.shape.columns
        if not is_cheap(self.frame.problem.epilogue):
            self._through_tile(sums, position)
        elif columns % plan.mr == 0:
            self._from_registers(sums, position)
        else:
            full = b.cmp("sle", b.add(position[-1], plan.mr), columns)
            b.if_(full, lambda: self._from_registers(sums, position), lambda: self._through_tile(sums, position))

    def _from_registers(self, sums: Sequence[SSAValue], position: Sequence[Index]) -> None:
        b, plan = self.frame.b, self.frame.plan
        *line, column = position
        for row in range(plan.mr):
            for v in range(plan.vectors):
                self.epilogue.store(sums[row * plan.vectors + v], [*line, b.add(column, row)], v)

    def _through_tile(self, sums: Sequence[SSAValue], position: Sequence[Index]) -> None:
        """Through scratch, where a loop finishes as many outputs as the line still has."""
        b, plan, tile = self.frame.b, self.frame.plan, self.frame.tile
        *line, column = position
        for index, value in enumerate(sums):
            b.vstore(value, tile, [index * plan.lanes])

        def row(r: SSAValue, _: Sequence[SSAValue]) -> None:
            for v in range(plan.vectors):
                value = b.vload(tile, [b.add(b.mul(r, plan.nr), v * plan.lanes)], plan.lanes)
                self.epilogue.store(value, [*line, b.add(column, r)], v)

        b.for_(0, b.min(plan.mr, b.sub(plan.shape.columns, column)), row)
