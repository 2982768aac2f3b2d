"""Integer division, remainder, power and shifts that never trap, with ONNX's results where it defines them.

The processor faults on division by zero and on INT_MIN / -1; here x / 0 is 0, x % 0 is 0 and INT_MIN / -1 wraps to INT_MIN.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from ..dialects import arith
from .values import Value, lanes_of, register_type, shaped


def divide(x: Value, y: Value) -> Value:
    """Quotient truncated towards zero."""
    if _is_safe(y):
        return _raw_divide(x, y)
    quotient = _raw_divide(x, _safe_divisor(y))
    if y.is_signed:
        quotient = y.eq(-1).select(-x, quotient)
    return y.eq(0).select(0, quotient)


def remainder(x: Value, y: Value) -> Value:
    """Remainder of the truncated quotient: the sign of the dividend (C's %)."""
    cls = arith.RemSIOp if y.is_signed else arith.RemUIOp
    # x % 1 is 0, which is also the answer wanted for the divisors 0 and -1.
    return x.emit(cls, y if _is_safe(y) else _safe_divisor(y))


def floor_modulo(x: Value, y: Value) -> Value:
    """Remainder of the floored quotient: the sign of the divisor (Python's %)."""
    rest = remainder(x, y)
    if not y.is_signed:
        return rest
    crossed = rest.ne(0) & (rest ^ y).lt(0)
    return crossed.select(rest + y, rest)


def _raw_divide(x: Value, y: Value) -> Value:
    return x.emit(arith.DivSIOp if y.is_signed else arith.DivUIOp, y)


def _is_safe(y: Value) -> bool:
    return y.constant() not in (None, 0, -1)


def _safe_divisor(y: Value) -> Value:
    unsafe = y.eq(0) | y.eq(-1) if y.is_signed else y.eq(0)
    return unsafe.select(1, y)


def shift_left(x: Value, amount: Value) -> Value:
    """`x << amount`, 0 when nothing is left of x."""
    return _in_width(amount, x).select(x << _clamped(amount, x), 0)


def shift_right(x: Value, amount: Value) -> Value:
    """`x >> amount`: arithmetic for signed elements, logical for unsigned; all bits are out for an amount out of range."""
    if x.is_signed:
        return x >> _in_width(amount, x).select(amount, x.width - 1)
    return _in_width(amount, x).select(x >> _clamped(amount, x), 0)


def _in_width(amount: Value, x: Value) -> Value:
    return amount.ge(0) & amount.lt(x.width) if amount.is_signed else amount.lt(x.width)


def _clamped(amount: Value, x: Value) -> Value:
    bounded = amount.minimum(x.width - 1)
    return bounded.maximum(0) if amount.is_signed else bounded


def power(x: Value, exponent: Value) -> Value:
    """`x ** exponent` by repeated squaring, wrapping; for a negative exponent the truncated quotient 1 / x**|exponent|."""
    known = exponent.constant()
    if known in (1, 2, 3):
        return x if known == 1 else x * x if known == 2 else x * x * x
    b = x.b
    bits = x.width - 1 if x.is_signed else x.width

    def step(_: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
        result, base, rest = (x.of(v) for v in carried)
        odd = (rest & 1).ne(0)
        return [odd.select(result * base, result).ssa, (base * base).ssa, rest.emit(arith.ShRUIOp, rest.like(1)).ssa]

    one = b.const(1, shaped(register_type(x.element), lanes_of(x.ssa)))
    result = x.of(b.for_(0, bits, step, inits=[one, x.ssa, exponent.ssa])[0])
    if not x.is_signed:
        return result
    of_minus_one = (exponent & 1).ne(0).select(x, 1)
    negative = x.eq(-1).select(of_minus_one, x.eq(1).select(x, 0))
    return exponent.lt(0).select(negative, result)
