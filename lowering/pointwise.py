"""Elementwise graph ops as arithmetic on registers: one table, op class -> formula, scalars and vectors alike.

`emit_pointwise` is what every rule uses for prologues, epilogues and elementwise kernels. Operands are in register types
(`values.register_type`: f16 and bf16 in f32, booleans i1, integers signless), all scalars or all vectors of the same lanes.
`exp`, `log`, `tanh`, `erf`, ... become `math` ops, which pass expand-math turns into polynomials; sigmoid, gelu and their like
are polynomials at once, because they have shorter forms than in terms of those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from xdsl.dialects import math
from xdsl.dialects.builtin import f64
from xdsl.ir import Operation, SSAValue

from ..dialects.graph import elementwise as ew
from ..dialects.graph.base import flag
from ..dialects.graph.types import element_of
from . import vmath
from .builder import LoopBuilder
from .casts import bitcast, cast
from .integers import divide, floor_modulo, power, remainder, shift_left, shift_right
from .values import Value

Formula = Callable[[Any, Sequence[Value]], Value]
"""From the op (for its properties) and its operands to its result."""


def is_pointwise(op: Operation) -> bool:
    """Whether `emit_pointwise` knows this op."""
    return type(op) in _TABLE


def emit_pointwise(b: LoopBuilder, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    """The result of an elementwise graph op for operands in registers, in the register type of its result element."""
    values = [Value(b, ssa, element_of(o)) for ssa, o in zip(operands, op.operands, strict=True)]
    return _TABLE[type(op)](op, values).ssa


# -- wrappers: most rows need no properties ------------------------------------------------------------------------------
def _unary(formula: Callable[[Value], Value]) -> Formula:
    return lambda _, v: formula(v[0])


def _binary(formula: Callable[[Value, Value], Value]) -> Formula:
    return lambda _, v: formula(v[0], v[1])


def _math(cls: type[Operation]) -> Formula:
    return lambda _, v: v[0].math(cls)


def _rounding(cls: type[Operation]) -> Formula:
    return lambda _, v: v[0].math(cls) if v[0].is_float else v[0]


def _compare(relation: str) -> Formula:
    return lambda _, v: v[0].compare(relation, v[1])


def _number(attr: Any) -> float:
    return attr.value.data


# -- formulas ------------------------------------------------------------------------------------------------------------
def _relu(x: Value) -> Value:
    return x.maximum(0) if x.is_float or x.is_signed else x


def _sign(x: Value) -> Value:
    if not x.is_float and not x.is_signed:
        return x.minimum(1)
    return x.gt(0).select(1, x.lt(0).select(-1, x))


def _activation(formula: vmath.Formula) -> Callable[[Value], Value]:
    """A formula of vmath; integers and booleans don't get here, and halves are computed in f32 as everywhere."""
    return lambda x: x.of(vmath.apply(x.b, formula, x.ssa))


sigmoid = _activation(vmath.activations.sigmoid)
"""`1 / (1 + exp(-x))`."""
softmax_exp = _activation(vmath.activations.exp_nonpositive)
"""`exp(x)` for x <= 0, with results below the smallest normal number set to 0."""


def _gelu(op: ew.GeluOp, v: Sequence[Value]) -> Value:
    tanh = op.approximate.data == "tanh"
    return _activation(vmath.activations.gelu_tanh if tanh else vmath.activations.gelu)(v[0])


def _exp_linear(x: Value, alpha: float, scale: float = 1.0) -> Value:
    return x.gt(0.0).select(x, x.math(math.ExpM1Op) * (alpha * scale))


def _celu(op: ew.CeluOp, v: Sequence[Value]) -> Value:
    x, alpha = v[0], _number(op.alpha)
    return x.gt(0.0).select(x, (x / alpha).math(math.ExpM1Op) * alpha)


def _selu(op: ew.SeluOp, v: Sequence[Value]) -> Value:
    x, alpha, gamma = v[0], _number(op.alpha), _number(op.gamma)
    return x.gt(0.0).select(x * gamma, x.math(math.ExpM1Op) * (alpha * gamma))


def _clip(op: ew.ClipOp, v: Sequence[Value]) -> Value:
    x = v[0]
    x = x if op.min is None else x.maximum(_bound(x, _number(op.min)))
    return x if op.max is None else x.minimum(_bound(x, _number(op.max)))


def _bound(x: Value, bound: float) -> float | int:
    if x.is_float:
        return bound
    low, high = (-(2 ** (x.width - 1)), 2 ** (x.width - 1) - 1) if x.is_signed else (0, 2**x.width - 1)
    return low if bound <= low else high if bound >= high else int(bound)


def _is_inf(op: ew.IsInfOp, v: Sequence[Value]) -> Value:
    x, negative, positive = v[0], bool(op.detect_negative), bool(op.detect_positive)
    if negative and positive:
        return abs(x).eq(inf)
    return x.eq(inf if positive else -inf) if positive or negative else x.lt(x)


def _prelu(x: Value, slope: Value) -> Value:
    return x.lt(0).select(x * slope, x)


def _div(x: Value, y: Value) -> Value:
    return x / y if x.is_float else divide(x, y)


def _mod(op: ew.ModOp, v: Sequence[Value]) -> Value:
    if v[0].is_float:
        return _float_modulo(v[0], v[1], bool(op.fmod))
    return remainder(v[0], v[1]) if bool(op.fmod) else floor_modulo(v[0], v[1])


