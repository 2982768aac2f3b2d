"""Dimension expressions: arithmetic agrees with Python's integers, equality is that of polynomials, text parses back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilewright.dialects.graph.dims import DimExpr, exact_quotient, product

Env = dict[str, int]
Case = tuple[DimExpr, Callable[[Env], int]]
"""An expression and the function that computes its value with Python's integers."""

N, M = DimExpr.symbol("n"), DimExpr.symbol("m")
NAMES = ("n", "m", "seq.len")

BINARY: list[tuple[Callable[[DimExpr, DimExpr], DimExpr], Callable[[int, int], int]]] = [
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a.max(b), max),
    (lambda a, b: a.min(b), min),
]
BY_POSITIVE: list[tuple[Callable[[DimExpr, int], DimExpr], Callable[[int, int], int]]] = [
    (lambda a, b: a // b, lambda a, b: a // b),
    (lambda a, b: a % b, lambda a, b: a % b),
    (lambda a, b: a.ceildiv(b), lambda a, b: -(-a // b)),
]


@st.composite
def leaves(draw: st.DrawFn) -> Case:
    value = draw(st.one_of(st.integers(-6, 6), st.sampled_from(NAMES)))
    return DimExpr.of(value), lambda env: value if isinstance(value, int) else env[value]


@st.composite
def binaries(draw: st.DrawFn, children: st.SearchStrategy[Case]) -> Case:
    (lhs, left), (rhs, right) = draw(children), draw(children)
    symbolic, integer = draw(st.sampled_from(BINARY))
    return symbolic(lhs, rhs), lambda env: integer(left(env), right(env))


@st.composite
def quotients(draw: st.DrawFn, children: st.SearchStrategy[Case]) -> Case:
    (lhs, left), divisor = draw(children), draw(st.integers(1, 7))
    symbolic, integer = draw(st.sampled_from(BY_POSITIVE))
    return symbolic(lhs, divisor), lambda env: integer(left(env), divisor)


def combine(children: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return st.one_of(binaries(children), quotients(children))


CASES = st.recursive(leaves(), combine, max_leaves=6)
ENVS = st.fixed_dictionaries({name: st.integers(-9, 20) for name in NAMES})


@given(CASES, ENVS)
def test_expressions_evaluate_as_python_does(case: Case, env: Env) -> None:
    expression, expected = case
    assert expression.evaluate(env) == expected(env)


@given(CASES)
def test_text_parses_back(case: Case) -> None:
    assert DimExpr.parse(str(case[0])) == case[0]


@given(CASES, CASES, CASES)
def test_equality_is_that_of_polynomials(a: Case, b: Case, c: Case) -> None:
    x, y, z = a[0], b[0], c[0]
    assert (x + y) * z == x * z + z * y
    assert hash((x + y) - y) == hash(x)
    assert (x - x).is_static


@given(CASES, CASES)
def test_an_exact_quotient_multiplies_back(a: Case, b: Case) -> None:
    quotient = exact_quotient(a[0] * b[0], b[0])
    assert quotient is None if not b[0].terms else quotient == a[0]


@given(CASES, CASES, ENVS)
def test_substitution_is_evaluation_in_two_steps(a: Case, b: Case, env: Env) -> None:
    replaced = a[0].substitute({"n": b[0]})
    assert replaced.evaluate(env) == a[0].evaluate(env | {"n": b[0].evaluate(env)})


def test_static_and_symbolic() -> None:
    assert DimExpr.of(7).is_static and DimExpr.of(7).value == 7
    assert not N.is_static
    assert (N - N + 3).value == 3
    assert (4 * N + M // 2).symbols == {"n", "m"}
    with pytest.raises(ValueError, match="not static"):
        _ = N.value


def test_divisions_simplify() -> None:
    assert (6 * N + 4) // 2 == 3 * N + 2
    assert (6 * N + 3) // 2 == 3 * N + 1
    assert (N * M) // N == M
    assert (N * N - M * M) // (N - M) == N + M
    assert str((4 * N) % 4) == "0"
    assert str(N.ceildiv(2)) == "floordiv(n + 1, 2)"


def test_printing() -> None:
    assert str(2 * N * M - 3 * M + 1) == "2*m*n - 3*m + 1"
    assert str(-N) == "-n"
    assert str(DimExpr.of(0)) == "0"
    assert str(product([N, 3, "m"])) == "3*m*n"
    assert str(N.max(1)) == "max(1, n)"


@pytest.mark.parametrize("text", ["", "n +", "floor(n, 2)", "n n", "max(n)", "(n", "2 ** n", "n @ 3"])
def test_bad_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="bad dimension expression"):
        DimExpr.parse(text)
