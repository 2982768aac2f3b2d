"""The loops of a Winograd convolution.

    for slice in [lo, hi):              chunk of tiles, panel of nr output channels; panels innermost
        on a new chunk: transform its input tiles into scratch, [place][tile][channel]
        for place in alpha * alpha:
            for block of mr tiles:      products[place, block, :] = inputs[place, block, :] @ filters[panel, place]
        for tile: transform its products into outputs; epilogue and store

The sum over the input channels is one chain of multiply-adds for every place of a tile, whatever the chunk, block and slice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ...dialects.graph.base import i1
from ..builder import Index
from ..loop_types import vector_type
from ..strided import ZERO
from .contraction_columns import ColumnEpilogue, Columns, is_cheap
from .contraction_lhs import for_rows
from .kept import Kept
from .winograd_frame import Frame
from .winograd_tiles import transform_input_tile, transform_products, transform_tile


def emit_loops(frame: Frame) -> None:
    """The parallel loop over (chunk, panel)."""
    b, plan = frame.b, frame.plan
    panels = b.dim(plan.panels)
    kept = Kept(b, panels)

    def body(index: SSAValue, _: Sequence[SSAValue]) -> None:
        chunk, panel = b.delinearize(index, [b.dim(plan.chunks), panels])
        first = b.mul(chunk, plan.tiles)
        count = b.min(plan.tiles, b.sub(frame.tile_count, first))
        kept.once(index, panel, lambda: _transform_inputs(frame, first, count))
        _multiply(frame, count, panel, _following(frame, first))
        _transform_products(frame, first, count, panel)

    b.for_(b.lo, b.hi, body)


# -- inputs ----------------------------------------------------------------------------------------------------------------
Load = Callable[[int, int, Index], SSAValue]
"""The vector of channels from some channel on, at a row and a column of the tile."""


def _transform_inputs(frame: Frame, first: Index, count: Index) -> None:
    b, plan, lhs = frame.b, frame.plan, frame.problem.lhs
    buffer, alpha = frame.buffers[lhs.value], plan.alpha
    high, wide = plan.windows
    steps = [b.dim(high.step), b.dim(wide.step)]

    def tile(number: Index, position: Sequence[Index]) -> None:
        image, *where = position
        corner = [b.sub(b.mul(t, plan.step), w.pads[0]) for t, w in zip(where, plan.windows, strict=True)]
        base = b.linear([image, *corner], [b.dim(lhs.rows[0]), *steps], b.dim(lhs.offset))
        inner = _inside(frame, corner)

        def image_load(row: int, column: int, channel: Index) -> SSAValue:
            at = b.add(b.linear([row, column], steps, base), channel)
            return b.vload(buffer, [at], plan.lanes, _channel_mask(frame, channel))

        def patch_load(row: int, column: int, channel: Index) -> SSAValue:
            at = b.add((row * alpha + column) * plan.padded_channels, channel)
            return b.vload(frame.patch, [at], plan.lanes)

        def border() -> None:
            _fill_patch(frame, buffer, base, corner)
            _transform_tile(frame, number, patch_load)

        if inner is None:
            _transform_tile(frame, number, image_load)
        else:
            b.if_(inner, lambda: _transform_tile(frame, number, image_load), border)

    for_rows(b, frame.extents, first, count, frame.tile_count, tile)


def _channel_mask(frame: Frame, channel: Index) -> SSAValue | None:
    b, plan = frame.b, frame.plan
    return b.lane_mask(b.sub(plan.channels, channel), plan.lanes) if plan.channels % plan.lanes else None


def _inside(frame: Frame, corner: Sequence[Index]) -> SSAValue | None:
    """Whether the tile at a corner reads nothing outside the image; None when no tile does."""
    b, plan = frame.b, frame.plan
    found: SSAValue | None = None
    for at, window, extent in zip(corner, plan.windows, plan.problem.rows[1:], strict=True):
        tests: list[SSAValue] = []
        if window.pads[0]:
            tests.append(b.cmp("sge", at, 0))
        if window.pads[1] or extent % plan.outputs != ZERO:
            tests.append(b.cmp("sle", at, b.sub(b.dim(window.size), plan.alpha)))
        for test in tests:
            found = test if found is None else b.op(arith.AndIOp, [found, test], i1)
    return found


def _fill_patch(frame: Frame, buffer: SSAValue, base: Index, corner: Sequence[Index]) -> None:
    """Copy a tile's inputs, [row][column][channel], with zeros outside the image."""
    b, plan = frame.b, frame.plan
    steps = [b.dim(w.step) for w in plan.windows]
    zero = b.const(0.0, vector_type(frame.problem.element, plan.lanes))

    def pixel(row: SSAValue, column: SSAValue) -> None:
        tests = [
            b.cmp("ult", b.add(at, offset), b.dim(window.size))
            for at, offset, window in zip(corner, (row, column), plan.windows, strict=True)
        ]
        source = b.linear([row, column], steps, base)
        target = b.mul(b.add(b.mul(row, plan.alpha), column), plan.padded_channels)

        def copy(c: SSAValue, _: Sequence[SSAValue]) -> None:
            value = b.vload(buffer, [b.add(source, c)], plan.lanes, _channel_mask(frame, c))
            b.vstore(value, frame.patch, [b.add(target, c)])

        def clear(c: SSAValue, _: Sequence[SSAValue]) -> None:
            b.vstore(zero, frame.patch, [b.add(target, c)])

        b.if_(
            b.op(arith.AndIOp, tests, i1),
            lambda: b.for_(0, plan.padded_channels, copy, step=plan.lanes) and None,
            lambda: b.for_(0, plan.padded_channels, clear, step=plan.lanes) and None,
        )

    b.for_(0, plan.alpha, lambda row, _: b.for_(0, plan.alpha, lambda column, _: pixel(row, column)) and None)


