"""Signals: Fourier transforms, windows, mel filter banks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import Dims
from ..fourier import Transform, long_transform, matrix, turns
from ..node import Node
from ..registry import op
from ..tensors import dtype_of
from ..terms import Term, constant, iota, optional, term

ONE = DimExpr.of(1)


@dataclass(frozen=True)
class _Axis:
    """An axis among the dims before the last: the dims around it, merged. It may be known only at run time."""

    dims: Dims
    at: tuple[DimExpr, ...]
    before: tuple[DimExpr, ...]

    @staticmethod
    def of(dims: Dims, axis: DimExpr) -> _Axis:
        """`at` and `before` hold 1 for the axis, and for the axes before it; 0 for all others."""
        rank = len(dims) + 1
        axis = DimExpr.of(normalize_axis(axis.value, rank)) if axis.is_static else axis % rank
        distances = [axis - i for i in range(len(dims))]
        at = tuple((1 - d.max(-d)).max(0) for d in distances)
        return _Axis(dims, at, tuple(d.min(1).max(0) for d in distances))

    @property
    def size(self) -> DimExpr:
        return sum((at * d for at, d in zip(self.at, self.dims, strict=True)), DimExpr.of(0))

    @property
    def outer(self) -> DimExpr:
        return product(1 + before * (d - 1) for before, d in zip(self.before, self.dims, strict=True))

    @property
    def inner(self) -> DimExpr:
        rows = zip(self.at, self.before, self.dims, strict=True)
        return product(1 + (1 - at - before) * (d - 1) for at, before, d in rows)

    def resized(self, size: DimExpr) -> list[DimExpr]:
        return [d + at * (size - d) for at, d in zip(self.at, self.dims, strict=True)]


@op("DFT", since=17)
def dft(n: Node) -> SSAValue:
    """The axis is an attribute before opset 20, an operand from then on. The last dim holds real and imaginary part."""
    x, axis = term(n), DimExpr.of(n.int_attr("axis", 1))
    if n.opset >= 20:
        axis = n.dims(2)[0] if n.has(2) else DimExpr.of(-2)
    return _transform(n, x, axis, n.dims(1)[0] if n.has(1) else None).value


def _transform(n: Node, x: Term, axis: DimExpr, length: DimExpr | None) -> Term:
    """The transform that the node asks for, along an axis of x that isn't its last."""
    inverse, onesided = bool(n.int_attr("inverse", 0)), bool(n.int_attr("onesided", 1 if n.op == "STFT" else 0))
    *dims, parts = x.dims
    if parts not in (ONE, DimExpr.of(2)):
        raise ValueError(f"the last dim is 1 (real) or 2 (complex), got {parts}")
    place = _Axis.of(tuple(dims), axis)
    real = inverse and onesided
    if length is None:
        length = (place.size - 1) * 2 if real else place.size
    n.need(length - 1)
    half = length // 2 + 1
    inputs = place.size.min(half if real else length)
    t = Transform(length, inputs, half if onesided and not real else length, parts.value, inverse, real)
    wide = x.reshape(place.outer, place.size, place.inner, parts).part(1, 0, inputs).cast(np.float64)
    return _along(n, wide, t).cast(x.element).reshape(*place.resized(t.outputs), t.out_parts)


def _along(n: Node, x: Term, t: Transform) -> Term:
    """[outer, inputs, inner, parts] -> [outer, outputs, inner, out_parts]"""
    outer, _, inner, _ = x.dims
    if not t.direct:
        rows = x.transpose(0, 2, 1, 3).reshape(outer * inner, t.inputs, t.parts)
        found = long_transform(n, rows, t).reshape(outer, inner, t.outputs, t.out_parts)
        return found.transpose(0, 2, 1, 3)
    weights = matrix(n, t)
    if inner == ONE:
        rows = x.reshape(outer, t.inputs * t.parts)
        found = rows.with_(lambda a, b: graph.MatmulOp(a, b, transpose_rhs=True), weights)
        return found.reshape(outer, t.outputs, 1, t.out_parts)
    columns = x.transpose(0, 1, 3, 2).reshape(outer, t.inputs * t.parts, inner)
    found = weights.reshape(1, *weights.dims) @ columns
    return found.reshape(outer, t.outputs, t.out_parts, inner).transpose(0, 1, 3, 2)


