"""Preparing features, as ai.onnx.ml has it: scaling, encoding, filling in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import AttributeProto
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...runtime.weights import Array
from ..node import Node, UnsupportedError
from ..registry import op
from ..tensors import to_array
from ..terms import Term, concat, constant, term
from .ml_scores import DOMAIN, as_rows

_NORMS: dict[str, str] = {"MAX": "max", "L1": "l1", "L2": "l2"}


@op("Normalizer", domain=DOMAIN)
def normalizer(n: Node) -> SSAValue:
    """Rows divided by their maximum, sum of absolute values, or length; rows of norm 0 stay."""
    name = n.str_attr("norm", "MAX")
    if name not in _NORMS:
        raise ValueError(f"norm is {', '.join(_NORMS)}; got '{name}'")
    x = term(n).cast(np.float32)
    norm = x.reduce(_NORMS[name], -1)
    return (x / norm.equal(0.0).select(norm.like(1.0), norm)).value


@op("Scaler", domain=DOMAIN)
def scaler(n: Node) -> SSAValue:
    """(x - offset) * scale, each one number or one a column"""
    x = term(n).cast(np.float32)
    offset, scale = (n.floats_attr(name, [default]) for name, default in (("offset", 0.0), ("scale", 1.0)))
    return ((x - _row(n, offset)) * _row(n, scale)).value


def _row(n: Node, values: list[float]) -> Term:
    return constant(n, np.array(values if len(values) > 1 else values[0], np.float32))


@op("Binarizer", domain=DOMAIN)
def binarizer(n: Node) -> SSAValue:
    x = term(n)
    return (x > n.float_attr("threshold", 0.0)).cast(x.element).value


@op("ArrayFeatureExtractor", domain=DOMAIN)
def array_feature_extractor(n: Node) -> SSAValue:
    """Columns by number; those of a vector make one row."""
    rows, columns = as_rows(term(n)), term(n, 1)
    return rows.gather(columns.reshape(product(columns.dims)), len(rows.dims) - 1).value


@op("Imputer", domain=DOMAIN)
def imputer(n: Node) -> SSAValue:
    """Elements that equal a number (or are NaN, where that is it) replaced, by one value or one a column."""
    x = term(n)
    kind = "float" if x.dtype.kind == "f" else "int64"
    values = n.floats_attr("imputed_value_floats", []) if kind == "float" else n.ints_attr("imputed_value_int64s", [])
    if not values:
        raise ValueError("it has no values for elements of its type")
    old = n.float_attr("replaced_value_float", 0.0) if kind == "float" else n.int_attr("replaced_value_int64", 0)
    missing = x.apply(graph.IsNanOp) if np.isnan(old) else x.equal(old)
    new = constant(n, np.array(values if len(values) > 1 else values[0]).astype(x.dtype))
    return missing.select(new, x).value


@op("FeatureVectorizer", domain=DOMAIN)
def feature_vectorizer(n: Node) -> SSAValue:
    """Matrices side by side as floats, each cut or filled with zeros to as many columns as the model says."""
    parts = [term(n, i).cast(np.float32) for i in range(len(n.inputs))]
    sizes = n.ints_attr("inputdimensions", [])
    if len(sizes) != len(parts):
        raise ValueError(f"it has {len(parts)} inputs and {len(sizes)} inputdimensions")
    return concat([_resized(part, size) for part, size in zip(parts, sizes, strict=True)], 1).value


def _resized(x: Term, columns: int) -> Term:
    rows = as_rows(x)
    kept = rows.part(1, 0, rows.dims[1].min(columns))
    extra = columns - kept.dims[1]
    return kept if extra == DimExpr.of(0) else kept.apply(lambda v: graph.PadOp(v, [0, 0], [0, extra]))


# -- encoding -------------------------------------------------------------------------------------------------------------


@op("OneHotEncoder", domain=DOMAIN)
def one_hot_encoder(n: Node) -> SSAValue:
    """A new last dim that is 1 at the category; a value that is none gives zeros, also where `zeros` is 0."""
    categories = n.ints_attr("cats_int64s", [])
    if not categories:
        raise UnsupportedError("its categories are strings")
    x = term(n)
    x = x if x.dtype.kind == "i" else x.cast(np.int64)
    return x.reshape(*x.dims, 1).equal(constant(n, np.array(categories).astype(x.dtype))).cast(np.float32).value


@op("LabelEncoder", domain=DOMAIN)
def label_encoder(n: Node) -> SSAValue:
    """The value that belongs to a key, found by bisection; a default for anything else. From version 4 on NaN may be a key."""
    keys, values = _table(n, "keys"), _table(n, "values")
    if keys is None or values is None:
        raise UnsupportedError("its keys or values are strings")
    if keys.size != values.size or not keys.size:
        raise ValueError(f"it has {keys.size} keys and {values.size} values")
    x, default = term(n), _default(n, values)
    unknown = constant(n, default)
    found = _look_up(n, x, keys.astype(x.dtype), values, unknown)
    missing = np.isnan(keys) if keys.dtype.kind == "f" else np.zeros(keys.shape, np.bool_)
    if missing.any() and n.opset >= 4:
        found = x.apply(graph.IsNanOp).select(constant(n, values[missing][-1]), found)
    return found.value


def _look_up(n: Node, x: Term, keys: Array, values: Array, unknown: Term) -> Term:
    """values[i] where keys[i] is x, `unknown` elsewhere. Of equal keys the last one counts."""
    distinct, first = np.unique(keys[::-1], return_index=True)
    count = 1 << max(len(distinct) - 1, 0).bit_length()
    places = np.minimum(np.arange(count), len(distinct) - 1)
    ordered, results = constant(n, distinct[places]), constant(n, values[::-1][first][places])
    at = constant(n, np.zeros((), np.int64)).broadcast(*x.dims)
    half = count // 2
    while half:
        beyond = at + half
        at = (ordered.gather(beyond) <= x).select(beyond, at)
        half //= 2
    return ordered.gather(at).equal(x).select(results.gather(at), unknown)


_READERS: dict[str, Callable[[Node, str], Array]] = {
    "int64s": lambda n, name: np.array(n.ints_attr(name), np.int64),
    "floats": lambda n, name: np.array(n.floats_attr(name), np.float32),
    "tensor": lambda n, name: to_array(n.attribute(name, AttributeProto.TENSOR, "t"), n.context.files).reshape(-1),
}


def _table(n: Node, name: str) -> Array | None:
    """Keys or values in whichever numeric form they are given."""
    for kind, read in _READERS.items():
        if f"{name}_{kind}" in n.attributes:
            array = read(n, f"{name}_{kind}")
            return array if array.dtype.kind in "iuf" else None
    return None


def _default(n: Node, values: Array) -> Array:
    if "default_tensor" in n.attributes:
        return _READERS["tensor"](n, "default_tensor")[0].astype(values.dtype)
    default = n.int_attr("default_int64", -1) if values.dtype.kind == "i" else n.float_attr("default_float", -0.0)
    return np.array(default).astype(values.dtype)
