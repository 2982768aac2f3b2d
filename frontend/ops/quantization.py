"""Quantization ops, all made of elementwise arithmetic and of contractions of 8-bit integers."""

from __future__ import annotations

from xdsl.dialects.builtin import BFloat16Type, Float8E8M0FNUType, Float16Type, f32
from xdsl.ir import Attribute, SSAValue

from ...dialects import graph
from ...dialects.graph.base import ui8
from ...dialects.graph.dtypes import element_type, is_small_float
from ...dialects.graph.elementwise import is_integer
from ...dialects.graph.integer_products import ONE, Geometry, integer_conv, integer_matmul, per_channel
from ...dialects.graph.types import dims_of, element_of, rank_of
from ..node import Node, static
from ..quantization import MICROSOFT, dequantized, is_zero, parameter, quantized, ratio, scalar_or_same
from ..registry import op
from ..tensors import dtype_of
from ..windows import padding, window
from .contraction import kernel_sizes, product

HALVES = (Float16Type, BFloat16Type)


def _type_attr(n: Node, name: str) -> Attribute | None:
    """The element type that an attribute names; None if it is left out (or 0)."""
    number = n.int_attr(name, 0)
    return element_type(dtype_of(number)) if number else None


def _parameter(n: Node, index: int) -> SSAValue | None:
    """A scale or zero point in the shape of what it is for; None for a zero point that is 0."""
    if is_zero(n, index):
        return None
    return parameter(n, n.x(index), n.shape(), n.int_attr("axis", 1), n.int_attr("block_size", 0))


def _scale(n: Node) -> SSAValue:
    return parameter(n, n.x(1), n.shape(), n.int_attr("axis", 1), n.int_attr("block_size", 0))


@op("QuantizeLinear", domain=MICROSOFT)  # for the types that ONNX took up later
@op("QuantizeLinear")
def quantize_linear(n: Node) -> SSAValue:
    """x / scale, rounded once to the precision of the scale (or as told), then to nearest even, moved and saturated."""
    scale, build = _scale(n), n.build
    to = n.element(2) if n.has(2) else _type_attr(n, "output_dtype") or ui8
    precision = _type_attr(n, "precision") or element_of(scale)
    if is_integer(precision) or isinstance(precision, Float8E8M0FNUType):
        precision = f32  # neither can hold a quotient
    x, scale = n.x(), build.cast(scale, precision)
    quotient = n.emit(graph.DivOp(build.cast(build.cast(x, precision), f32), build.cast(scale, f32)))
    if isinstance(precision, HALVES):
        # The quotient in f32 has more than twice the bits of the half type: rounding it again is rounding once.
        quotient = build.cast(build.cast(quotient, precision), f32)
    return quantized(n, quotient, _parameter(n, 2), to, bool(n.int_attr("saturate", 1)))


@op("DequantizeLinear", domain=MICROSOFT)  # for the types that ONNX took up later
@op("DequantizeLinear")
def dequantize_linear(n: Node) -> SSAValue:
    """(x - zero point) * scale; `output_dtype` came with opset 23."""
    scale = _scale(n)
    return dequantized(n, n.x(), scale, _parameter(n, 2), _type_attr(n, "output_dtype") or element_of(scale))


@op("DynamicQuantizeLinear")
def dynamic_quantize_linear(n: Node) -> list[SSAValue | None]:
    """Quantization to ui8 of the range of x and 0; all-zero x has scale 1 / 255."""
    build, x = n.build, n.x()
    axes = range(rank_of(x))
    zero = build.scalar(0.0, f32)
    high = n.emit(graph.MaxOp(n.emit(graph.ReduceOp(x, "max", axes, keepdims=False)), zero))
    low = n.emit(graph.MinOp(n.emit(graph.ReduceOp(x, "min", axes, keepdims=False)), zero))
    span = n.emit(graph.SubOp(high, low))
    span = n.emit(graph.WhereOp(n.emit(graph.EqualOp(span, zero)), build.scalar(1.0, f32), span))
    scale = n.emit(graph.DivOp(span, build.scalar(255.0, f32)))
    start = n.emit(graph.SubOp(zero, n.emit(graph.DivOp(low, scale))))
    point = quantized(n, start, None, ui8)
    return [quantized(n, n.emit(graph.DivOp(x, scale)), point, ui8), scale, point]


@op("MatMulInteger")
def matmul_integer(n: Node) -> SSAValue:
    return integer_matmul(n.build, n.x(0), n.x(1), *(None if is_zero(n, i) else n.x(i) for i in (2, 3)))


@op("QLinearMatMul")
def qlinear_matmul(n: Node) -> SSAValue:
    """Scales of `a` may be one for each row, those of `b` one for each column."""
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = n.xs()
    if rank_of(a_scale) == 1 and rank_of(a) > 1 and dims_of(a_scale)[0] != ONE:
        a_scale = n.build.reshape(a_scale, (*dims_of(a_scale), 1))
    if is_small_float(element_of(a)) or is_small_float(element_of(b)):
        total = product(n, n.build.cast(a, f32), n.build.cast(b, f32))
    else:
        zeros = (None if is_zero(n, i) else v for i, v in ((2, a_zero), (5, b_zero)))
        total = integer_matmul(n.build, a, b, *zeros)
    factors = (scalar_or_same(n, s) for s in (a_scale, b_scale, y_scale))
    scaled = n.emit(graph.MulOp(n.build.cast(total, f32), ratio(n, *factors)))
    return quantized(n, scaled, None if is_zero(n, 7) else scalar_or_same(n, y_zero), element_of(y_zero))


def _geometry(n: Node, x: SSAValue, weight: SSAValue) -> Geometry:
    kernel = kernel_sizes(n, weight)
    strides, dilations = window(n, len(kernel))
    pads = [static(p, "a pad") for p in padding(n, dims_of(x)[2:], kernel, strides, dilations)]
    return Geometry(strides, pads, dilations, n.int_attr("group", 1))


@op("ConvInteger")
def conv_integer(n: Node) -> SSAValue:
    x, weight = n.x(0), n.x(1)
    zeros = [None if is_zero(n, i) else n.x(i) for i in (2, 3)]
    return integer_conv(n.build, x, weight, _geometry(n, x, weight), *zeros)


@op("QLinearConv")
def qlinear_conv(n: Node) -> SSAValue:
    """Weights may have a scale and a zero point for each output channel; the bias is in units of both scales."""
    x, weight, rank = n.x(0), n.x(3), n.rank(3)
    zeros = (None if is_zero(n, i) else n.x(i) for i in (2, 5))
    total = integer_conv(n.build, x, weight, _geometry(n, x, weight), *zeros)
    if n.has(8):
        total = n.emit(graph.AddOp(total, per_channel(n.build, n.x(8), rank - 1)))
    factor = ratio(n, scalar_or_same(n, n.x(1)), per_channel(n.build, n.x(4), rank - 1), scalar_or_same(n, n.x(6)))
    scaled = n.emit(graph.MulOp(n.build.cast(total, f32), factor))
    zero = None if is_zero(n, 7) else scalar_or_same(n, n.x(7))
    return quantized(n, scaled, zero, n.element(7))
