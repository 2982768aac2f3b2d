"""Symbolic dimension expressions: canonical integer polynomials over named symbols.

A dimension of a tensor is a `DimExpr`: a sum of integer multiples of products of atoms, where an atom is a symbol
(`batch`) or one of the functions `floordiv`, `mod`, `max`, `min` of two expressions that do not simplify. Two expressions
that are equal as polynomials are equal as Python values, hash alike and print alike, so shape inference compares dims with `==`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

Monomial = tuple[tuple["Atom", int], ...]

_FUNCTIONS: dict[str, Callable[[int, int], int]] = {
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "max": max,
    "min": min,
}


@dataclass(frozen=True)
class Atom:
    """A symbol (no arguments) or a function of two expressions."""

    name: str
    args: tuple[DimExpr, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.args))})" if self.args else self.name

    def evaluate(self, env: Mapping[str, int]) -> int:
        if not self.args:
            return env[self.name]
        lhs, rhs = (a.evaluate(env) for a in self.args)
        return _FUNCTIONS[self.name](lhs, rhs)


@dataclass(frozen=True)
class DimExpr:
    """An integer expression over symbols; `terms` is sorted and holds no zero coefficient."""

    terms: tuple[tuple[Monomial, int], ...]

    # -- construction -------------------------------------------------------------------------------------------------
    @staticmethod
    def of(value: DimLike) -> DimExpr:
        """An int, a textual expression or a DimExpr as a DimExpr."""
        if isinstance(value, DimExpr):
            return value
        return _constant(value) if isinstance(value, int) else parse(value)

    @staticmethod
    def symbol(name: str) -> DimExpr:
        return _from_terms({((Atom(name), 1),): 1})

    @staticmethod
    def parse(text: str) -> DimExpr:
        """Parse what `str` prints; raises ValueError on anything else."""
        return parse(text)

    # -- queries ------------------------------------------------------------------------------------------------------
    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.terms)

    @cached_property
    def is_static(self) -> bool:
        return not self.terms or (len(self.terms) == 1 and self.terms[0][0] == ())

    @property
    def value(self) -> int:
        """The integer of a static expression; ValueError otherwise."""
        if not self.is_static:
            raise ValueError(f"dimension '{self}' is not static")
        return self.terms[0][1] if self.terms else 0

    @cached_property
    def symbols(self) -> frozenset[str]:
        names: set[str] = set()
        for mono, _ in self.terms:
            for atom, _ in mono:
                names |= {atom.name} if not atom.args else set[str]().union(*(a.symbols for a in atom.args))
        return frozenset(names)

    def evaluate(self, env: Mapping[str, int]) -> int:
        """The value under an assignment of all symbols; KeyError when one is missing."""
        total = 0
        for mono, coefficient in self.terms:
            for atom, power in mono:
                coefficient *= atom.evaluate(env) ** power
            total += coefficient
        return total

    def substitute(self, env: Mapping[str, DimExpr]) -> DimExpr:
        """Replace symbols by expressions; symbols that are not in `env` stay."""
        total = _constant(0)
        for mono, coefficient in self.terms:
            term = _constant(coefficient)
            for atom, power in mono:
                base = _substitute_atom(atom, env)
                for _ in range(power):
                    term = term * base
            total = total + term
        return total

    # -- arithmetic ---------------------------------------------------------------------------------------------------
    def __add__(self, other: DimLike) -> DimExpr:
        terms = dict(self.terms)
        for mono, coefficient in DimExpr.of(other).terms:
            terms[mono] = terms.get(mono, 0) + coefficient
        return _from_terms(terms)

    def __neg__(self) -> DimExpr:
        return _from_terms({m: -c for m, c in self.terms})

    def __sub__(self, other: DimLike) -> DimExpr:
        return self + (-DimExpr.of(other))

    def __mul__(self, other: DimLike) -> DimExpr:
        terms: dict[Monomial, int] = {}
        for m1, c1 in self.terms:
            for m2, c2 in DimExpr.of(other).terms:
                mono = _multiply(m1, m2)
                terms[mono] = terms.get(mono, 0) + c1 * c2
        return _from_terms(terms)

    def __radd__(self, other: int) -> DimExpr:
        return self + other

    def __rsub__(self, other: int) -> DimExpr:
        return DimExpr.of(other) - self

    def __rmul__(self, other: int) -> DimExpr:
        return self * other

    def __floordiv__(self, other: DimLike) -> DimExpr:
        """Floor division; exact polynomial quotients simplify, the rest becomes an atom."""
        return _floordiv(self, DimExpr.of(other))

    def __mod__(self, other: DimLike) -> DimExpr:
        divisor = DimExpr.of(other)
        if self.is_static and divisor.is_static:
            return _constant(self.value % divisor.value)
        return _constant(0) if exact_quotient(self, divisor) is not None else _apply("mod", self, divisor)

    def ceildiv(self, other: DimLike) -> DimExpr:
        divisor = DimExpr.of(other)
        return (self + divisor - 1) // divisor

    def max(self, other: DimLike) -> DimExpr:
        return _extremum("max", self, DimExpr.of(other))

    def min(self, other: DimLike) -> DimExpr:
        return _extremum("min", self, DimExpr.of(other))

    # -- text ---------------------------------------------------------------------------------------------------------
    def __str__(self) -> str:
        text = ""
        for mono, coefficient in self.terms:
            magnitude = abs(coefficient)
            factors = [str(a) for a, p in mono for _ in range(p)]
            body = "*".join(([str(magnitude)] if magnitude != 1 or not factors else []) + factors)
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {body}" if text else (f"-{body}" if coefficient < 0 else body)
        return text or "0"

    def __repr__(self) -> str:
        return f"DimExpr({self})"


DimLike = DimExpr | int | str


def product(dims: Iterable[DimLike]) -> DimExpr:
    """The product of dims; 1 of none."""
    total = _constant(1)
    for dim in dims:
        total = total * DimExpr.of(dim)
    return total


@lru_cache(maxsize=4096)
def _constant(value: int) -> DimExpr:
    return DimExpr((((), value),) if value else ())


def _sort_key(item: tuple[Monomial, int]) -> tuple[int, str]:
    mono = item[0]
    return (-sum(p for _, p in mono), " ".join(str(a) for a, p in mono for _ in range(p)))


def _from_terms(terms: Mapping[Monomial, int]) -> DimExpr:
    return DimExpr(tuple(sorted(((m, c) for m, c in terms.items() if c), key=_sort_key)))


def _multiply(lhs: Monomial, rhs: Monomial) -> Monomial:
    powers: dict[Atom, int] = dict(lhs)
    for atom, power in rhs:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda item: str(item[0])))


def _substitute_atom(atom: Atom, env: Mapping[str, DimExpr]) -> DimExpr:
    if not atom.args:
        return env.get(atom.name, DimExpr.symbol(atom.name))
    lhs, rhs = (a.substitute(env) for a in atom.args)
    rebuilt: dict[str, Callable[[], DimExpr]] = {
        "floordiv": lambda: lhs // rhs,
        "mod": lambda: lhs % rhs,
        "max": lambda: lhs.max(rhs),
        "min": lambda: lhs.min(rhs),
    }
    return rebuilt[atom.name]()


def _apply(name: str, lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    return _from_terms({((Atom(name, (lhs, rhs)), 1),): 1})


def _divide_monomial(mono: Monomial, divisor: Monomial) -> Monomial | None:
    powers = dict(mono)
    for atom, power in divisor:
        if powers.get(atom, 0) < power:
            return None
        powers[atom] -= power
    return tuple((a, p) for a, p in powers.items() if p)


def exact_quotient(dividend: DimExpr, divisor: DimExpr) -> DimExpr | None:
    """`dividend / divisor` as a polynomial with integer coefficients where the division leaves nothing, else None."""
    if not divisor.terms:
        return None
    lead_mono, lead = divisor.terms[0]
    quotient, rest = _constant(0), dividend
    while rest.terms:
        mono, coefficient = rest.terms[0]
        reduced = _divide_monomial(mono, lead_mono)
        if reduced is None or coefficient % lead:
            return None
        step = _from_terms({reduced: coefficient // lead})
        quotient, rest = quotient + step, rest - step * divisor
    return quotient


def _floordiv(lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    if lhs.is_static and rhs.is_static:
        return _constant(lhs.value // rhs.value)
    exact = exact_quotient(lhs, rhs)
    if exact is not None:
        return exact
    if not rhs.is_static:
        return _apply("floordiv", lhs, rhs)
    divisible = _from_terms({m: c for m, c in lhs.terms if c % rhs.value == 0})
    rest = lhs - divisible
    quotient = exact_quotient(divisible, rhs) or _constant(0)
    if rest.is_static:
        return quotient + rest.value // rhs.value
    return quotient + _apply("floordiv", rest, rhs)


def _extremum(name: str, lhs: DimExpr, rhs: DimExpr) -> DimExpr:
    if lhs == rhs:
        return lhs
    if lhs.is_static and rhs.is_static:
        return _constant(_FUNCTIONS[name](lhs.value, rhs.value))
    first, second = sorted((lhs, rhs), key=str)
    return _apply(name, first, second)


_TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_][A-Za-z0-9_.]*)|(.))")


@lru_cache(maxsize=4096)
def parse(text: str) -> DimExpr:
    """Parse the textual form: `+ - *`, parentheses, integers, symbols and `f(a, b)`; ValueError on bad text."""
    tokens = [m for m in (t.strip() for t in (m.group(0) for m in _TOKEN.finditer(text))) if m]
    parser = _Parser(tokens, text)
    result = parser.sum()
    parser.expect_end()
    return result


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens, self.text, self.at = tokens, text, 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected is not None and token != expected):
            raise ValueError(f"bad dimension expression '{self.text}'")
        self.at += 1
        return token

    def expect_end(self) -> None:
        if self.peek():
            raise ValueError(f"bad dimension expression '{self.text}'")

    def sum(self) -> DimExpr:
        result = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()
            rhs = self.product()
            result = result + rhs if sign == "+" else result - rhs
        return result

    def product(self) -> DimExpr:
        if self.peek() == "-":
            self.take()
            return -self.product()
        result = self.factor()
        while self.peek() == "*":
            self.take()
            result = result * self.factor()
        return result

    def factor(self) -> DimExpr:
        token = self.take()
        if token == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if token.isdigit():
            return _constant(int(token))
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", token):
            raise ValueError(f"bad dimension expression '{self.text}'")
        return self.call(token) if self.peek() == "(" else DimExpr.symbol(token)

    def call(self, name: str) -> DimExpr:
        self.take("(")
        lhs = self.sum()
        self.take(",")
        rhs = self.sum()
        self.take(")")
        if name not in _FUNCTIONS:
            raise ValueError(f"bad dimension expression '{self.text}': unknown function '{name}'")
        return _substitute_atom(Atom(name, (lhs, rhs)), {})
