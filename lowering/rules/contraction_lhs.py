"""Gathering rows of the left side into scratch: `[row block][depth block][mr][kc + slack]`, whatever the rows are made of.

The micro-kernel then always reads full blocks of `mr` rows at constant distances. Rows past the last repeat it (their sums are
never stored); taps outside the input of a convolution read as zero; vectors may be stored past the end of a depth block, into
the slack or where the next run goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ...dialects.graph.base import i1
from ..builder import Index, LoopBuilder
from ..loop_types import INDEX, bit_width, vector_type
from ..strided import ONE
from .contraction_frame import Frame
from .contraction_problem import Window


def gather_rows(frame: Frame, batch: Sequence[Index], first: Index, rows: Index) -> None:
    """Fill the scratch block with `rows` rows (a multiple of mr) from row `first` on."""
    b, lhs = frame.b, frame.problem.lhs
    buffer = frame.buffers[lhs.value]
    base = b.linear(batch, [b.dim(s) for s in lhs.batch], b.dim(lhs.offset))
    extents = [b.dim(e) for e in lhs.extents]
    strides = [b.dim(s) for s in lhs.rows]
    flags = frame.flags
    if flags is not None:
        count = b.mul(b.floordiv(rows, frame.plan.mr), b.dim(frame.plan.tap_count))
        b.for_(0, count, lambda i, _: b.store(b.const(0, i32), flags, [i]))

    def row(index: Index, position: Sequence[Index]) -> None:
        source = b.linear(position, strides, base)
        row_start = _row_start(frame, index)
        windows = list(zip(lhs.windows, position[len(position) - len(lhs.windows) :], strict=True))
        for window in (w for w in lhs.windows if not w.transposed):
            source = b.sub(source, b.mul(window.pads[0], b.dim(window.step)))
        first_flag = b.mul(b.floordiv(index, frame.plan.mr), b.dim(frame.plan.tap_count))
        _taps(frame, buffer, source, row_start, windows, first_flag)

    for_rows(b, extents, first, rows, frame.row_count, row)


def _row_start(frame: Frame, row: Index) -> Index:
    """Where a row's first depth block starts in the scratch block."""
    b, plan = frame.b, frame.plan
    if frame.depth_blocks == 1:
        return b.mul(row, plan.row_stride)
    block, inner = b.floordiv(row, plan.mr), b.mod(row, plan.mr)
    return b.mul(b.add(b.mul(b.mul(block, frame.depth_blocks), plan.mr), inner), plan.row_stride)


def for_rows(
    b: LoopBuilder,
    extents: Sequence[Index],
    first: Index,
    count: Index,
    total: Index,
    body: Callable[[Index, Sequence[Index]], None],
) -> None:
    """Visit `count` of `total` rows from row `first` on, with their positions on the row axes; past the last, that one again."""
    last = b.sub(total, 1)
    if len(extents) <= 1:
        b.for_(0, count, lambda r, _: body(r, [b.min(b.add(first, r), last)] if extents else []))
        return

    def step(r: SSAValue, position: Sequence[SSAValue]) -> Sequence[SSAValue]:
        body(r, position)
        more = b.cmp("slt", b.add(first, r), last)
        return advance(b, position, extents, more)

    start = b.delinearize(first, extents)
    b.for_(0, count, step, inits=[b.index(i) for i in start])


def advance(b: LoopBuilder, position: Sequence[SSAValue], extents: Sequence[Index], more: SSAValue) -> list[SSAValue]:
    """The next position in row-major order, or the same one unless `more` holds."""
    result: list[SSAValue] = []
    carry = more
    for axis in reversed(range(len(position))):
        here = position[axis]
        stepped = b.index(b.add(here, b.op(arith.SelectOp, [carry, b.index(1), b.index(0)], INDEX)))
        if axis == 0:
            result.insert(0, stepped)
            break
        wrapped = b.cmp("eq", stepped, extents[axis])
        result.insert(0, b.op(arith.SelectOp, [wrapped, b.index(0), stepped], INDEX))
        carry = wrapped
    return result


