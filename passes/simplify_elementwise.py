"""simplify-elementwise: elementwise ops with constant operands in their cheapest form (REWRITES S2).

The recognisers that run next meet fewer forms. With `strict`, only rewrites that give the same bits for every input.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import Float32Type, Float64Type, FloatAttr, ModuleOp, bf16, f16, f32, f64
from xdsl.ir import Attribute, SSAValue, Use

from ..dialects.graph.elementwise import (
    AddOp,
    CastOp,
    CeilOp,
    ClipOp,
    DivOp,
    FloorOp,
    LeakyReluOp,
    MaxOp,
    MinOp,
    MulOp,
    NegOp,
    PowOp,
    PreluOp,
    ReciprocalOp,
    ReluOp,
    RoundOp,
    RsqrtOp,
    SqrtOp,
    SubOp,
    is_float,
)
from ..dialects.graph.types import dims_of, element_of, is_static, numel, static_shape
from ..runtime.weights import WeightStore
from .constants import array_of
from .driver import AnyPattern, Pattern, PatternPass, Rewriter, producer, rewrite
from .matching import operand_pairs, scalar_of, sole
from .weight_math import fold, is_known

Array = NDArray[Any]


class PreluToLeakyRelu(Pattern[PreluOp]):
    """prelu(x, constant of one value a) -> leaky_relu(x) {alpha = a}"""

    def rewrite(self, op: PreluOp, rewriter: Rewriter) -> bool:
        slope = scalar_of(op.rhs, rewriter.session.weights)
        if slope is None or dims_of(op.lhs) != dims_of(op.result) or not is_float(element_of(op.lhs)):
            return False
        rewriter.replace(op, LeakyReluOp(op.lhs, slope, op.result.type))
        return True


class BoundToClip(Pattern[MaxOp | MinOp]):
    """max(x, c) -> clip(x) {min = c} and min(x, c) -> clip(x) {max = c}, for a float x and a constant c of one value"""

    def rewrite(self, op: MaxOp | MinOp, rewriter: Rewriter) -> bool:
        for x, constant in operand_pairs(op):
            bound = scalar_of(constant, rewriter.session.weights)
            if bound is None or math.isnan(bound) or dims_of(x) != dims_of(op.result) or not is_float(element_of(x)):
                continue
            low, high = (bound, None) if isinstance(op, MaxOp) else (None, bound)
            rewriter.replace(op, ClipOp(x, low, high, op.result.type))
            return True
        return False


Bounds = tuple[float, float]


def _bounds(op: ClipOp | ReluOp) -> Bounds:
    """What the op clips to; infinities where it does not."""
    if isinstance(op, ReluOp):
        return 0.0, math.inf
    return _bound(op.min, -math.inf), _bound(op.max, math.inf)


def _bound(attribute: FloatAttr | None, default: float) -> float:
    return default if attribute is None else float(attribute.value.data)


class ClipToRelu(Pattern[ClipOp]):
    """clip(x) {min = 0, max = infinity or absent} -> relu(x), and clip(x) without bounds that bind -> x, for a float x"""

    def rewrite(self, op: ClipOp, rewriter: Rewriter) -> bool:
        if not is_float(element_of(op.x)):
            return False
        low, high = _bounds(op)
        if high < _LARGEST[element_of(op.x)]:
            return False
        if low == 0.0:
            rewriter.replace(op, ReluOp(op.x, op.result.type))
        elif low == -math.inf and high == math.inf:
            rewriter.replace(op, op.x)
        else:
            return False
        return True


_LARGEST: dict[Attribute, float] = {
    f16: 65504.0,
    bf16: 2.0**128 - 2.0**120,
    f32: 2.0**128 - 2.0**104,
    f64: sys.float_info.max,
}
"""The largest finite number of each float type: exporters write it for no bound."""


class MergeClips(Pattern[ClipOp | ReluOp]):
    """clip(clip(x, a, b), c, d) -> clip(x, clip(a, c, d), clip(b, c, d)); a relu is a clip to [0, infinity]"""

    def rewrite(self, op: ClipOp | ReluOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, ClipOp) or producer(op.x, ReluOp)
        if inner is None or not is_float(element_of(op.x)):
            return False
        (a, b), (c, d) = _bounds(inner), _bounds(op)
        if a > b or c > d:
            return False
        low, high = min(max(a, c), d), min(max(b, c), d)
        bounds = (None if low == -math.inf else low, None if high == math.inf else high)
        rewriter.replace(op, ClipOp(inner.x, *bounds, op.result.type))
        return True


class ExpandPower(Pattern[PowOp]):
    """pow(x, c) -> x, x*x, x*x*x, sqrt(x), 1/x, 1/sqrt(x) for c = 1, 2, 3, 0.5, -1, -0.5

    Roots differ from pow at -0 and -infinity.
    """

    def rewrite(self, op: PowOp, rewriter: Rewriter) -> bool:
        exponent = scalar_of(op.rhs, rewriter.session.weights)
        if exponent is None or dims_of(op.lhs) != dims_of(op.result):
            return False
        x = op.lhs
        if exponent == 1:
            rewriter.replace(op, x)
        elif exponent == 2:
            rewriter.replace(op, MulOp(x, x, op.result.type))
        elif exponent == 3:
            rewriter.replace(op, MulOp(rewriter.insert(MulOp(x, x)), x, op.result.type))
        elif exponent in _ROOTS and is_float(element_of(x)):
            rewriter.replace(op, _ROOTS[exponent](x, op.result.type))
        else:
            return False
        return True


_ROOTS: dict[float, Callable[..., SqrtOp | ReciprocalOp | RsqrtOp]] = {0.5: SqrtOp, -1.0: ReciprocalOp, -0.5: RsqrtOp}


class DivideExactly(Pattern[DivOp]):
    """div(x, c) -> mul(x, 1 / c), where the constant c holds powers of two only: the same bits"""

    strict: ClassVar[bool] = True

    def rewrite(self, op: DivOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        if not is_float(element_of(op.lhs)) or not is_known(op.rhs, store) or not is_static(op.rhs):
            return False
        if not _invertible(op.rhs, self.strict, store):
            return False
        folded = fold(_reciprocal, (op.rhs,), static_shape(op.rhs), element_of(op.rhs), store)
        rewriter.replace(op, MulOp(op.lhs, rewriter.insert(folded), op.result.type))
        return True


class DivideByMultiplying(DivideExactly):
    """div(x, c) -> mul(x, 1 / c) for any constant c, one rounding more

    guard: nothing turns the last bit into more: the quotient isn't rounded to a narrower type, and divides nothing itself
    """

    strict: ClassVar[bool] = False

    def rewrite(self, op: DivOp, rewriter: Rewriter) -> bool:
        return not any(map(_is_sensitive, op.result.uses)) and super().rewrite(op, rewriter)


def _is_sensitive(use: Use) -> bool:
    """Whether an op makes a step of its operand's last bit, as quantization does."""
    user = use.operation
    if isinstance(user, CastOp):
        return not isinstance(element_of(user.result), Float32Type | Float64Type)
    return isinstance(user, RoundOp | FloorOp | CeilOp) or (isinstance(user, DivOp) and use.index == 1)


