"""Fourier transforms as matrix products, in f64: sums of f32 products would leave noise where a spectrum is zero.

Up to `DIRECT` points, and for lengths known only at run time, a transform is one product with a matrix of twiddle factors. A
longer one splits into two of its factors (Cooley and Tukey 1965); a prime length becomes a convolution (Bluestein 1970).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dialects import graph
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.types import tensor
from .node import Node
from .terms import Term, concat, constant, iota, stack

DIRECT = 512
_SINE = tuple((-1) ** i / math.factorial(2 * i + 1) for i in range(10))
_COSINE = tuple((-1) ** i / math.factorial(2 * i) for i in range(11))

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]


def turns(numerators: Integers, denominator: int) -> tuple[Doubles, Doubles]:
    """cos and sin of 2 pi * numerators / denominator: exact reduction to an eighth of a turn, then Taylor series.

    Plain IEEE arithmetic, so that the bits are the same on every CPU; numpy's own functions don't promise that.
    """
    numerators = numerators % denominator
    quadrant = (8 * numerators + denominator) // (2 * denominator)
    x = (np.pi / 2) * ((4 * numerators - quadrant * denominator) / denominator)
    sine, cosine = x * _horner(_SINE, x * x), _horner(_COSINE, x * x)
    rows = np.stack([cosine, -sine, -cosine, sine, cosine])
    across, up = (np.take_along_axis(rows, ((quadrant + shift) % 4)[None], 0)[0] for shift in (0, 3))
    return across, up


def _horner(coefficients: tuple[float, ...], x: Doubles) -> Doubles:
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


@dataclass(frozen=True)
class Transform:
    """A transform along one axis.

    Attributes:
        length: number of points N.
        inputs: elements there are; those beyond them are zero.
        outputs: elements wanted.
        parts: of an input element: 1 for real, 2 for complex.
        inverse: with exp(+i) and divided by N.
        real: from the first half of a spectrum to a real signal.
    """

    length: DimExpr
    inputs: DimExpr
    outputs: DimExpr
    parts: int
    inverse: bool
    real: bool

    @property
    def direct(self) -> bool:
        return not self.length.is_static or self.length.value <= DIRECT

    @property
    def out_parts(self) -> int:
        return 1 if self.real else 2


# -- by one matrix --------------------------------------------------------------------------------------------------------


def matrix(n: Node, t: Transform) -> Term:
    """The real matrix [outputs * out_parts, inputs * parts] of a transform; parts lie innermost."""
    cosine, sine = _phases(n, t.outputs, t.inputs, t.length)
    if t.inverse:
        weights = _weights(n, t)
        cosine, sine = cosine * weights, sine * weights
    else:
        sine = -sine
    rows = [[cosine, -sine], [sine, cosine]][: t.out_parts]
    blocks = stack([stack(row[: t.parts], 2) for row in rows], 1)
    return blocks.reshape(t.outputs * t.out_parts, t.inputs * t.parts)


def _phases(n: Node, rows: DimExpr, columns: DimExpr, length: DimExpr) -> tuple[Term, Term]:
    """cos and sin of 2 pi j k / length for j below rows and k below columns."""
    if rows.is_static and columns.is_static and length.is_static:
        index = np.outer(np.arange(rows.value, dtype=np.int64), np.arange(columns.value, dtype=np.int64))
        cosine, sine = turns(index, length.value)
        return constant(n, cosine, "cosine"), constant(n, sine, "sine")
    whole = _size(n, length)
    product = iota(n, rows).reshape(rows, 1) * iota(n, columns).reshape(1, columns)
    angle = product.with_(graph.ModOp, whole).cast(np.float64) * (2 * math.pi) / whole.cast(np.float64)
    return angle.apply(graph.CosOp), angle.apply(graph.SinOp)


def _weights(n: Node, t: Transform) -> Term:
    """1 / N; for half a spectrum twice that, but at its ends, which have no mirror image."""
    share = 1.0 / _size(n, t.length).cast(np.float64)
    if not t.real:
        return share
    twice = iota(n, t.inputs) * 2
    ends = twice.equal(0) | twice.equal(_size(n, t.length))
    return ends.select(share, 0.0) + (~ends).select(share * 2.0, 0.0)


def _size(n: Node, dim: DimExpr) -> Term:
    if dim.is_static:
        return constant(n, np.array(dim.value, np.int64))
    return Term(n.build, n.emit(graph.DimsOp([dim], scalar=True)))


# -- by factors -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Complex:
    """Real and imaginary part, of the same dims."""

    re: Term
    im: Term

    def __mul__(self, other: Complex) -> Complex:
        return Complex(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    def reshape(self, *dims: DimExpr | int) -> Complex:
        return Complex(self.re.reshape(*dims), self.im.reshape(*dims))

    def transpose(self, *perm: int) -> Complex:
        return Complex(self.re.transpose(*perm), self.im.transpose(*perm))

    def part(self, start: int, size: int) -> Complex:
        return Complex(self.re.part(-1, start, size), self.im.part(-1, start, size))

    def pad(self, size: int) -> Complex:
        """With zeros at the end of the last dim, up to this size."""
        return Complex(*(_pad(v, size) for v in (self.re, self.im)))


def _pad(x: Term, size: int) -> Term:
    extra = size - x.dims[-1]
    zeros = [0] * (len(x.dims) - 1)
    return x if extra == DimExpr.of(0) else x.apply(lambda v: graph.PadOp(v, [0, *zeros], [*zeros, extra]))


def fast(n: Node, x: Complex, sign: int) -> Complex:
    """Sums of x[m] exp(sign 2 pi i k m / N) over the last of two dims, N being its number."""
    length = x.re.dims[1].value
    if length <= DIRECT:
        return _block(n, x, sign)
    factor = max(f for f in range(1, math.isqrt(length) + 1) if length % f == 0)
    return _split(n, x, factor, length // factor, sign) if factor > 1 else _convolve(n, x, sign)


def _block(n: Node, x: Complex, sign: int) -> Complex:
    length = x.re.dims[1].value
    cosine, sine = turns(np.outer(np.arange(length), np.arange(length)), length)
    weights = np.block([[cosine, sign * sine], [-sign * sine, cosine]])
    return Complex(*(concat([x.re, x.im], 1) @ constant(n, weights, "twiddles")).split(1, 2))


def _split(n: Node, x: Complex, outer: int, inner: int, sign: int) -> Complex:
    """N = outer * inner: transforms over columns, twiddle factors, transforms over rows."""
    rows = x.re.dims[0]
    columns = x.reshape(rows, outer, inner).transpose(0, 2, 1).reshape(rows * inner, outer)
    first = fast(n, columns, sign).reshape(rows, inner, outer)
    cosine, sine = turns(np.outer(np.arange(inner), np.arange(outer)), outer * inner)
    turned = first * Complex(constant(n, cosine, "twiddles"), constant(n, sign * sine, "twiddles"))
    second = fast(n, turned.transpose(0, 2, 1).reshape(rows * outer, inner), sign).reshape(rows, outer, inner)
    return second.transpose(0, 2, 1).reshape(rows, outer * inner)


def _convolve(n: Node, x: Complex, sign: int) -> Complex:
    """2 j k = j^2 + k^2 - (j - k)^2: a convolution with a chirp, through transforms of a power of two."""
    length = x.re.dims[1].value
    size = 1 << (2 * length - 1).bit_length()
    cosine, sine = turns(np.arange(length, dtype=np.int64) ** 2 % (2 * length), 2 * length)
    chirp = Complex(constant(n, cosine, "chirp"), constant(n, sign * sine, "chirp"))
    around = np.zeros((2, 1, size))
    around[:, 0, :length] = cosine, -sign * sine
    around[:, 0, size - length + 1 :] = around[:, 0, length - 1 : 0 : -1]
    kernel = fast(n, Complex(constant(n, around[0], "chirp"), constant(n, around[1], "chirp")), -1)
    product = fast(n, (x * chirp).pad(size), -1) * kernel
    found = fast(n, product, 1).part(0, length) * chirp
    return Complex(found.re * (1.0 / size), found.im * (1.0 / size))


def long_transform(n: Node, x: Term, t: Transform) -> Term:
    """[rows, inputs, parts] -> [rows, outputs, out_parts]"""
    rows, length = x.dims[0], t.length.value
    re, *rest = (part.reshape(rows, t.inputs) for part in x.split(2, t.parts))
    signal = Complex(re, rest[0] if rest else re.like(0.0).broadcast(rows, t.inputs))
    if t.real:
        signal = _mirrored(signal.pad(length // 2 + 1), length)
    found = fast(n, signal.pad(length), 1 if t.inverse else -1)
    scale = 1.0 / length if t.inverse else 1.0
    parts = [found.re, found.im][: t.out_parts]
    return stack([part.part(1, 0, t.outputs) * scale for part in parts], 2)


def _mirrored(x: Complex, length: int) -> Complex:
    """Half a spectrum with its mirror image: x[N - k] is the conjugate of x[k]; the imaginary part of the ends is nothing."""
    count = length - x.re.dims[1].value
    steps, ends = [1, -1], np.ones(x.re.dims[1].value)
    ends[0] = 0
    if length % 2 == 0:
        ends[-1] = 0
    im = x.im * Term(x.im.build, x.im.build.constant(ends).value())

    def image(v: Term) -> Term:
        return v.apply(lambda s: graph.SliceOp(s, [0, count], tensor(v.element, [v.dims[0], count]), steps))

    return Complex(concat([x.re, image(x.re)], 1), concat([im, -image(im)], 1))
