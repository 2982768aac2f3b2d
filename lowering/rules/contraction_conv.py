"""Convolutions as contraction problems: output pixels are rows, output channels columns, the window is in the depth."""

from __future__ import annotations

from dataclasses import replace

from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.base import integer, ints
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import Dims, dims_of, element_of
from ..strided import ONE, ZERO, Strided, dense
from .contraction_group import Group
from .contraction_problem import Access, Lhs, Problem, Rhs, Window, collapsed


def conv_problem(anchor: graph.ConvOp, group: Group, result: SSAValue, out: Strided) -> Problem | None:
    groups, weight = integer(anchor.group), dims_of(anchor.weight)
    if groups < 1:  # a generalised depthwise convolution
        return None
    root, x = group.view(anchor.x)
    parameters = zip(
        x.dims[2:], weight[2:], ints(anchor.strides), anchor.padding, ints(anchor.dilations), x.strides[2:], strict=True
    )
    windows = tuple(Window(size, k, stride, pads, dilation, step) for size, k, stride, pads, dilation, step in parameters)
    channels, outputs = weight[1], weight[0] // groups
    batch = _group_axis(groups)
    lhs = _conv_lhs(anchor, root, x, windows, channels, tuple(channels * x.strides[1] for _ in batch))
    extents = (dims_of(anchor.result)[0], *dims_of(anchor.result)[2:])
    rhs = _conv_rhs(anchor, group, batch)
    return _channels(anchor, group, result, out, batch, extents, (outputs, product(weight[1:])), lhs, rhs)


def conv_transpose_problem(anchor: graph.ConvTransposeOp, group: Group, result: SSAValue, out: Strided) -> Problem | None:
    groups, weight = integer(anchor.group), dims_of(anchor.weight)
    root, x = group.view(anchor.x)
    channels, outputs = weight[0] // groups, weight[1]
    batch = _group_axis(groups)
    rhs = _conv_rhs(anchor, group, batch)
    start = tuple(channels * x.strides[1] for _ in batch)
    strides, dilations = ints(anchor.strides), ints(anchor.dilations)
    blocks = all(k == DimExpr.of(s) and d == 1 for k, s, d in zip(weight[2:], strides, dilations, strict=True))
    if blocks and not any(ints(anchor.pads)) and not any(ints(anchor.output_padding)):
        return _block_transpose(anchor, group, result, out, rhs, Lhs(root, x.offset, start, (), (), channels, x.strides[1]))
    parameters = zip(x.dims[2:], weight[2:], strides, anchor.padding, dilations, x.strides[2:], strict=True)
    windows = tuple(Window(size, k, stride, pads, dilation, step, True) for size, k, stride, pads, dilation, step in parameters)
    lhs = _conv_lhs(anchor, root, x, windows, channels, start)
    extents = (dims_of(anchor.result)[0], *dims_of(anchor.result)[2:])
    return _channels(anchor, group, result, out, batch, extents, (outputs, product([channels, *weight[2:]])), lhs, rhs)


def _block_transpose(
    anchor: graph.ConvTransposeOp, group: Group, result: SSAValue, out: Strided, rhs: Rhs, lhs: Lhs
) -> Problem | None:
    """Kernel as large as the strides: every input pixel makes a block of outputs of its own, taps are one more batch axis."""
    kernel, outputs = dims_of(anchor.weight)[2:], dims_of(anchor.weight)[1]
    x = group.view(anchor.x)[1]
    extents, rows = (x.dims[0], *x.dims[2:]), (x.strides[0], *x.strides[2:])
    flat = collapsed(extents, rows)
    lhs = replace(lhs, batch=(*lhs.batch, *(ZERO for _ in kernel)), extents=flat[0], rows=flat[1])
    taps = tuple(product([lhs.run, max(rhs.nr, 1), *kernel[axis + 1 :]]) for axis in range(len(kernel)))
    rhs = replace(rhs, batch=(*rhs.batch, *taps))
    batch = (*_group_axis(integer(anchor.group)), *kernel)
    return _channels(anchor, group, result, out, batch, extents, (outputs, lhs.run), lhs, rhs, kernel)


