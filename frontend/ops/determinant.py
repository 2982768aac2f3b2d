"""Det: elimination with partial pivoting, one column after the other."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import si64
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of
from ..counting import count
from ..node import Node, static
from ..registry import op
from .slicing import ONE, ZERO, cut


@op("Det", since=11)
def det(n: Node) -> SSAValue:
    """The product of the pivots of [.., m, m], with the sign of the rows' order. m must be a number."""
    *batch, rows, columns = n.shape()
    size = static(rows, "a dim of the matrix")
    if rows != columns:
        raise ValueError(f"the matrix is {rows} x {columns}")
    matrices = n.build.reshape(n.x(), [product(batch), rows, columns])
    result = n.build.broadcast(n.build.scalar(1, n.x()), [product(batch)])
    for left in range(size, 0, -1):
        pivot, matrices = _eliminate(n, matrices, left)
        result = n.emit(graph.MulOp(result, pivot))
    return n.build.reshape(result, batch)


def _part(n: Node, x: SSAValue, starts: tuple[int, int], sizes: tuple[int, int]) -> SSAValue:
    """Some rows and columns of every matrix."""
    begin, dims = [ZERO, *map(DimExpr.of, starts)], [dims_of(x)[0], *map(DimExpr.of, sizes)]
    return cut(n, x, begin, dims, [ONE] * 3)


def _eliminate(n: Node, a: SSAValue, size: int) -> tuple[SSAValue, SSAValue]:
    """[b, size, size] -> the signed pivots [b], and what is left [b, size - 1, size - 1] without their row and column.

    The row of the largest element of the first column changes places with the first row.
    """
    batch, rest = dims_of(a)[0], size - 1
    largest = n.emit(graph.ArgReduceOp(n.emit(graph.AbsOp(_part(n, a, (0, 0), (size, 1)))), "max", 1))
    row = n.emit(graph.GatherNdOp(a, n.build.reshape(largest, [batch, ONE]), batch_dims=1))
    first = n.build.reshape(_part(n, a, (0, 0), (1, size)), [batch, ONE, size])
    number = n.build.reshape(count(n, DimExpr.of(size), si64), [ONE, size, ONE])
    swapped = n.emit(graph.WhereOp(n.emit(graph.EqualOp(number, largest)), first, a))
    row = n.build.reshape(row, [batch, ONE, size])
    pivot = _part(n, row, (0, 0), (1, 1))
    moved = n.emit(graph.GreaterOp(largest, n.build.scalar(0, si64)))
    signed = n.emit(graph.WhereOp(moved, n.emit(graph.NegOp(pivot)), pivot))
    if not rest:
        return n.build.reshape(signed, [batch]), a
    # A column of zeros has no pivot: the determinant is 0, whatever is left.
    none = n.emit(graph.EqualOp(pivot, n.build.scalar(0, pivot)))
    divisor = n.emit(graph.WhereOp(none, n.build.scalar(1, pivot), pivot))
    factor = n.emit(graph.DivOp(_part(n, swapped, (1, 0), (rest, 1)), divisor))
    taken = n.emit(graph.MulOp(factor, _part(n, row, (0, 1), (1, rest))))
    left = n.emit(graph.SubOp(_part(n, swapped, (1, 1), (rest, rest)), taken))
    return n.build.reshape(signed, [batch]), left
