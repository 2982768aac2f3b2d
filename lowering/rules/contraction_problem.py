"""What a contraction kernel computes, as strides: batch x rows x columns, summed over a depth of taps and runs.

A matmul has rows M, columns N and one run of K elements in each row. A convolution is the same thing with output pixels as rows,
output channels as columns and the kernel window in the depth: for every tap, a run of input channels that lie side by side
(implicit GEMM: no im2col matrix exists, blocks of rows are gathered as they are needed). What surrounds the contraction in the
kernel is absorbed: views of operands and of the result become strides, pointwise ops an epilogue on the finished sums.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import Dims
from ..strided import ONE, ZERO


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
    """One spatial axis of a convolution, over an input axis of `size` elements that are `step` apart in memory.

    Tap k of output o reads input `o * stride - pad + k * dilation`; when `transposed`, input `(o + pad - k * dilation) / stride`
    where that is whole.
    """

    size: DimExpr
    kernel: DimExpr
    stride: int
    pads: tuple[int, int]
    dilation: int
    step: DimExpr
    transposed: bool = False

    @property
    def bordered(self) -> bool:
        """Whether some taps may lie outside the input."""
        return self.transposed or max(self.pads) > 0

    @property
    def row_step(self) -> DimExpr:
        """Elements of the input from one output to the next, as far as that is constant."""
        return ZERO if self.transposed else self.step * self.stride


@dataclass(frozen=True, slots=True)
class Lhs:
    """The rows' side: a row is all taps' runs; a run is `run` elements that are `run_step` apart.

    `windows` belong to the last row axes. When `merged`, the run covers all taps of the last window (kernel * channels adjacent
    elements), else every tap has its own run of channels. `channels_first` says that channels are the first window instead, and
    a run is the taps of one channel: images in row-major order.
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
    channels_first: bool = False

    @property
    def taps(self) -> tuple[Window, ...]:
        """The windows whose taps are separate runs."""
        return self.windows[:-1] if self.merged else self.windows


@dataclass(frozen=True, slots=True)
class Rhs:
    """The columns' side: element (k, n) lies at k * `depth` + n * `column`, or when packed in panels of `nr` columns.

    Panels hold `panel` rows of `nr` elements, of which a batch may read only a part.
    """

    value: SSAValue
    offset: DimExpr
    batch: Dims
    depth: DimExpr
    column: DimExpr
    nr: int = 0
    panel: DimExpr = ZERO


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
    bias: SSAValue | None = None

    @property
    def row_count(self) -> DimExpr:
        return product(self.rows)


def collapsed(extents: Dims, *strides: Dims) -> tuple[Dims, ...]:
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


def collapse_rows(problem: Problem) -> Problem:
    """Row axes merged wherever they are one axis under the result and all inputs of the epilogue."""
    accesses = [problem.out, *problem.inputs.values()]
    extents, *strides = collapsed(problem.rows, *(a.rows for a in accesses))
    flat = [replace(a, rows=s) for a, s in zip(accesses, strides, strict=True)]
    return replace(problem, rows=extents, inputs=dict(zip(problem.inputs, flat[1:], strict=True)), out=flat[0])