# -- taps ------------------------------------------------------------------------------------------------------------------
def _taps(
    frame: Frame, buffer: SSAValue, source: Index, row: Index, windows: Sequence[tuple[Window, Index]], first_flag: Index
) -> None:
    """All runs of one row: loops over the taps whose runs are separate, and the valid part of each run.

    From `first_flag` on there is a flag for each tap, to be raised where it lies in the input (if taps are skipped).
    """
    b, lhs = frame.b, frame.problem.lhs
    run = b.dim(lhs.run)
    separate = windows[:-1] if lhs.merged else windows
    part: tuple[Index, Index] | None = None
    if lhs.merged and windows[-1][0].bordered:
        part = _valid_part(frame, *windows[-1])

    def nest(axis: int, tap: Index, start: Index, inside: SSAValue | None) -> None:
        if axis == len(separate):
            _raise_flag(frame, b.add(first_flag, tap), inside)
            _run(frame, buffer, start, row, tap, run, inside, part)
            return
        window, position = separate[axis]
        kernel, step = b.dim(window.kernel), b.dim(window.step)

        def body(k: Index) -> None:
            within = _inside(frame, window, position, k, inside) if window.bordered else inside
            at = b.mul(b.mul(k, window.dilation), step)
            if window.transposed:
                at = b.mul(b.floordiv(_reversed(frame, window, position, k), window.stride), step)
            nest(axis + 1, b.add(b.mul(tap, kernel), k), b.add(start, at), within)

        if kernel == 1:
            body(0)
        else:
            b.for_(0, kernel, lambda k, _: body(k))

    nest(0, 0, source, None)


def _raise_flag(frame: Frame, flag: Index, inside: SSAValue | None) -> None:
    b = frame.b
    if frame.flags is None:
        return
    if inside is None:
        b.store(b.const(1, i32), frame.flags, [flag])
        return
    raised = b.op(arith.ExtUIOp, [inside], i32)
    b.store(b.op(arith.OrIOp, [b.load(frame.flags, [flag]), raised], i32), frame.flags, [flag])


def _inside(frame: Frame, window: Window, position: Index, k: Index, also: SSAValue | None) -> SSAValue:
    """Whether tap k of the window at an output position lies in the input."""
    b = frame.b
    if window.transposed:
        at = _reversed(frame, window, position, k)
        whole = b.cmp("eq", b.mod(at, window.stride), 0)
        also = whole if also is None else b.op(arith.AndIOp, [also, whole], i1)
        found = b.cmp("ult", at, b.mul(b.dim(window.size), window.stride))
    else:
        at = b.add(b.sub(b.mul(position, window.stride), window.pads[0]), b.mul(k, window.dilation))
        found = b.cmp("ult", at, b.dim(window.size))
    return found if also is None else b.op(arith.AndIOp, [also, found], i1)


def _reversed(frame: Frame, window: Window, position: Index, k: Index) -> Index:
    """`stride` times the input that tap k of a transposed window reads; may be negative or fall between inputs."""
    b = frame.b
    return b.sub(b.add(position, window.pads[0]), b.mul(k, window.dilation))


def _valid_part(frame: Frame, window: Window, position: Index) -> tuple[Index, Index]:
    """First and last + 1 element of a merged run that lie in the input."""
    b = frame.b
    at = b.sub(b.mul(position, window.stride), window.pads[0])
    kernel, step = b.dim(window.kernel), b.dim(window.step)
    low = b.min(b.max(b.sub(0, at), 0), kernel)
    high = b.max(b.min(b.sub(b.dim(window.size), at), kernel), low)
    return b.mul(low, step), b.mul(high, step)


