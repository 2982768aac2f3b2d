"""Symbolic dims that may turn out to be 1, and dims that must be equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx_models import op_names

from tilewright.dialects.graph.dims import DimExpr
from tilewright.dialects.graph.types import stretched_dims

from .compare import Array, agree, i64, model_of, node

rng = np.random.default_rng(0)


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def test_two_operands() -> None:
    model = model_of([node("Add", "a b")], {"a": floats(2, 3), "b": floats(2, 3)}, dims={"a": ["p", "q"], "b": ["s", "t"]})
    shapes = [((2, 3), (2, 3)), ((1, 3), (2, 3)), ((2, 1), (1, 3)), ((1, 1), (4, 5)), ((2, 3), (2, 4)), ((0, 3), (1, 3))]
    shapes += [((0, 3), (2, 3))]
    agree(model, *({"a": floats(*a), "b": floats(*b)} for a, b in shapes))


def test_a_chain_with_known_dims() -> None:
    dims: dict[str, Any] = {"a": ["p", 3], "b": ["s", "t"], "c": ["u"]}
    feeds = {"a": floats(2, 3), "b": floats(2, 3), "c": floats(3)}
    model = model_of([node("Add", "a b", "z"), node("Mul", "z c")], feeds, dims=dims)
    shapes = [((2, 3), (2, 3), (3,)), ((1, 3), (2, 3), (1,)), ((2, 3), (1, 1), (3,)), ((1, 3), (4, 2), (1,))]
    agree(model, *({"a": floats(*a), "b": floats(*b), "c": floats(*c)} for a, b, c in shapes))


def test_matmul() -> None:
    dims: dict[str, Any] = {"a": ["p", "q", 4, "k"], "b": ["s", "l", 6]}
    model = model_of([node("MatMul", "a b")], {"a": floats(2, 3, 4, 5), "b": floats(3, 5, 6)}, dims=dims)
    shapes = [((2, 3, 4, 5), (3, 5, 6)), ((2, 1, 4, 5), (3, 5, 6)), ((2, 3, 4, 5), (1, 5, 6))]
    shapes += [((2, 3, 4, 5), (2, 5, 6)), ((2, 3, 4, 5), (3, 7, 6))]
    agree(model, *({"a": floats(*a), "b": floats(*b)} for a, b in shapes))


def test_expand_and_where() -> None:
    x = floats(3, 1)
    model = model_of([node("Expand", "x s")], {"x": x, "s": i64(1, 1, 1)})
    agree(model, *({"x": x, "s": i64(*s)} for s in [(1, 1, 1), (2, 3, 4), (2, 1, 4), (2, 2, 2), (1, 0, 3), (0, 3, 1)]))
    feeds = {"c": floats(3) > 0, "a": floats(2, 3), "b": floats(2, 1)}
    model = model_of([node("Where", "c a b")], feeds, dims={"c": ["u"], "a": ["p", "q"], "b": ["s", "t"]})
    shapes = [((3,), (2, 3), (2, 3)), ((1,), (1, 3), (2, 3)), ((3,), (2, 3), (1, 1)), ((1,), (1, 1), (4, 2))]
    agree(model, *({"c": floats(*c) > 0, "a": floats(*a), "b": floats(*b)} for c, a, b in shapes))


def test_concat_checks_the_other_dims() -> None:
    dims: dict[str, Any] = {"a": [4, "k"], "b": ["l", "m"]}
    model = model_of([node("Concat", "a b", axis=0)], {"a": floats(4, 5), "b": floats(5, 6)}, dims=dims)
    agree(model, *({"a": floats(*a), "b": floats(*b)} for a, b in [((4, 5), (5, 5)), ((4, 5), (6, 6))]))


def test_equal_symbols_are_not_stretched() -> None:
    feeds = {"a": floats(2, 3), "b": floats(2, 3)}
    assert op_names(model_of([node("Add", "a b")], feeds, dims={"a": ["n", 3], "b": ["n", 1]})) == ["add"]


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (1, 7), (7, 7), (0, 0), (5, 1)])
def test_dims_that_broadcast(a: int, b: int) -> None:
    (dim,), conditions = stretched_dims([DimExpr.symbol("a")], [DimExpr.symbol("b")])
    env = {"a": a, "b": b}
    assert all(c.evaluate(env) >= 0 for c in conditions)
    assert dim.evaluate(env) == np.broadcast_shapes((a,), (b,))[0]


@pytest.mark.parametrize(("a", "b"), [(0, 2), (2, 0), (3, 7)])
def test_dims_that_do_not_broadcast(a: int, b: int) -> None:
    for lhs, rhs in (("a", "b"), (str(a), "b"), ("a", str(b))):
        _, conditions = stretched_dims([DimExpr.parse(lhs)], [DimExpr.parse(rhs)])
        assert any(c.evaluate({"a": a, "b": b}) < 0 for c in conditions)