def _transform_tile(frame: Frame, number: Index, load: Load) -> None:
    """B^T d B for all channels of a tile, to its place in scratch."""
    b, plan = frame.b, frame.plan
    target = b.mul(number, plan.input_step)

    def channels(c: SSAValue, _: Sequence[SSAValue]) -> None:
        def store(row: int, column: int, value: SSAValue) -> None:
            place = row * plan.alpha + column
            b.vstore(value, frame.inputs, [b.add(b.add(target, c), place * plan.tiles * plan.input_step)])

        transform_input_tile(b, plan.alpha, lambda row, column: load(row, column, c), store)

    b.for_(0, plan.padded_channels, channels, step=plan.lanes)


def _following(frame: Frame, first: Index) -> Index | None:
    """Where the inputs of the next chunk start, if they are worth a prefetch."""
    b, plan, lhs = frame.b, frame.plan, frame.problem.lhs
    if not plan.schedule["next"]:
        return None
    image, *where = b.delinearize(b.add(first, plan.tiles), frame.extents)
    steps = [b.dim(w.step) for w in plan.windows]
    corner = [b.sub(b.mul(t, plan.step), w.pads[0]) for t, w in zip(where, plan.windows, strict=True)]
    return b.linear([image, *corner], [b.dim(lhs.rows[0]), *steps], b.dim(lhs.offset))