def _run(
    frame: Frame,
    buffer: SSAValue,
    source: Index,
    row: Index,
    tap: Index,
    run: Index,
    inside: SSAValue | None,
    part: tuple[Index, Index] | None,
) -> None:
    """One run, cut into depth blocks."""
    b, plan = frame.b, frame.plan
    block_stride = plan.mr * plan.row_stride
    group, within = b.floordiv(tap, plan.taps), b.mul(b.mod(tap, plan.taps), run)
    target = b.add(row, b.add(b.mul(b.mul(group, frame.chunks), block_stride), within))
    if frame.depth_blocks == 1:
        target = b.add(row, b.mul(tap, run))
    if frame.chunks == 1:
        _copy(frame, buffer, source, target, run, inside, part)
        return

    def chunk(index: SSAValue, _: Sequence[SSAValue]) -> None:
        start = b.mul(index, plan.kc)
        count = b.min(plan.kc, b.sub(run, start))
        cut = None if part is None else tuple(b.max(b.min(b.sub(p, start), count), 0) for p in part)
        at = b.add(source, b.mul(start, b.dim(frame.problem.lhs.run_step)))
        _copy(frame, buffer, at, b.add(target, b.mul(index, block_stride)), count, inside, (cut[0], cut[1]) if cut else None)

    b.for_(0, frame.chunks, chunk)


def _copy(
    frame: Frame,
    buffer: SSAValue,
    source: Index,
    target: Index,
    count: Index,
    inside: SSAValue | None,
    part: tuple[Index, Index] | None,
) -> None:
    """Copy `count` elements; outside `part` (and everywhere unless `inside`) they are zero."""
    b = frame.b
    if inside is None and part is None:
        _copy_elements(frame, buffer, source, target, 0, count)
        return
    whole = inside
    if part is not None:
        full = b.op(arith.AndIOp, [b.cmp("eq", part[0], 0), b.cmp("eq", part[1], count)], i1)
        whole = full if inside is None else b.op(arith.AndIOp, [full, inside], i1)
    assert whole is not None

    def border() -> None:
        zero = b.const(0, vector_type(frame.problem.element, frame.plan.lanes))
        b.for_(0, count, lambda k, _: b.vstore(zero, frame.block, [b.add(target, k)]), step=frame.plan.lanes)
        if part is None:
            return
        low, high = part
        if inside is None:
            _copy_elements(frame, buffer, source, target, low, high)
        else:
            b.if_(inside, lambda: _copy_elements(frame, buffer, source, target, low, high))

    b.if_(whole, lambda: _copy_elements(frame, buffer, source, target, 0, count), border)


def _next_chunk(frame: Frame) -> Index | None:
    """About how far from a row its counterpart in the next chunk lies; it is prefetched while this chunk is gathered."""
    lhs, plan = frame.problem.lhs, frame.plan
    if plan.row_chunks == ONE or not lhs.rows:
        return None
    return frame.b.mul(plan.mc, frame.b.dim(lhs.rows[-1]))


def _copy_elements(frame: Frame, buffer: SSAValue, source: Index, target: Index, low: Index, high: Index) -> None:
    """Elements [low, high) of a run, by vectors where they are adjacent; the last vector is stored whole."""
    b, lanes = frame.b, frame.plan.lanes
    step = b.dim(frame.problem.lhs.run_step)
    ahead = _next_chunk(frame)

    def element(k: SSAValue, _: Sequence[SSAValue]) -> None:
        b.store(b.load(buffer, [b.add(source, b.mul(k, step))]), frame.block, [b.add(target, k)])

    def vector(k: Index, mask: SSAValue | None) -> None:
        b.vstore(b.vload(buffer, [b.add(source, k)], lanes, mask), frame.block, [b.add(target, k)])
        if ahead is not None:
            b.prefetch(buffer, [b.add(b.add(source, k), ahead)], locality=2)

    if step != 1:
        b.for_(low, high, element)
        return
    count = b.sub(high, low)
    whole = b.add(low, b.mul(b.floordiv(count, lanes), lanes))
    b.for_(low, whole, lambda k, _: vector(k, None), step=lanes)
    if isinstance(count, int) and count % lanes == 0:
        return
    if frame.target.can_mask(bit_width(frame.problem.element)):
        rest = b.sub(high, whole)
        b.if_(b.cmp("sgt", rest, 0), lambda: vector(whole, b.lane_mask(rest, lanes)))
    else:
        b.for_(whole, high, element)
