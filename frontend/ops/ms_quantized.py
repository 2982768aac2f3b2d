"""Quantized ops of com.microsoft on elements, windows and axes: dequantized, computed in f32, quantized again.

Operands come as threes: integers, their scale, and their zero point, which may be left out where it is 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.types import rank_of
from ..delegation import as_onnx
from ..node import Node
from ..quantization import MICROSOFT, dequantized, is_zero, quantized, scalar_or_same
from ..registry import op


def zero_point(n: Node, index: int) -> SSAValue | None:
    """None for a zero point that is 0 or left out."""
    return None if is_zero(n, index) else scalar_or_same(n, n.x(index))


def floats(n: Node, index: int) -> SSAValue:
    """The operand at `index`, whose scale and zero point follow it, in f32."""
    return dequantized(n, n.x(index), scalar_or_same(n, n.x(index + 1)), zero_point(n, index + 2), f32)


def requantized(n: Node, y: SSAValue, scale: int, like: Attribute) -> SSAValue:
    """Floats divided by the scale at this index, with the zero point after it; of its type, or of `like` if it is left out."""
    quotient = n.emit(graph.DivOp(y, scalar_or_same(n, n.x(scale))))
    element = n.element(scale + 1) if n.has(scale + 1) else like
    return quantized(n, quotient, zero_point(n, scale + 1), element)


_BINARY: dict[str, Callable[[SSAValue, SSAValue], graph.GraphOp]] = {"QLinearAdd": graph.AddOp, "QLinearMul": graph.MulOp}


@op(*_BINARY, domain=MICROSOFT)
def qlinear_binary(n: Node) -> SSAValue:
    a, b = n.build.pair(floats(n, 0), floats(n, 3))
    return requantized(n, n.emit(_BINARY[n.op](a, b)), 6, n.element())


_UNARY = {"QLinearLeakyRelu": "LeakyRelu", "QLinearSigmoid": "Sigmoid"}


@op(*_UNARY, domain=MICROSOFT)
def qlinear_unary(n: Node) -> SSAValue:
    return requantized(n, as_onnx(n, _UNARY[n.op], [floats(n, 0)])[0], 3, n.element())


@op("QLinearSoftmax", domain=MICROSOFT)
def qlinear_softmax(n: Node) -> SSAValue:
    """`opset` says which of ONNX's two meanings `axis` has."""
    return requantized(n, as_onnx(n, "Softmax", [floats(n, 0)], n.int_attr("opset"))[0], 3, n.element())


_POOLS = {"QLinearAveragePool": "AveragePool", "QLinearGlobalAveragePool": "GlobalAveragePool"}


@op(*_POOLS, domain=MICROSOFT)
def qlinear_pool(n: Node) -> SSAValue:
    """Channels may come last."""
    x, last, rank = floats(n, 0), bool(n.int_attr("channels_last", 0)), n.rank()
    if last:
        x = n.build.transpose(x, [0, rank - 1, *range(1, rank - 1)])
    y = as_onnx(n, _POOLS[n.op], [x])[0]
    if last:
        y = n.build.transpose(y, [0, *range(2, rank), 1])
    return requantized(n, y, 3, n.element())


@op("QLinearReduceMean", domain=MICROSOFT)
def qlinear_reduce_mean(n: Node) -> SSAValue:
    x = floats(n, 0)
    axes = [normalize_axis(a, rank_of(x)) for a in n.ints_attr("axes", range(rank_of(x)))]
    return requantized(n, n.emit(graph.ReduceOp(x, "mean", axes, bool(n.int_attr("keepdims", 1)))), 3, n.element())


@op("QLinearWhere", domain=MICROSOFT)
def qlinear_where(n: Node) -> SSAValue:
    """Each side is brought to the scale of the result by itself."""
    sides = [n.x(i) if _same_scale(n, i + 1, 7) else requantized(n, floats(n, i), 7, n.element(1)) for i in (1, 4)]
    condition, yes, no = n.build.together(n.x(0), *sides)
    return n.emit(graph.WhereOp(condition, yes, no))


@op("QLinearConcat", domain=MICROSOFT)
def qlinear_concat(n: Node) -> SSAValue:
    """Scale and zero point of the result come first. A part that has the same ones is left as it is."""
    firsts = range(2, len(n.inputs), 3)
    if not firsts:
        raise ValueError("it has nothing to concatenate")
    parts = [n.x(i) if _same_scale(n, i + 1, 0) else requantized(n, floats(n, i), 0, n.element(i)) for i in firsts]
    return n.emit(graph.ConcatOp(parts, normalize_axis(n.int_attr("axis"), rank_of(parts[0]))))


def _same_scale(n: Node, own: int, wanted: int) -> bool:
    """Whether scale and zero point at two places are equal constants of one type."""
    for a, b in ((n.array(own), n.array(wanted)), (n.array(own + 1), n.array(wanted + 1))):
        if a is None or b is None or a.dtype != b.dtype or a.size != 1 or not np.array_equal(a.reshape(()), b.reshape(())):
            return False
    return True
