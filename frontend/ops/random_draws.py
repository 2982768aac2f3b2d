"""Draws from distributions (see frontend/random_numbers.py for the generator)."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.dtypes import numpy_dtype
from ...errors import BadModelError
from ..node import Node
from ..random_numbers import normal, uniform
from ..registry import op
from ..tensors import dtype_of
from ..terms import term

DType = np.dtype[np.generic]

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_WIDE = np.dtype(np.float64)


@op("RandomUniform", "RandomNormal")
def random(n: Node) -> SSAValue:
    """Numbers of a shape that is an attribute."""
    dims = n.ints_attr("shape")
    if any(d < 0 for d in dims):
        raise BadModelError(f"attribute 'shape' is {dims}")
    return _draws(n, tuple(DimExpr.of(d) for d in dims), _dtype(n, np.dtype(np.float32)))


@op("RandomUniformLike", "RandomNormalLike")
def random_like(n: Node) -> SSAValue:
    """Numbers of the shape of x, and of its element type where none is given."""
    return _draws(n, n.shape(), _dtype(n, numpy_dtype(n.element())))


def _draws(n: Node, dims: tuple[DimExpr, ...], dtype: DType) -> SSAValue:
    """Half types are rounded from f32."""
    at = _computed_in(dtype)
    if n.op.startswith("RandomNormal"):
        x = normal(n, dims, at) * n.float_attr("scale", 1.0) + n.float_attr("mean", 0.0)
    else:
        low, high = n.float_attr("low", 0.0), n.float_attr("high", 1.0)
        x = uniform(n, dims, dtype=at) * (high - low) + low
    return x.cast(dtype).value


def _dtype(n: Node, default: DType) -> DType:
    dtype = dtype_of(n.int_attr("dtype")) if "dtype" in n.attributes else default
    if dtype.name not in _FLOATS:
        raise BadModelError(f"it draws floats, got {dtype}")
    return dtype


def _computed_in(dtype: DType) -> DType:
    return _WIDE if dtype == _WIDE else np.dtype(np.float32)


@op("Bernoulli", since=15)
def bernoulli(n: Node) -> SSAValue:
    """1 with the probability that x says, else 0."""
    p, dtype = term(n), numpy_dtype(n.element())
    at = _computed_in(dtype)
    to = dtype_of(n.int_attr("dtype")) if "dtype" in n.attributes else dtype
    return (uniform(n, p.dims, dtype=at) < p.cast(at)).cast(to).value


@op("Multinomial", since=7)
def multinomial(n: Node) -> SSAValue:
    """Classes drawn for each row of logarithms of unnormalised probabilities: those where the running sum of probabilities
    passes a random part of the whole. The sum of all is more than any such part, however it is rounded.
    """
    x = term(n).cast(_WIDE)
    if len(x.dims) != 2:
        raise BadModelError(f"input 0 has rank {len(x.dims)}, expected 2")
    rows, classes = x.dims
    samples, dtype = n.int_attr("sample_size", 1), dtype_of(n.int_attr("dtype", 6))
    sums = (x - x.reduce("max", 1)).exp().apply(lambda e: graph.CumsumOp(e, 1))
    part = uniform(n, (rows, samples), dtype=_WIDE) * sums.part(1, classes - 1, 1)
    passed = sums.reshape(rows, 1, classes) <= part.reshape(rows, samples, 1)
    return passed.cast(np.int64).reduce("sum", 2, keepdims=False).cast(dtype).value