def _group_axis(groups: int) -> Dims:
    return (DimExpr.of(groups),) if groups > 1 else ()


def _channels(
    anchor: graph.ConvOp | graph.ConvTransposeOp,
    group: Group,
    result: SSAValue,
    out: Strided,
    batch: Dims,
    extents: Dims,
    sizes: tuple[DimExpr, DimExpr],
    lhs: Lhs,
    rhs: Rhs,
    block: Dims = (),
) -> Problem | None:
    """The problem of a convolution of these columns and depth; `block` is how many outputs one row makes along each axis."""
    columns, depth = sizes
    grouped = len(batch) - len(block)

    def access(value: SSAValue, view: Strided) -> Access:
        image, column, *spatial = view.strides
        across = tuple(columns * column for _ in range(grouped))
        rows = tuple(s * b for s, b in zip(spatial, block, strict=True)) if block else tuple(spatial)
        inner = tuple(spatial) if block else ()
        return Access(value, view.offset, (*across, *inner), (image, *rows), column)

    accesses = {value: access(group.view(value)[0], view) for value, view in group.inputs.items()}
    if anchor.bias is not None and anchor.bias not in group.constants:
        root, view = group.view(anchor.bias)
        flat = tuple(ZERO for _ in extents[1:])
        spread = Strided((ONE, *view.dims, *(ONE for _ in flat)), (ZERO, *view.strides, *flat), view.offset)
        if accesses.setdefault(anchor.bias, access(root, spread)) != access(root, spread):
            return None
    return Problem(
        element=element_of(anchor.result),
        batch=batch,
        rows=extents,
        columns=columns,
        depth=depth,
        lhs=lhs,
        rhs=rhs,
        anchor=anchor,
        epilogue=tuple(group.epilogue),
        inputs=accesses,
        out=access(result, out),
        bias=anchor.bias,
    )


def _conv_rhs(anchor: graph.ConvOp | graph.ConvTransposeOp, group: Group, batch: Dims) -> Rhs:
    """The packed weight. One in its logical form can only be packed, not lowered: its strides do not matter."""
    unpack = group.packed.get(anchor.weight)
    if unpack is None:
        return Rhs(group.view(anchor.weight)[0], ZERO, tuple(ZERO for _ in batch), ZERO, ZERO)
    panels = dense(unpack.source)
    return Rhs(unpack.source, ZERO, panels.strides[:1] if batch else (), ZERO, ONE, unpack.packing["nr"], panels.dims[-2])


def _conv_lhs(anchor: Operation, root: SSAValue, x: Strided, windows: tuple[Window, ...], channels: DimExpr, batch: Dims) -> Lhs:
    outputs = dims_of(anchor.results[0])
    rows, extents = (x.strides[0], *(w.row_step for w in windows)), (outputs[0], *outputs[2:])
    if all(w.kernel == ONE and not w.bordered for w in windows):
        return Lhs(root, x.offset, batch, *collapsed(extents, rows), run=channels, run_step=x.strides[1])
    last = windows[-1]
    if batch == () and last.step == ONE and last.dilation == 1 and x.strides[1] != ONE and not last.transposed:
        channel = Window(channels, channels, 0, (0, 0), 1, x.strides[1])
        extents, rows = (extents[0], ONE, *extents[1:]), (rows[0], ZERO, *rows[1:])
        return Lhs(root, x.offset, batch, extents, rows, last.kernel, ONE, (channel, *windows), True, True)
    merged = last.dilation == 1 and x.strides[1] == ONE and last.step == channels and not last.transposed
    run = last.kernel * channels if merged else channels
    return Lhs(root, x.offset, batch, extents, rows, run, x.strides[1], windows, merged)
