"""Index arithmetic as polynomials, so that addresses can be split by the loop in which each part is known.

A polynomial has integer coefficients over *leaves*: values that exist in the llvm dialect, such as an induction variable
or a size. The number of a leaf carries the depth of the scope that defines it in its high bits, hence sorted leaves are
sorted by depth. All arithmetic is exact; the machine's is the same modulo 2**64, where these identities hold too.
"""

from typing import NamedTuple

Monomial = tuple[int, ...]
"""A product of leaves, sorted."""

_DEPTH_SHIFT = 24
SERIAL_MASK = (1 << _DEPTH_SHIFT) - 1
_MAX_TERMS = 16
"""Beyond this a product is a leaf of its own instead of being multiplied out."""


class Poly(NamedTuple):
    """`constant + sum of coefficient * monomial`, the terms sorted by depth and free of zero coefficients."""

    constant: int
    terms: tuple[tuple[Monomial, int], ...]

    @property
    def depth(self) -> int:
        """The deepest scope that any part of it needs; 0 for a constant."""
        return monomial_depth(self.terms[-1][0]) if self.terms else 0


ZERO = Poly(0, ())
ONE = Poly(1, ())


def leaf_number(depth: int, serial: int) -> int:
    """The number of the leaf that is the `serial`-th of all and defined at `depth`."""
    return depth << _DEPTH_SHIFT | serial


def monomial_depth(monomial: Monomial) -> int:
    """The scope depth at which all leaves of a monomial are known."""
    return monomial[-1] >> _DEPTH_SHIFT


def constant(value: int) -> Poly:
    return Poly(value, ())


def leaf(number: int) -> Poly:
    return Poly(0, (((number,), 1),))


def _from_terms(value: int, terms: dict[Monomial, int]) -> Poly:
    # By the last leaf first: that one decides the depth.
    kept = [(monomial, factor) for monomial, factor in terms.items() if factor]
    kept.sort(key=lambda term: term[0][::-1])
    return Poly(value, tuple(kept))


def add(a: Poly, b: Poly) -> Poly:
    if not b.terms:
        return Poly(a.constant + b.constant, a.terms)
    if not a.terms:
        return Poly(a.constant + b.constant, b.terms)
    terms = dict(a.terms)
    for monomial, factor in b.terms:
        terms[monomial] = terms.get(monomial, 0) + factor
    return _from_terms(a.constant + b.constant, terms)


def scale(a: Poly, factor: int) -> Poly:
    if factor == 1:
        return a
    if factor == 0:
        return ZERO
    return Poly(a.constant * factor, tuple((monomial, old * factor) for monomial, old in a.terms))


def subtract(a: Poly, b: Poly) -> Poly:
    return add(a, scale(b, -1))


def multiply(a: Poly, b: Poly) -> Poly | None:
    """The product; None where multiplying out would have too many terms."""
    if not a.terms:
        return scale(b, a.constant)
    if not b.terms:
        return scale(a, b.constant)
    if len(a.terms) * len(b.terms) > _MAX_TERMS:
        return None
    terms: dict[Monomial, int] = {}
    for left, left_factor in _with_constant(a):
        for right, right_factor in _with_constant(b):
            monomial = tuple(sorted(left + right))
            terms[monomial] = terms.get(monomial, 0) + left_factor * right_factor
    return _from_terms(terms.pop((), 0), terms)


def _with_constant(a: Poly) -> tuple[tuple[Monomial, int], ...]:
    return (((), a.constant), *a.terms) if a.constant else a.terms
