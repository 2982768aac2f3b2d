"""recognize-activations: decomposed forms of the smaller activations (REWRITES U10).

Run after `simplify-elementwise`, which spells bounds as clip and division by a constant as multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.elementwise import (
    AbsOp,
    ClipOp,
    DivOp,
    ExpOp,
    GreaterEqualOp,
    GreaterOp,
    HardSigmoidOp,
    HardSwishOp,
    LeakyReluOp,
    LogOp,
    MaxOp,
    MishOp,
    MulOp,
    NegOp,
    PreluOp,
    ReciprocalOp,
    SigmoidOp,
    SiluOp,
    SoftplusOp,
    SoftsignOp,
    TanhOp,
    WhereOp,
    is_float,
)
from ..dialects.graph.types import dims_of, element_of
from ..runtime.weights import WeightStore
from .driver import Pattern, PatternPass, Rewriter, producer
from .matching import is_close, operand_pairs, product_of, scalar_of, sum_of


class RecognizeSigmoid(Pattern[ReciprocalOp | DivOp]):
    """1 / (1 + exp(-x)) -> sigmoid(x), x / (1 + exp(-x)) -> silu(x), x / (1 + abs(x)) -> softsign(x)"""

    def rewrite(self, op: ReciprocalOp | DivOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        denominator = sum_of(op.x if isinstance(op, ReciprocalOp) else op.rhs, store)
        if len(denominator.values) != 1 or denominator.constant != 1.0:
            return False
        term = denominator.values[0]
        numerator = None if isinstance(op, ReciprocalOp) or scalar_of(op.lhs, store) == 1.0 else op.lhs
        exponential, magnitude = producer(term, ExpOp), producer(term, AbsOp)
        negation = producer(exponential.x, NegOp) if exponential is not None else None
        if negation is not None and numerator in (None, negation.x):
            kind = SigmoidOp if numerator is None else SiluOp
            rewriter.replace(op, kind(negation.x, op.result.type))
        elif magnitude is not None and numerator == magnitude.x:
            rewriter.replace(op, SoftsignOp(magnitude.x, op.result.type))
        else:
            return False
        return True


class RecognizeSoftplus(Pattern[LogOp]):
    """log(1 + exp(x)) -> softplus(x)"""

    def rewrite(self, op: LogOp, rewriter: Rewriter) -> bool:
        total = sum_of(op.x, rewriter.session.weights)
        exponential = producer(total.values[0], ExpOp) if len(total.values) == 1 else None
        if exponential is None or total.constant != 1.0:
            return False
        rewriter.replace(op, SoftplusOp(exponential.x, op.result.type))
        return True


class RecognizeHardSigmoid(Pattern[ClipOp]):
    """clip(a * x + b, 0, 1) -> hard_sigmoid(x) {alpha = a, beta = b}"""

    def rewrite(self, op: ClipOp, rewriter: Rewriter) -> bool:
        found = _clipped_line(op.result, 1.0, rewriter.session.weights)
        if found is None or found[1] <= 0.0:
            return False
        x, alpha, beta = found
        rewriter.replace(op, HardSigmoidOp(x, alpha, beta, op.result.type))
        return True


class RecognizeGated(Pattern[MulOp]):
    """x * sigmoid(x) -> silu(x), x * hard_sigmoid(x) -> hard_swish(x), x * tanh(softplus(x)) -> mish(x), in any order

    The hard sigmoid has alpha 1/6 and beta 1/2; x * clip(x + 3, 0, 6) / 6 is the same, and clip(x + 3, 0, 6) / 6 alone is a hard
    sigmoid. Nothing else may use the gate.
    """

    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        product = product_of(op.result, store)
        if len(product.values) == 1 and (x := _relu6_gate(product.values[0], product.constant, store)) is not None:
            rewriter.replace(op, HardSigmoidOp(x, 1 / 6, 0.5, op.result.type))
            return True
        if len(product.values) != 2:
            return False
        for x, gate in (product.values, product.values[::-1]):
            kind = _gated(x, gate, product.constant, store)
            if kind is not None:
                rewriter.replace(op, kind(x, op.result.type))
                return True
        return False


def _gated(x: SSAValue, gate: SSAValue, factor: float, store: WeightStore) -> type[SiluOp | HardSwishOp | MishOp] | None:
    """The activation that is factor * x * gate."""
    if not gate.has_one_use():
        return None
    if _relu6_gate(gate, factor, store) == x:
        return HardSwishOp
    match gate.owner:
        case SigmoidOp(x=inner) if inner == x and factor == 1.0:
            return SiluOp
        case HardSigmoidOp(x=inner, alpha=alpha, beta=beta) if inner == x and factor == 1.0:
            usual = is_close(alpha.value.data, 1 / 6) and is_close(beta.value.data, 0.5)
            return HardSwishOp if usual else None
        case TanhOp(x=inner) if (softplus := producer(inner, SoftplusOp)) and softplus.x == x and factor == 1.0:
            return MishOp
        case _:
            return None


def _relu6_gate(gate: SSAValue, factor: float, store: WeightStore) -> SSAValue | None:
    """x of factor * clip(x + 3, 0, 6) where that is a hard sigmoid."""
    found = _clipped_line(gate, 6.0, store) if is_close(factor, 1 / 6) and gate.has_one_use() else None
    return found[0] if found is not None and is_close(found[1], 1.0) and is_close(found[2], 3.0) else None


def _clipped_line(value: SSAValue, top: float, store: WeightStore) -> tuple[SSAValue, float, float] | None:
    """(x, a, b) of clip(a * x + b, 0, top), b not zero."""
    clip = producer(value, ClipOp)
    if clip is None or clip.min is None or clip.max is None or not is_float(element_of(clip.x)):
        return None
    if clip.min.value.data != 0.0 or not is_close(clip.max.value.data, top):
        return None
    total = sum_of(clip.x, store)
    line = product_of(total.values[0], store) if len(total.values) == 1 and clip.x.has_one_use() else None
    if line is None or len(line.values) != 1 or total.constant == 0.0:
        return None
    return line.values[0], line.constant, total.constant


class RecognizeLeakyRelu(Pattern[WhereOp | MaxOp]):
    """where(x > 0, x, a * x) -> leaky_relu(x) {alpha = a} or, a not being one value, prelu(x, a)

    max(x, a * x) -> leaky_relu(x) for 0 <= a <= 1.
    """

    def rewrite(self, op: WhereOp | MaxOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        pairs = operand_pairs(op) if isinstance(op, MaxOp) else [(op.lhs, op.rhs)]
        for x, other in pairs:
            if not is_float(element_of(x)) or dims_of(x) != dims_of(op.result):
                continue
            if isinstance(op, WhereOp) and not _is_positive(op.condition, x, store):
                continue
            slope = product_of(other, store)
            if slope.values == (x,) and (isinstance(op, WhereOp) or 0.0 <= slope.constant <= 1.0):
                rewriter.replace(op, LeakyReluOp(x, slope.constant, op.result.type))
                return True
            if isinstance(op, WhereOp) and (slopes := _other_factor(other, x)) is not None:
                rewriter.replace(op, PreluOp(x, slopes, op.result.type))
                return True
        return False


def _is_positive(condition: SSAValue, x: SSAValue, store: WeightStore) -> bool:
    comparison = producer(condition, GreaterOp) or producer(condition, GreaterEqualOp)
    return comparison is not None and comparison.lhs == x and scalar_of(comparison.rhs, store) == 0.0


def _other_factor(value: SSAValue, x: SSAValue) -> SSAValue | None:
    product = producer(value, MulOp)
    if product is None:
        return None
    return next((factor for known, factor in operand_pairs(product) if known == x), None)


@dataclass(frozen=True)
class RecognizeActivationsPass(PatternPass):
    """Decomposed sigmoid, silu, hard-swish, mish, softplus, softsign, leaky-relu, prelu -> one op each."""

    name = "recognize-activations"
    patterns = (RecognizeSigmoid(), RecognizeSoftplus(), RecognizeHardSigmoid(), RecognizeGated(), RecognizeLeakyRelu())