# -- products --------------------------------------------------------------------------------------------------------------
def _multiply(frame: Frame, count: Index, panel: Index, following: Index | None) -> None:
    """All products of the chunk for one panel: a small matmul for every place of a tile.

    Meanwhile the inputs `following` this chunk come near: each place and block prefetches its part of a line of pixels, as if all
    tiles of the next chunk stood in one row.
    """
    b, plan, micro = frame.b, frame.plan, frame.micro
    depth, far = plan.channels, plan.schedule["far"]
    filters = frame.buffers[frame.problem.rhs.value]
    blocks = b.ceildiv(count, plan.mr)

    def place(p: SSAValue, _: Sequence[SSAValue]) -> None:
        start = b.mul(_filter_number(frame, panel, p), depth * plan.nr)
        columns = b.view(filters, [depth, plan.nr], [plan.nr, 1], start)

        def block(i: SSAValue, _: Sequence[SSAValue]) -> None:
            tile = b.add(b.mul(p, plan.tiles), b.mul(i, plan.mr))
            rows = b.view(frame.inputs, [plan.mr, depth], [plan.input_step, 1], b.mul(tile, plan.input_step))
            hints: list[SSAValue] = []
            if far:
                at = b.add(b.add(start, depth * plan.nr), b.mul(i, depth * far))
                hints.append(b.view(filters, [depth, far], [far, 1], at))
            if following is not None:
                line, part = b.floordiv(p, plan.alpha), b.mod(p, plan.alpha)
                pitch = -(-plan.mr * plan.step // plan.alpha)
                at = b.mul(b.add(b.mul(part, plan.tiles // plan.mr), i), pitch * depth)
                at = b.add(b.add(following, b.mul(line, b.dim(plan.windows[0].step))), at)
                hints.append(b.view(frame.buffers[frame.problem.lhs.value], [depth, pitch], [pitch, 1], at))
            sums = micro.accumulate(rows, columns, depth, hints, micro.zeros())
            for index, value in enumerate(sums):
                b.vstore(value, frame.products, [b.add(b.mul(tile, plan.nr), index * plan.lanes)])

        b.for_(0, blocks, block)

    b.for_(0, plan.places, place)


def _filter_number(frame: Frame, panel: Index, place: Index) -> Index:
    """Which transformed filter a place of the tile multiplies, counted over all panels."""
    b, filtering = frame.b, frame.plan.filtering
    line, column = b.floordiv(place, filtering.inputs), b.mod(place, filtering.inputs)
    last = filtering.filters - 1
    within = b.add(b.mul(b.min(line, last), filtering.filters), b.min(column, last))
    return b.add(b.mul(panel, filtering.filters**2), within)


# -- outputs ---------------------------------------------------------------------------------------------------------------
def _transform_products(frame: Frame, first: Index, count: Index, panel: Index) -> None:
    b, plan, problem = frame.b, frame.plan, frame.problem
    column = b.mul(panel, plan.nr)
    width = b.min(plan.nr, b.sub(b.dim(problem.columns), column))

    def vector(v: SSAValue, _: Sequence[SSAValue]) -> None:
        columns = Columns(b.add(column, v), 1, plan.lanes, problem.columns % plan.lanes != ZERO)
        epilogue = ColumnEpilogue(b, problem, frame.buffers, [], columns)

        def tile(number: Index, position: Sequence[Index]) -> None:
            start = b.add(b.mul(number, plan.nr), v)
            _finish_tile(frame, epilogue, start, position)

        for_rows(b, frame.extents, first, count, frame.tile_count, tile)

    b.for_(0, width, vector, step=plan.lanes)


def _finish_tile(frame: Frame, epilogue: ColumnEpilogue, start: Index, position: Sequence[Index]) -> None:
    """A^T m A of a tile, the epilogue and the stores of those of its outputs that exist."""
    b, plan = frame.b, frame.plan
    image, *where = position
    corner = [b.mul(t, plan.outputs) for t in where]

    def load(row: int, column: int) -> SSAValue:
        place = row * plan.alpha + column
        return b.vload(frame.products, [b.add(start, place * plan.tiles * plan.nr)], plan.lanes)

    columns = [[load(row, column) for row in range(plan.alpha)] for column in range(plan.alpha)]
    outputs = transform_tile(columns, lambda m: transform_products(b, m))

    def store(row: Index, column: Index, value: SSAValue) -> None:
        epilogue.store(value, [image, b.add(corner[0], row), b.add(corner[1], column)], 0)

    def direct() -> None:
        for row, values in enumerate(outputs):
            for column, value in enumerate(values):
                store(row, column, value)

    _store_outputs(frame, outputs, corner, store, direct)


def _store_outputs(
    frame: Frame,
    outputs: Sequence[Sequence[SSAValue]],
    corner: Sequence[Index],
    store: Callable[[Index, Index, SSAValue], None],
    direct: Callable[[], None],
) -> None:
    """Straight from registers where all outputs of the tile exist and the epilogue is cheap, else through scratch, in loops."""
    b, plan = frame.b, frame.plan
    extents = [b.dim(e) for e in frame.problem.rows[1:]]
    valid = [b.min(plan.outputs, b.sub(e, at)) for e, at in zip(extents, corner, strict=True)]

    def through_scratch() -> None:
        for row, values in enumerate(outputs):
            for column, value in enumerate(values):
                b.vstore(value, frame.patch, [(row * plan.outputs + column) * plan.lanes])

        def pixel(row: SSAValue, column: SSAValue) -> None:
            at = b.mul(b.add(b.mul(row, plan.outputs), column), plan.lanes)
            store(row, column, b.vload(frame.patch, [at], plan.lanes))

        b.for_(0, valid[0], lambda row, _: b.for_(0, valid[1], lambda column, _: pixel(row, column)) and None)

    if not is_cheap(frame.problem.epilogue):
        through_scratch()
    elif all(e % plan.outputs == ZERO for e in frame.problem.rows[1:]):
        direct()
    else:
        full = b.op(arith.AndIOp, [b.cmp("eq", v, plan.outputs) for v in valid], i1)
        b.if_(full, direct, through_scratch)
