"""Elementwise formulas against numpy: every op, every dtype it takes, scalar and vector code alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import erf
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import f16, f32, f64
from xdsl.dialects.test import TestOp
from xdsl.ir import Attribute, Operation, SSAValue

from tilewright.backends.targets import get_target
from tilewright.dialects.graph import elementwise as ew
from tilewright.dialects.graph.dtypes import element_type, numpy_dtype
from tilewright.dialects.graph.types import element_of, tensor
from tilewright.lowering.builder import KernelBuilder
from tilewright.lowering.casts import to_register, to_storage
from tilewright.lowering.pointwise import emit_pointwise, is_pointwise
from tilewright.lowering.values import Value

from .kernels import Native

Array = NDArray[Any]
Make = Callable[..., Operation]
LANES = 16
FLOAT = np.array([-3.5, -2.5, -1.0, -0.5, -0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.0, 7.0, 20.5, 30.0])
SIGNED = np.array([-128, -127, -7, -3, -2, -1, 0, 1, 2, 3, 5, 7, 8, 15, 100, 127])
OTHER = np.array([3, -1, 2, -3, 0, -1, 0, 4, 2, -2, 1, 7, -8, 2, 100, -128])


def values(element: Attribute, count: int = 1) -> list[SSAValue]:
    """Placeholders of tensor type."""
    return list(TestOp(result_types=[tensor(element, [LANES])] * count).results)


def evaluate(ops: Sequence[Operation], inputs: Sequence[Array], lanes: int, count: int = LANES) -> list[Array]:
    """Run each op on the same inputs of `count` elements, in one kernel."""
    elements = [element_of(o) for o in ops[0].operands]
    results = [element_of(op.results[0]) for op in ops]
    b = KernelBuilder("tw_k", [*elements, *results], [])

    def body(i: SSAValue, _: Sequence[SSAValue]) -> None:
        buffers = b.buffers[: len(elements)]
        stored = [b.vload(m, [i], lanes) if lanes else b.load(m, [i]) for m in buffers]
        loaded = [to_register(b, s, e).ssa for s, e in zip(stored, elements, strict=True)]
        for op, buffer, element in zip(ops, b.buffers[len(elements) :], results, strict=True):
            out = to_storage(Value(b, emit_pointwise(b, op, loaded), element))
            (b.vstore if lanes else b.store)(out, buffer, [i])

    b.for_(b.lo, b.hi, body, step=max(lanes, 1))
    outputs = [np.zeros(count, numpy_dtype(r)) for r in results]
    Native(b.finish(), get_target("host"))([*inputs, *outputs], [], 0, count, 64)
    return outputs


def check(ops: Sequence[Operation], inputs: Sequence[Array], expected: Sequence[Array]) -> None:
    for lanes in (0, LANES):
        for op, found, wanted in zip(ops, evaluate(ops, inputs, lanes), expected, strict=True):
            tolerance = {2: 1e-2, 4: 1e-5, 8: 1e-12}.get(found.itemsize, 0) if found.dtype.kind in "fV" else 0
            if tolerance:
                pair = found.astype(np.float64), wanted.astype(found.dtype).astype(np.float64)
                np.testing.assert_allclose(*pair, rtol=tolerance, atol=tolerance, err_msg=f"{op.name} lanes {lanes}")
            else:
                np.testing.assert_array_equal(found, wanted.astype(found.dtype), err_msg=f"{op.name} lanes {lanes}")


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


_erf = np.vectorize(erf)
UNARY: dict[Make, Callable[[Array], Array]] = {
    ew.ExpOp: np.exp,
    ew.SinOp: np.sin,
    ew.CosOp: np.cos,
    ew.TanOp: np.tan,
    ew.SinhOp: np.sinh,
    ew.CoshOp: np.cosh,
    ew.AtanOp: np.arctan,
    ew.AsinhOp: np.arcsinh,
    ew.TanhOp: np.tanh,
    ew.SigmoidOp: sigmoid,
    ew.ErfOp: _erf,
    ew.SoftsignOp: lambda x: x / (1 + abs(x)),
    ew.SoftplusOp: lambda x: np.log1p(np.exp(-abs(x))) + np.maximum(x, 0),
    ew.MishOp: lambda x: x * np.tanh(np.log1p(np.exp(x))),
    ew.SiluOp: lambda x: x * sigmoid(x),
    ew.HardSwishOp: lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    ew.AbsOp: abs,
    ew.NegOp: lambda x: -x,
    ew.SignOp: np.sign,
    ew.ReluOp: lambda x: np.maximum(x, 0),
    ew.FloorOp: np.floor,
    ew.CeilOp: np.ceil,
    ew.RoundOp: np.round,
    ew.IdentityOp: lambda x: x,
    ew.IsNanOp: np.isnan,
    partial(ew.LeakyReluOp, alpha=0.1): lambda x: np.where(x < 0, 0.1 * x, x),
    partial(ew.EluOp, alpha=1.5): lambda x: np.where(x > 0, x, 1.5 * np.expm1(x)),
    partial(ew.CeluOp, alpha=1.5): lambda x: np.where(x > 0, x, 1.5 * np.expm1(x / 1.5)),
    partial(ew.SeluOp, alpha=1.5, gamma=2.0): lambda x: 2 * np.where(x > 0, x, 1.5 * np.expm1(x)),
    partial(ew.ThresholdedReluOp, alpha=0.5): lambda x: np.where(x > 0.5, x, 0),
    partial(ew.HardSigmoidOp, alpha=0.2, beta=0.5): lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    partial(ew.ClipOp, min=-1.0, max=2.0): lambda x: np.clip(x, -1, 2),
    partial(ew.GeluOp, approximate="none"): lambda x: x * 0.5 * (1 + _erf(x / np.sqrt(2))),
    partial(ew.GeluOp, approximate="tanh"): lambda x: x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}
POSITIVE: dict[Make, Callable[[Array], Array]] = {
    ew.LogOp: np.log,
    ew.SqrtOp: np.sqrt,
    ew.RsqrtOp: lambda x: 1 / np.sqrt(x),
    ew.ReciprocalOp: lambda x: 1 / x,
}
UNIT: dict[Make, Callable[[Array], Array]] = {
    ew.AsinOp: np.arcsin,
    ew.AcosOp: np.arccos,
    ew.AtanhOp: np.arctanh,
    ew.AcoshOp: lambda x: np.where(x < 1, np.nan, np.arccosh(np.maximum(x, 1))),
}


@pytest.mark.parametrize("element", [f16, f32, f64, element_type(ml_dtypes.bfloat16)], ids=str)
@pytest.mark.parametrize(("table", "data"), [(UNARY, FLOAT), (POSITIVE, abs(FLOAT) + 0.5), (UNIT, FLOAT / 31)])
def test_float_unary(element: Attribute, table: dict[Make, Callable[[Array], Array]], data: Array) -> None:
    x = data.astype(numpy_dtype(element))
    (operand,) = values(element)
    check([make(operand) for make in table], [x], [np.asarray(f(x.astype(np.float64))) for f in table.values()])


def test_special_floats() -> None:
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 1e30, -1e30, 88, -104] * 2, np.float32)
    (v,) = values(f32)
    flags = [ew.IsInfOp(v, n, p) for n in (False, True) for p in (False, True)]
    ops: list[Operation] = [ew.ReluOp(v), ew.ClipOp(v, -1.0, 1.0), ew.SignOp(v), ew.SigmoidOp(v), ew.IsNanOp(v), *flags]
    with np.errstate(all="ignore"):
        plain = [np.maximum(x, 0), np.clip(x, -1, 1), np.sign(x), sigmoid(x), np.isnan(x)]
    infinite = [x != x] * 0 + [np.zeros(LANES, bool), x == np.inf, x == -np.inf, np.isinf(x)]
    check(ops, [x], [*plain, *infinite])


INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def c_divide(x: Array, y: Array) -> Array:
    quotient = np.abs(x.astype(object)) // np.where(y == 0, 1, np.abs(y.astype(object)))
    return np.where(y == 0, 0, np.where((x < 0) != (y < 0), -quotient, quotient)).astype(object)


def wrap(exact: Array, dtype: str) -> Array:
    """Python integers modulo 2**width, as the dtype."""
    bits = 8 * np.dtype(dtype).itemsize
    return np.array([int(v) % 2**bits for v in exact], f"uint{bits}").view(dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_ops(dtype: str) -> None:
    x, y = SIGNED.astype(dtype), OTHER.astype(dtype)
    a, c = values(element_type(dtype), 2)
    ox, oy = x.astype(object), y.astype(object)
    quotient = c_divide(x, y)
    small = np.array([0, 1, 2, 3, 4, 5, 6, 7] * 2).astype(dtype)
    signed = x.dtype.kind == "i"
    with np.errstate(all="ignore"):
        cases: dict[Operation, Array] = {
            ew.AddOp(a, c): wrap(ox + oy, dtype),
            ew.SubOp(a, c): wrap(ox - oy, dtype),
            ew.MulOp(a, c): wrap(ox * oy, dtype),
            ew.DivOp(a, c): wrap(quotient, dtype),
            ew.ModOp(a, c, fmod=True): wrap(np.where(y == 0, 0, ox - quotient * oy), dtype),
            ew.ModOp(a, c): np.where(y == 0, 0, np.mod(x, np.where(y == 0, 1, y))),
            ew.MinOp(a, c): np.minimum(x, y),
            ew.MaxOp(a, c): np.maximum(x, y),
            ew.LessOp(a, c): x < y,
            ew.LessEqualOp(a, c): x <= y,
            ew.GreaterOp(a, c): x > y,
            ew.GreaterEqualOp(a, c): x >= y,
            ew.EqualOp(a, c): x == y,
            ew.BitwiseAndOp(a, c): x & y,
            ew.BitwiseOrOp(a, c): x | y,
            ew.BitwiseXorOp(a, c): x ^ y,
            ew.PreluOp(a, c): wrap(np.where(x < 0, ox * oy, ox), dtype),
        }
    check(list(cases), [x, y], list(cases.values()))
    with np.errstate(all="ignore"):
        shifts: dict[Operation, Array] = {
            ew.PowOp(a, c): wrap(np.array([int(v) ** int(e) for v, e in zip(x, small, strict=True)], object), dtype),
            ew.ShiftLeftOp(a, c): wrap(ox * 2 ** small.astype(object), dtype),
            ew.ShiftRightOp(a, c): x >> small,
        }
    check(list(shifts), [x, small], list(shifts.values()))
    unary: dict[Operation, Array] = {
        ew.AbsOp(a): wrap(abs(ox), dtype),
        ew.NegOp(a): wrap(-ox, dtype),
        ew.SignOp(a): np.sign(x),
        ew.ReluOp(a): np.maximum(x, 0),
        ew.BitwiseNotOp(a): ~x,
        ew.FloorOp(a): x,
        ew.ClipOp(a, 2.0, 1e9): np.clip(x, 2, min(10**9, np.iinfo(dtype).max)),
        ew.ClipOp(a, -5.0, 6.0): np.clip(x, -5 if signed else 0, 6),
    }
    check(list(unary), [x], list(unary.values()))


@pytest.mark.parametrize("element", [f32, f64], ids=str)
def test_float_binary(element: Attribute) -> None:
    x = FLOAT.astype(numpy_dtype(element))
    y = OTHER.astype(x.dtype) / 3 + 0.25
    x[3] = y[5] = x[7] = y[7] = np.nan
    a, c = values(element, 2)
    with np.errstate(all="ignore"):
        cases: dict[Operation, Array] = {
            ew.AddOp(a, c): x + y,
            ew.SubOp(a, c): x - y,
            ew.MulOp(a, c): x * y,
            ew.DivOp(a, c): x / y,
            ew.ModOp(a, c): np.mod(x, y),
            ew.ModOp(a, c, fmod=True): np.fmod(x, y),
            ew.MinOp(a, c): np.minimum(x, y),
            ew.MaxOp(a, c): np.maximum(x, y),
            ew.LessOp(a, c): x < y,
            ew.LessEqualOp(a, c): x <= y,
            ew.GreaterOp(a, c): x > y,
            ew.GreaterEqualOp(a, c): x >= y,
            ew.EqualOp(a, c): x == y,
            ew.PreluOp(a, c): np.where(x < 0, x * y, x),
        }
    check(list(cases), [x, y], list(cases.values()))
    positive = abs(x) + 0.5
    check([ew.PowOp(a, c)], [positive, y], [positive**y])


def test_booleans() -> None:
    x, y = np.array([0, 1] * 8, bool), np.array([0, 0, 1, 1] * 4, bool)
    a, c = values(element_type(np.bool_), 2)
    check([ew.AndOp(a, c), ew.OrOp(a, c), ew.XorOp(a, c), ew.EqualOp(a, c)], [x, y], [x & y, x | y, x ^ y, x == y])
    check([ew.NotOp(a)], [x], [~x])
    (u,), (v,) = values(f32), values(f32)
    data = FLOAT.astype(np.float32)
    check([ew.WhereOp(a, u, v)], [x, data, -data], [np.where(x, data, -data)])


KINDS = ["bool", *INTEGERS, "float16", "bfloat16", "float32", "float64"]


@pytest.mark.parametrize("source", KINDS)
def test_casts(source: str) -> None:
    dtype = np.dtype(ml_dtypes.bfloat16) if source == "bfloat16" else np.dtype(source)
    data = np.array([-7, -1, 0, 1, 2, 100, 0.5, 3.75, 2.5, 1.1, 77.7, 12, 13, 14, 127, 126.9])
    x = abs(data).astype(dtype) if source.startswith("uint") else data.astype(dtype)
    (operand,) = values(element_type(dtype))
    targets = [np.dtype(ml_dtypes.bfloat16) if k == "bfloat16" else np.dtype(k) for k in KINDS]
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64) if source in ("bfloat16", "float16") else x
        expected = [(wide.astype(np.int64) if t.kind == "u" and x.dtype.kind in "fV" else wide).astype(t) for t in targets]
    check([ew.CastOp(operand, element_type(t)) for t in targets], [x], expected)


def test_casts_saturate() -> None:
    x = np.array([3e9, -3e9, 1e20, -1e20, np.nan, np.inf, -np.inf, 2**31, 2**63, 1.5, -1.5, 0, 4e9, 255.9, 300, -2.0], np.float32)
    (v,) = values(f32)
    i32 = np.clip(np.nan_to_num(x.astype(np.float64), nan=0), -(2**31), 2**31 - 1).astype(np.int32)
    exact = [0 if n != n else int(max(min(n, 2.0**63), -(2.0**63))) for n in x.tolist()]
    i64 = np.array([min(n, 2**63 - 1) for n in exact], np.int64)
    u64 = np.array(
        [2**64 - 1 if n > 2.0**64 else 0 if n != n else int(n) % 2**64 if n > -1e19 else 2**63 for n in x.tolist()], np.uint64
    )
    check([ew.CastOp(v, element_type(t)) for t in ("int32", "int64", "uint64")], [x], [i32, i64, u64])


def test_halves_round_once() -> None:
    # Rounding these to f32 first would land on a tie of f16 and then go the wrong way.
    x = np.array(
        [1 + 2.0**-11 + 2.0**-40, 1 + 2.0**-11 - 2.0**-40, 1 + 3 * 2.0**-11 - 2.0**-40, 1e300, -1e300, np.inf, np.nan, 3.1] * 2
    )
    (v,) = values(f64)
    with np.errstate(all="ignore"):
        check([ew.CastOp(v, f16)], [x], [x.astype(np.float16)])


def test_every_elementwise_op_has_a_formula() -> None:
    a, c = values(f32, 2)
    missing = [cls for cls in ew.ELEMENTWISE_OPS if not is_pointwise(cls.create(operands=[a, c], result_types=[a.type]))]
    assert not missing
