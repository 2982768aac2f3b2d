"""Transforming the filters of a Winograd convolution at run time, for weights that a model computes."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32, f64
from xdsl.ir import SSAValue

from ...dialects.kernel import PackOp
from ..builder import Index, KernelBuilder
from ..cook_toom import TAPS, filter_matrix
from ..loop_types import vector_type
from ..strided import ZERO, dense
from .winograd_tiles import transform_tile


def pack_filters(b: KernelBuilder, op: PackOp, panel: Index, lanes: int) -> None:
    """One panel, [filter values, I, nr]: in f64 and with the operations of `transform_filters`, so that the bits are the same."""
    nr, view = op.packing["nr"], dense(op.source)
    outputs, inputs = (b.dim(d) for d in view.dims[:2])
    steps = [b.dim(s) for s in view.strides]
    matrix = filter_matrix(op.packing["alpha"])
    values = len(matrix) ** 2
    start = b.mul(panel, b.mul(inputs, values * nr))

    def place(number: int, channel: Index, column: Index) -> Index:
        return b.add(b.add(start, b.mul(b.add(b.mul(inputs, number), channel), nr)), column)

    def filter_(channel: SSAValue, column: SSAValue) -> None:
        base = b.linear([b.add(b.mul(panel, nr), column), channel], steps[:2])
        taps = [[_wide(b, b.load(b.buffers[0], [b.linear([i, j], steps[2:], base)])) for i in range(TAPS)] for j in range(TAPS)]
        rows = transform_tile(taps, lambda g: [_combined(b, g, line) for line in matrix])
        for number, value in enumerate(v for row in rows for v in row):
            narrow = b.op(arith.TruncFOp, [value], f32)
            b.store(narrow, b.buffers[1], [place(number, channel, column)])

    def channel_(channel: SSAValue, _: Sequence[SSAValue]) -> None:
        if view.dims[0] % nr != ZERO:
            zero = b.const(0.0, vector_type(f32, lanes))
            for number in range(values):
                for v in range(0, nr, lanes):
                    b.vstore(zero, b.buffers[1], [place(number, channel, v)])
        count = b.min(nr, b.sub(outputs, b.mul(panel, nr)))
        b.for_(0, count, lambda column, _: filter_(channel, column))

    b.for_(0, inputs, channel_)


def _wide(b: KernelBuilder, value: SSAValue) -> SSAValue:
    return b.op(arith.ExtFOp, [value], f64)


def _combined(b: KernelBuilder, values: Sequence[SSAValue], factors: Sequence[float]) -> SSAValue:
    terms = [b.mulf(value, b.const(factor, f64)) for value, factor in zip(values, factors, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = b.addf(total, term)
    return total
