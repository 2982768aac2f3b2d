"""What a contraction kernel computes, as strides: batch x rows x columns, summed over a depth of taps and runs.

A matmul has rows M, columns N and one run of K elements in each row. A convolution is the same thing with output pixels as rows,
output channels as columns and the kernel window in the depth: for every tap, a run of input channels that lie side by side
(implicit GEMM: no im2col matrix exists, blocks of rows are gathered as they are needed). What surrounds the contraction in the
kernel is absorbed: views of operands and of the result become strides, pointwise ops an epilogue on the finished sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import Float32Type, Float64Type
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, integer, ints
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import Dims, dims_of, element_of
from ...dialects.kernel import UnpackOp
from ..pointwise import is_pointwise
from ..strided import ONE, ZERO, Strided, dense, is_view, view_before, view_through


@dataclass(frozen=True, slots=True)
class Access:
    """An operand or result on the grid of the outputs: element strides of batch axes, row axes and the column."""

    value: SSAValue
    offset: DimExpr
    batch: Dims
    rows: Dims
    column: DimExpr


@dataclass(frozen=True, slots=True)
class Window:
    """One spatial axis of a convolution, over an input axis of `size` elements that are `step` apart in memory."""

    size: DimExpr
    kernel: DimExpr
    stride: int
    pads: tuple[int, int]
    dilation: int
    step: DimExpr

    @property
    def bordered(self) -> bool:
        """Whether some taps may lie outside the input."""
        return max(self.pads) > 0


@dataclass(frozen=True, slots=True)
class Lhs:
    """The rows' side: a row is all taps' runs; a run is `run` elements that are `run_step` apart.

    `windows` belong to the last row axes. When `merged`, the run covers all taps of the last window (kernel * channels adjacent
    elements), else every tap has its own run of channels.
    """

    value: SSAValue
    offset: DimExpr
    batch: Dims
    extents: Dims
    rows: Dims
    run: DimExpr
    run_step: DimExpr
    windows: tuple[Window, ...] = ()
    merged: bool = False

    @property
    def taps(self) -> tuple[Window, ...]:
        """The windows whose taps are separate runs."""
        return self.windows[:-1] if self.merged else self.windows


@dataclass(frozen=True, slots=True)
class Rhs:
    """The columns' side: element (k, n) lies at k * `depth` + n * `column`, or in panels of `nr` columns when packed."""

    value: SSAValue
    offset: DimExpr
    batch: Dims
    depth: DimExpr
    column: DimExpr
    nr: int = 0


@dataclass(frozen=True)
class Problem:
    """A contraction: `out[b, r, c] = epilogue(sum_k lhs[b, r, k] * rhs[b, k, c])`."""

    element: Attribute
    batch: Dims
    rows: Dims
    columns: DimExpr
    depth: DimExpr
    lhs: Lhs
    rhs: Rhs
    anchor: Operation
    epilogue: tuple[Operation, ...]
    inputs: dict[SSAValue, Access]
    out: Access
    bias: Access | None = None

    @property
    def row_count(self) -> DimExpr:
        return product(self.rows)


@dataclass
class _Group:
    """The ops round the anchor, sorted into operand views, epilogue and the views that lead to the result."""

    views: dict[SSAValue, Strided] = field(default_factory=dict[SSAValue, Strided])
    roots: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    packed: dict[SSAValue, UnpackOp] = field(default_factory=dict[SSAValue, UnpackOp])
    constants: set[SSAValue] = field(default_factory=set[SSAValue])
    paths: dict[SSAValue, tuple[Operation, ...]] = field(default_factory=dict[SSAValue, tuple[Operation, ...]])
    epilogue: list[Operation] = field(default_factory=list[Operation])
    inputs: dict[SSAValue, Strided] = field(default_factory=dict[SSAValue, Strided])

    def view(self, value: SSAValue) -> tuple[SSAValue, Strided]:
        """The buffer behind a value that is no result of the anchor, and how the value lies in it."""
        return self.roots.get(value, value), self.views.get(value) or dense(value)

    def add(self, op: Operation) -> bool:
        """Take in an op other than the anchor; False when it does not fit."""
        if isinstance(op, graph.ConstantOp):
            self.constants.add(op.result)
            return op.dense is not None and len(set(op.dense.get_values())) == 1
        if isinstance(op, UnpackOp):
            self.packed[op.result] = op
            return True
        if any(o in self.paths for o in op.operands):
            return self._add_after(op)
        return is_view(op) and self._add_view(op)

    def _add_view(self, op: Operation) -> bool:
        root, source = self.view(op.operands[0])
        view = view_through(op, source)
        if view is None or op.operands[0] in self.packed or op.operands[0] in self.constants:
            return False
        self.views[op.results[0]], self.roots[op.results[0]] = view, root
        return True

    def _add_after(self, op: Operation) -> bool:
        """An op on the sums: a pointwise op of the epilogue, or a view on the way to the result."""
        if is_view(op):
            self.paths[op.results[0]] = (*self.paths[op.operands[0]], op)
            return isinstance(op, graph.TransposeOp | graph.ReshapeOp | graph.RelayoutOp)
        inner = [o for o in op.operands if o in self.paths]
        path, dims = self.paths[inner[0]], dims_of(op.results[0])
        if not is_pointwise(op) or any(self.paths[o] != path or dims_of(o) != dims for o in inner):
            return False
        for operand in op.operands:
            if operand in self.paths or operand in self.constants:
                continue
            view = before(path, self.view(operand)[1].broadcast(dims))
            if view is None or self.inputs.setdefault(operand, view) != view:
                return False
        self.paths[op.results[0]] = path
        self.epilogue.append(op)
        return True


