"""Quantized products of com.microsoft: a product of 8-bit integers, which is exact, then scaled."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.integer_products import integer_matmul
from ...dialects.graph.types import rank_of
from ..delegation import as_onnx
from ..node import Node
from ..quantization import MICROSOFT, is_zero, scalar_or_same
from ..registry import op
from .ms_quantized import requantized


def _total(n: Node, a: SSAValue, b: SSAValue, zero_a: SSAValue | None, zero_b: int) -> SSAValue:
    """The product of integers less their zero points, in si32."""
    return integer_matmul(n.build, a, b, zero_a, None if is_zero(n, zero_b) else n.x(zero_b))


def _scaled(n: Node, total: SSAValue, a_scale: SSAValue, b_scale: SSAValue, alpha: float = 1.0) -> SSAValue:
    factor = n.emit(graph.MulOp(scalar_or_same(n, a_scale), scalar_or_same(n, b_scale)))
    if alpha != 1.0:
        factor = n.emit(graph.MulOp(factor, n.build.scalar(alpha, f32)))
    return n.emit(graph.MulOp(n.build.cast(total, f32), factor))


def _biased(n: Node, y: SSAValue, bias: int) -> SSAValue:
    return n.emit(graph.AddOp(*n.build.pair(y, n.x(bias)))) if n.has(bias) else y


@op("QGemm", domain=MICROSOFT)
def qgemm(n: Node) -> SSAValue:
    """alpha * (A' @ B' + C), where C is in units of both scales; floats if the result has no scale."""
    a, b = (_turned(n, i, name) for i, name in ((0, "transA"), (3, "transB")))
    total = _biased(n, _total(n, a, b, None if is_zero(n, 2) else n.x(2), 5), 6)
    y = _scaled(n, total, n.x(1), n.x(4), n.float_attr("alpha", 1.0))
    return requantized(n, y, 7, n.element()) if n.has(7) else y


def _turned(n: Node, index: int, name: str) -> SSAValue:
    if n.rank(index) != 2:
        raise ValueError(f"A and B have rank 2, got {n.rank(index)}")
    return n.build.transpose(n.x(index), [1, 0]) if n.int_attr(name, 0) else n.x(index)


@op("MatMulIntegerToFloat", domain=MICROSOFT)
def matmul_integer_to_float(n: Node) -> SSAValue:
    total = _total(n, n.x(0), n.x(1), None if is_zero(n, 4) else n.x(4), 5)
    return _biased(n, _scaled(n, total, n.x(2), n.x(3)), 6)


@op("DynamicQuantizeMatMul", domain=MICROSOFT)
def dynamic_quantize_matmul(n: Node) -> SSAValue:
    """A is quantized to the range that it has."""
    a, scale, zero = _dynamic(n, n.x())
    return _biased(n, _scaled(n, _total(n, a, n.x(1), zero, 3), scale, n.x(2)), 4)


def _dynamic(n: Node, x: SSAValue) -> Sequence[SSAValue]:
    if rank_of(x) < 2:
        raise ValueError("A has rank 2 or more")
    return as_onnx(n, "DynamicQuantizeLinear", [x])