DIVISORS_AT_MOST = 1 << 16


def _invertible(value: SSAValue, exactly: bool, store: WeightStore) -> bool:
    """Whether all divisors have ordinary reciprocals (in half types even), exact ones where that is asked for."""
    single = scalar_of(value, store)
    if single is None and numel(value).value > DIVISORS_AT_MOST:
        return False
    found = np.array(single) if single is not None else array_of(value, store)
    assert found is not None
    magnitude = np.abs(found.astype(np.float64))
    ordinary = bool(((magnitude >= 2.0**-14) & (magnitude <= 2.0**14)).all())
    return ordinary and (not exactly or bool((np.frexp(magnitude)[0] == 0.5).all()))


def _reciprocal(array: Array) -> Array:
    return np.reciprocal(array)


class SubtractionToAddition(Pattern[SubOp]):
    """sub(x, c) -> add(x, -c) for a float constant c: the form in which a bias is found"""

    def rewrite(self, op: SubOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        known = is_known(op.rhs, store) and is_static(op.rhs) and not is_known(op.lhs, store)
        if not known or not is_float(element_of(op.lhs)):
            return False
        folded = fold(np.negative, (op.rhs,), static_shape(op.rhs), element_of(op.rhs), store)
        rewriter.replace(op, AddOp(op.lhs, rewriter.insert(folded), op.result.type))
        return True


class AbsorbNegation(Pattern[AddOp | SubOp]):
    """add(x, neg(y)) -> sub(x, y), sub(x, neg(y)) -> add(x, y)"""

    def rewrite(self, op: AddOp | SubOp, rewriter: Rewriter) -> bool:
        pairs = operand_pairs(op) if isinstance(op, AddOp) else operand_pairs(op)[:1]
        for x, y in pairs:
            negation = producer(y, NegOp)
            if negation is not None:
                opposite = SubOp if isinstance(op, AddOp) else AddOp
                rewriter.replace(op, opposite(x, negation.x, op.result.type))
                return True
        return False


class OneOver(Pattern[DivOp]):
    """div(1, x) -> reciprocal(x)"""

    def rewrite(self, op: DivOp, rewriter: Rewriter) -> bool:
        one = scalar_of(op.lhs, rewriter.session.weights) == 1.0
        if not one or not is_float(element_of(op.rhs)) or dims_of(op.rhs) != dims_of(op.result):
            return False
        rewriter.replace(op, ReciprocalOp(op.rhs, op.result.type))
        return True


class ReciprocalOfRoot(Pattern[ReciprocalOp]):
    """reciprocal(sqrt(x)) -> rsqrt(x), where nothing else uses the root"""

    def rewrite(self, op: ReciprocalOp, rewriter: Rewriter) -> bool:
        root = producer(op.x, SqrtOp)
        if root is None or not sole(op.x, SqrtOp):
            return False
        rewriter.replace(op, RsqrtOp(root.x, op.result.type))
        return True


class DivideByRoot(Pattern[DivOp]):
    """div(x, sqrt(y)) -> mul(x, rsqrt(y)), where y has fewer elements than x and nothing else uses the root"""

    def rewrite(self, op: DivOp, rewriter: Rewriter) -> bool:
        root = producer(op.rhs, SqrtOp)
        if root is None or not sole(op.rhs, SqrtOp) or dims_of(op.rhs) == dims_of(op.result):
            return False
        rewriter.replace(op, MulOp(op.lhs, rewriter.insert(RsqrtOp(root.x)), op.result.type))
        return True


class MultiplyByReciprocal(Pattern[MulOp]):
    """mul(x, reciprocal(y)) -> div(x, y), where both have the same dims and nothing else uses the reciprocal"""

    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        for x, factor in operand_pairs(op):
            inverse = producer(factor, ReciprocalOp)
            if inverse is not None and sole(factor, ReciprocalOp) and dims_of(x) == dims_of(factor) == dims_of(op.result):
                rewriter.replace(op, DivOp(x, inverse.x, op.result.type))
                return True
        return False


EXACT: tuple[AnyPattern, ...] = (
    PreluToLeakyRelu(),
    BoundToClip(),
    ClipToRelu(),
    MergeClips(),
    DivideExactly(),
    SubtractionToAddition(),
    AbsorbNegation(),
    OneOver(),
)
ROUNDED: tuple[AnyPattern, ...] = (
    ExpandPower(),
    DivideByMultiplying(),
    ReciprocalOfRoot(),
    DivideByRoot(),
    MultiplyByReciprocal(),
)


@dataclass(frozen=True)
class SimplifyElementwisePass(PatternPass):
    """Elementwise ops with constant operands -> cheaper ones."""

    name = "simplify-elementwise"
    patterns = (*EXACT, *ROUNDED)
    strict: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rewrite(op, EXACT if self.strict else self.patterns, self.name)