def before(path: Sequence[Operation], result: Strided) -> Strided | None:
    """Where the anchor's result lies when what a path of views makes of it lies as `result` says."""
    view: Strided | None = result
    for op in reversed(path):
        view = None if view is None else view_before(op, view)
    return view


def analyse(ops: Sequence[Operation]) -> Problem | None:
    """The contraction that these ops (in program order, the last one's result leaves) compute, or None when they are none."""
    anchors = [op for op in ops if isinstance(op, graph.MatmulOp | graph.ConvOp)]
    if len(anchors) != 1 or not isinstance(element_of(anchors[0].results[0]), Float32Type | Float64Type):
        return None
    anchor, group = anchors[0], _Group()
    group.paths[anchor.result] = ()
    if not all(op is anchor or group.add(op) for op in ops) or ops[-1].results[0] not in group.paths:
        return None
    out = before(group.paths[ops[-1].results[0]], dense(ops[-1].results[0]))
    if out is None or any(v in group.paths or v in group.constants for v in anchor.operands):
        return None
    if isinstance(anchor, graph.MatmulOp):
        return _matmul(anchor, group, ops[-1].results[0], out)
    return _conv(anchor, group, ops[-1].results[0], out)


# -- matmul ----------------------------------------------------------------------------------------------------------------
def _matmul(anchor: graph.MatmulOp, group: _Group, result: SSAValue, out: Strided) -> Problem | None:
    m, n, k = anchor.mnk
    batch = dims_of(anchor.result)[:-2]
    lhs_root, lhs = group.view(anchor.lhs)
    lhs = _swapped(lhs, flag(anchor.transpose_lhs)).broadcast((*batch, m, k))
    rhs = _matmul_rhs(anchor, group, batch)
    shared = [axis for axis, dim in enumerate(batch) if rhs.batch[axis] == ZERO and dim != ONE]
    kept = [axis for axis, dim in enumerate(batch) if axis not in shared and dim != ONE]
    rows = [*shared, len(batch)]

    def access(value: SSAValue, view: Strided) -> Access:
        strides = view.strides
        return Access(value, view.offset, _pick(strides, kept), _pick(strides, rows), strides[-1])

    left = Lhs(
        lhs_root,
        lhs.offset,
        _pick(lhs.strides, kept),
        *_collapsed(_pick(lhs.dims, rows), _pick(lhs.strides, rows)),
        run=k,
        run_step=lhs.strides[-1],
    )
    right = Rhs(rhs.value, rhs.offset, _pick(rhs.batch, kept), rhs.depth, rhs.column, rhs.nr)
    accesses = {value: access(group.view(value)[0], view) for value, view in group.inputs.items()}
    extents = _pick((*batch, m), rows)
    return _problem(anchor, group, _pick(batch, kept), extents, n, k, left, right, accesses, access(result, out), None)


def _swapped(view: Strided, swap: bool) -> Strided:
    rank = len(view.dims)
    return view.permuted([*range(rank - 2), rank - 1, rank - 2]) if swap else view


def _pick(values: Sequence[DimExpr], axes: Sequence[int]) -> Dims:
    return tuple(values[axis] for axis in axes)


def _matmul_rhs(anchor: graph.MatmulOp, group: _Group, batch: Dims) -> Rhs:
    """The right-hand side with a batch stride for every batch dim of the result."""
    unpack = group.packed.get(anchor.rhs)
    if unpack is not None:
        panels = dense(unpack.source)
        view = Strided(panels.dims[:-3], panels.strides[:-3]).broadcast(batch)
        return Rhs(unpack.source, ZERO, view.strides, ZERO, ONE, unpack.packing["nr"])
    root, view = group.view(anchor.rhs)
    view = _swapped(view, flag(anchor.transpose_rhs))
    view = view.broadcast((*batch, *view.dims[-2:]))
    return Rhs(root, view.offset, view.strides[:-2], view.strides[-2], view.strides[-1])