def _float_modulo(x: Value, y: Value, fmod: bool) -> Value:
    """Through f64: exact for f32 while the quotient is below 2**53."""
    wide = f64
    a, d = cast(x, wide), abs(cast(y, wide))
    rest = (-(abs(a) / d).math(math.TruncOp)).fma(d, abs(a))
    rest = rest.lt(0.0).select(rest + d, rest)
    rest = rest.ge(d).select(rest - d, rest)
    rest = d.eq(inf).select(abs(a), rest).math(math.CopySignOp, a)
    if not fmod:
        sign = cast(y, wide)
        crossed = (rest * sign).lt(0.0)
        rest = crossed.select(rest + sign, rest)
    return cast(rest, x.element)


_POWERS: dict[float, Callable[[Value], Value]] = {
    0.0: lambda x: x.like(1.0),
    1.0: lambda x: x,
    2.0: lambda x: x * x,
    3.0: lambda x: x * x * x,
    -1.0: lambda x: 1.0 / x,
    -2.0: lambda x: 1.0 / (x * x),
}


def _pow(x: Value, y: Value) -> Value:
    if not x.is_float:
        return power(x, y)
    exponent = y.constant()
    special = None if exponent is None else _POWERS.get(float(exponent))
    return special(x) if special else x.math(math.PowFOp, y)


def _select(_: ew.WhereOp, v: Sequence[Value]) -> Value:
    return v[0].select(v[1], v[2])


_TABLE: dict[type[Operation], Formula] = {
    # unary
    ew.IdentityOp: _unary(lambda x: x),
    ew.AbsOp: _unary(abs),
    ew.NegOp: _unary(lambda x: -x),
    ew.SignOp: _unary(_sign),
    ew.FloorOp: _rounding(math.FloorOp),
    ew.CeilOp: _rounding(math.CeilOp),
    ew.RoundOp: _rounding(math.RoundEvenOp),
    ew.NotOp: _unary(lambda x: x ^ -1),
    ew.BitwiseNotOp: _unary(lambda x: x ^ -1),
    ew.IsNanOp: _unary(lambda x: x.is_nan()),
    ew.IsInfOp: _is_inf,
    ew.ExpOp: _math(math.ExpOp),
    ew.LogOp: _math(math.LogOp),
    ew.SqrtOp: _math(math.SqrtOp),
    ew.RsqrtOp: _unary(lambda x: 1.0 / x.math(math.SqrtOp)),
    ew.ReciprocalOp: _unary(lambda x: 1.0 / x),
    ew.SinOp: _math(math.SinOp),
    ew.CosOp: _math(math.CosOp),
    ew.TanOp: _math(math.TanOp),
    ew.SinhOp: _math(math.SinhOp),
    ew.CoshOp: _math(math.CoshOp),
    ew.AsinOp: _math(math.AsinOp),
    ew.AcosOp: _math(math.AcosOp),
    ew.AtanOp: _math(math.AtanOp),
    ew.AsinhOp: _math(math.AsinhOp),
    ew.AcoshOp: _math(math.AcoshOp),
    ew.AtanhOp: _math(math.AtanhOp),
    ew.TanhOp: _math(math.TanhOp),
    ew.ErfOp: _math(math.ErfOp),
    ew.SigmoidOp: _unary(sigmoid),
    ew.SiluOp: _unary(_activation(vmath.activations.silu)),
    ew.SoftsignOp: _unary(lambda x: x / (1.0 + abs(x))),
    ew.SoftplusOp: _unary(_activation(vmath.activations.softplus)),
    ew.MishOp: _unary(_activation(vmath.activations.mish)),
    ew.HardSwishOp: _unary(lambda x: x * x.fma(1 / 6, 0.5).clamp(0.0, 1.0)),
    ew.ReluOp: _unary(_relu),
    ew.GeluOp: _gelu,
    ew.LeakyReluOp: lambda op, v: v[0].lt(0.0).select(v[0] * _number(op.alpha), v[0]),
    ew.EluOp: lambda op, v: _exp_linear(v[0], _number(op.alpha)),
    ew.CeluOp: _celu,
    ew.SeluOp: _selu,
    ew.ThresholdedReluOp: lambda op, v: v[0].gt(_number(op.alpha)).select(v[0], 0.0),
    ew.HardSigmoidOp: lambda op, v: v[0].fma(_number(op.alpha), _number(op.beta)).clamp(0.0, 1.0),
    ew.ClipOp: _clip,
    ew.CastOp: lambda op, v: cast(v[0], element_of(op.result), flag(op.saturate), op.round_mode.data),
    ew.BitcastOp: lambda op, v: bitcast(v[0], element_of(op.result)),
    # binary
    ew.AddOp: _binary(lambda x, y: x + y),
    ew.SubOp: _binary(lambda x, y: x - y),
    ew.MulOp: _binary(lambda x, y: x * y),
    ew.DivOp: _binary(_div),
    ew.ModOp: _mod,
    ew.PowOp: _binary(_pow),
    ew.MinOp: _binary(lambda x, y: x.minimum(y)),
    ew.MaxOp: _binary(lambda x, y: x.maximum(y)),
    ew.PreluOp: _binary(_prelu),
    ew.AndOp: _binary(lambda x, y: x & y),
    ew.OrOp: _binary(lambda x, y: x | y),
    ew.XorOp: _binary(lambda x, y: x ^ y),
    ew.BitwiseAndOp: _binary(lambda x, y: x & y),
    ew.BitwiseOrOp: _binary(lambda x, y: x | y),
    ew.BitwiseXorOp: _binary(lambda x, y: x ^ y),
    ew.ShiftLeftOp: _binary(shift_left),
    ew.ShiftRightOp: _binary(shift_right),
    ew.LessOp: _compare("lt"),
    ew.LessEqualOp: _compare("le"),
    ew.GreaterOp: _compare("gt"),
    ew.GreaterEqualOp: _compare("ge"),
    ew.EqualOp: _compare("eq"),
    # ternary
    ew.WhereOp: _select,
}