@op("STFT", since=17)
def stft(n: Node) -> SSAValue:
    """[batch, samples, parts] -> [batch, frames, bins, 2]"""
    signal, window, step = term(n), optional(n, 2), n.dims(1)[0]
    if len(signal.dims) == 2:
        signal = signal.reshape(*signal.dims, 1)
    batch, samples, parts = signal.dims
    length = n.dims(3)[0] if n.has(3) else window.dims[0] if window is not None else samples
    frames = (samples - length) // step + 1
    n.need(step - 1)
    n.need(samples - length)
    places = _starts(n, frames, step).reshape(frames, 1) + iota(n, length).reshape(1, length)
    framed = signal.gather(places, 1)
    if window is not None:
        framed = framed * window.reshape(1, 1, length, 1)
    framed = framed.reshape(batch * frames, length, parts)
    found = _transform(n, framed, ONE, None)
    return found.reshape(batch, frames, *found.dims[1:]).value


def _starts(n: Node, frames: DimExpr, step: DimExpr) -> Term:
    if frames.is_static and step.is_static:
        return constant(n, np.arange(frames.value, dtype=np.int64) * step.value)
    return iota(n, frames) * Term(n.build, n.emit(graph.DimsOp([step], scalar=True)))


# -- windows --------------------------------------------------------------------------------------------------------------

_WINDOWS: dict[str, tuple[float, ...]] = {
    "HannWindow": (0.5, -0.5),
    "HammingWindow": (25 / 46, -21 / 46),
    "BlackmanWindow": (0.42, -0.5, 0.08),
}
"""Coefficients of cos(2 pi i k / N) for i = 0, 1, ..."""


@op(*_WINDOWS, since=17)
def window(n: Node) -> SSAValue:
    """A sum of cosines over k < size with N = size, or size - 1 (at least 1) for a symmetric window."""
    (size,) = n.dims(0)
    n.need(size)
    dtype = dtype_of(n.int_attr("output_datatype", TensorProto.FLOAT))
    whole = (size if n.int_attr("periodic", 1) else size - 1).max(1)
    cosines = [_cosine(n, size, whole, i) for i in range(1, len(_WINDOWS[n.op]))]
    first, *factors = _WINDOWS[n.op]
    total = sum((c * factor for c, factor in zip(cosines[1:], factors[1:], strict=True)), cosines[0] * factors[0] + first)
    return total.cast(dtype).value


def _cosine(n: Node, size: DimExpr, whole: DimExpr, multiple: int) -> Term:
    """cos(2 pi * multiple * k / whole) for k below size, in f64."""
    if size.is_static and whole.is_static:
        return constant(n, turns(np.arange(size.value) * multiple, whole.value)[0])
    step = Term(n.build, n.emit(graph.DimsOp([whole], scalar=True))).cast(np.float64)
    return (iota(n, size, np.float64) * (2 * math.pi * multiple) / step).apply(graph.CosOp)


# -- mel filter banks -----------------------------------------------------------------------------------------------------

_MEL = 2595 / math.log(10)  # mel(f) = 2595 log10(1 + f / 700)


@op("MelWeightMatrix", since=17)
def mel_weight_matrix(n: Node) -> SSAValue:
    """Triangles between neighbouring bin edges, which lie at equal distances in mel: [dft_length // 2 + 1, bins]."""
    (bins,), (length,) = n.dims(0), n.dims(1)
    rows = length // 2 + 1
    edges = _edges(n, bins, length)
    left, middle, right = (edges.part(0, i, bins).reshape(1, bins) for i in range(3))
    row = iota(n, rows, np.float64).reshape(rows, 1)
    rise, fall = (row - left) / (middle - left).maximum(1.0), (right - row) / (right - middle).maximum(1.0)
    rising = middle.equal(left).select(row.like(1.0), rise)
    up, down = (row >= left) & (row <= middle), (row >= middle) & (row < right)
    weights = down.select(fall, up.select(rising, 0.0))
    return weights.cast(dtype_of(n.int_attr("output_datatype", TensorProto.FLOAT))).value


def _edges(n: Node, bins: DimExpr, length: DimExpr) -> Term:
    """Spectrogram bins of the bins + 2 edges, whole numbers in f64."""
    rate, low, high = (term(n, i).cast(np.float64).reshape() for i in (2, 3, 4))
    low, high = ((f / 700.0 + 1.0).log() * _MEL for f in (low, high))
    step = (high - low) / _number(n, bins + 2)
    hertz = ((iota(n, bins + 2, np.float64) * step + low) / _MEL).exp() * 700.0 - 700.0
    return (hertz * _number(n, length + 1) / rate).apply(graph.FloorOp)


def _number(n: Node, dim: DimExpr) -> Term:
    return Term(n.build, n.emit(graph.DimsOp([dim], scalar=True))).cast(np.float64)