# -- convolution -----------------------------------------------------------------------------------------------------------
def _conv(anchor: graph.ConvOp, group: _Group, result: SSAValue, out: Strided) -> Problem | None:
    x_root, x = group.view(anchor.x)
    unpack = group.packed.get(anchor.weight)
    groups, weight = integer(anchor.group), dims_of(anchor.weight)
    if groups < 1:  # a generalised depthwise convolution
        return None
    channels, outputs = weight[1], weight[0] // groups
    split = [ONE] * (groups == 1) + [DimExpr.of(groups)] * (groups > 1)
    batch = tuple(d for d in split if d != ONE)

    def access(value: SSAValue, view: Strided) -> Access:
        image, column, *spatial = view.strides
        return Access(value, view.offset, tuple(outputs * column for _ in batch), (image, *spatial), column)

    lhs = _conv_lhs(anchor, x_root, x, tuple(channels * x.strides[1] for _ in batch))
    rhs = _conv_rhs(anchor, group, batch) if unpack is None else _packed_conv_rhs(unpack, batch)
    rows = (dims_of(anchor.result)[0], *dims_of(anchor.result)[2:])
    accesses = {value: access(group.view(value)[0], view) for value, view in group.inputs.items()}
    bias = None
    if anchor.bias is not None:
        root, view = group.view(anchor.bias)
        view = Strided((ONE, *view.dims, *(ONE for _ in rows[1:])), (ZERO, *view.strides, *(ZERO for _ in rows[1:])), view.offset)
        bias = access(root, view)
    depth = product(weight[1:])
    return _problem(anchor, group, batch, rows, outputs, depth, lhs, rhs, accesses, access(result, out), bias)


def _packed_conv_rhs(unpack: UnpackOp, batch: Dims) -> Rhs:
    strides = dense(unpack.source).strides
    return Rhs(unpack.source, ZERO, strides[:1] if batch else (), ZERO, ONE, unpack.packing["nr"])


def _conv_rhs(anchor: graph.ConvOp, group: _Group, batch: Dims) -> Rhs:
    """A weight in its logical form; only its packed form can be lowered, so the strides only say that."""
    root, view = group.view(anchor.weight)
    return Rhs(root, view.offset, tuple(ZERO for _ in batch), ZERO, view.strides[0])


def _conv_lhs(anchor: graph.ConvOp, root: SSAValue, x: Strided, batch: Dims) -> Lhs:
    kernel, channels = dims_of(anchor.weight)[2:], dims_of(anchor.weight)[1]
    outputs = dims_of(anchor.result)
    parameters = zip(x.dims[2:], kernel, ints(anchor.strides), anchor.padding, ints(anchor.dilations), x.strides[2:], strict=True)
    windows = tuple(Window(size, k, stride, pads, dilation, step) for size, k, stride, pads, dilation, step in parameters)
    rows = (x.strides[0], *(w.step * w.stride for w in windows))
    extents = (outputs[0], *outputs[2:])
    if all(w.kernel == ONE and not any(w.pads) for w in windows):
        return Lhs(root, x.offset, batch, *_collapsed(extents, rows), run=channels, run_step=x.strides[1])
    last = windows[-1]
    merged = last.dilation == 1 and x.strides[1] == ONE and last.step == channels
    run = last.kernel * channels if merged else channels
    return Lhs(root, x.offset, batch, extents, rows, run, x.strides[1], windows, merged)


# -- both ------------------------------------------------------------------------------------------------------------------
def _collapsed(extents: Dims, *strides: Dims) -> tuple[Dims, ...]:
    """Adjacent axes merged wherever they are one axis under every list of strides; axes of extent 1 are dropped."""
    merged: list[list[DimExpr]] = []
    for extent, *steps in zip(extents, *strides, strict=True):
        if extent == ONE:
            continue
        if merged and all(outer == extent * inner for outer, inner in zip(merged[-1][1:], steps, strict=True)):
            merged[-1] = [merged[-1][0] * extent, *steps]
        else:
            merged.append([extent, *steps])
    columns = list(zip(*merged, strict=True)) if merged else [()] * (1 + len(strides))
    return tuple(tuple(column) for column in columns)


def _problem(
    anchor: Operation,
    group: _Group,
    batch: Dims,
    rows: Dims,
    columns: DimExpr,
    depth: DimExpr,
    lhs: Lhs,
    rhs: Rhs,
    inputs: dict[SSAValue, Access],
    out: Access,
    bias: Access | None,
) -> Problem:
    """Collapse the row axes under the result and all inputs of the epilogue."""
    accesses = [out, *inputs.values(), *([bias] if bias else [])]
    extents, *strides = _collapsed(rows, *(a.rows for a in accesses))
    flat = [Access(a.value, a.offset, a.batch, s, a.column) for a, s in zip(accesses, strides, strict=True)]
    return Problem(
        element=element_of(anchor.results[0]),
        batch=batch,
        rows=extents,
        columns=columns,
        depth=depth,
        lhs=lhs,
        rhs=rhs,
        anchor=anchor,
        epilogue=tuple(group.epilogue),
        inputs=dict(zip(inputs, flat[1:], strict=False)),
        out=flat[0],
        bias=flat[-1] if bias else None,
    )
