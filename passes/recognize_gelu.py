"""recognize-gelu: decomposed forms of gelu, by erf and by tanh (REWRITES U10).

A product and a sum match in any order and association, so that `x * 0.5 * (1 + erf)` and `0.5 * (x * (erf + 1))` are one form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.elementwise import DivOp, ErfOp, GeluOp, MulOp, TanhOp
from ..dialects.graph.types import dims_of
from ..runtime.weights import WeightStore
from .driver import Pattern, PatternPass, Rewriter, producer
from .matching import is_close, product_of, sole, sum_of

SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
CUBIC = 0.044715
"""Coefficient of the cubic term in the tanh form; Hendrycks and Gimpel 2016."""


class RecognizeGelu(Pattern[MulOp | DivOp]):
    """0.5 * x * (1 + erf(x / sqrt(2))) -> gelu(x) {approximate = "none"}

    0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) -> gelu(x) {approximate = "tanh"}
    """

    benefit = 2

    def rewrite(self, op: MulOp | DivOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        product = product_of(op.result, store)
        if len(product.values) != 2:
            return False
        for x, gate in (product.values, product.values[::-1]):
            form = _gate_of(gate, x, product.constant, store)
            if form is not None and dims_of(x) == dims_of(op.result):
                rewriter.replace(op, GeluOp(x, form, op.result.type))
                return True
        return False


def _gate_of(gate: SSAValue, x: SSAValue, factor: float, store: WeightStore) -> str | None:
    """The form of gelu whose gate, times `factor`, is Phi(x): factor * (c + d * f(..x..)) with factor * c = factor * d = 0.5."""
    total = sum_of(gate, store)
    if len(total.values) != 1 or not is_close(factor * total.constant, 0.5) or not gate.has_one_use():
        return None
    scaled = product_of(total.values[0], store)
    if len(scaled.values) != 1 or not is_close(factor * scaled.constant, 0.5):
        return None
    curve = scaled.values[0]
    if not (sole(curve, ErfOp) or sole(curve, TanhOp)):
        return None
    erf, tanh = producer(curve, ErfOp), producer(curve, TanhOp)
    if erf is not None and _is_scaled(erf.x, x, math.sqrt(0.5), store):
        return "none"
    if tanh is not None and _is_tanh_argument(tanh.x, x, store):
        return "tanh"
    return None


def _is_scaled(value: SSAValue, x: SSAValue, factor: float, store: WeightStore) -> bool:
    product = product_of(value, store)
    return product.values == (x,) and is_close(product.constant, factor)


def _is_tanh_argument(value: SSAValue, x: SSAValue, store: WeightStore) -> bool:
    """sqrt(2 / pi) * (x + 0.044715 * x * x * x), or sqrt(2 / pi) * x * (1 + 0.044715 * x * x)."""
    outer = product_of(value, store)
    if not is_close(outer.constant, SQRT_2_OVER_PI):
        return False
    rest = outer.without(x)
    if rest is None:
        return len(outer.values) == 1 and _is_cubic(outer.values[0], x, 3, store)
    return len(rest) == 1 and _is_cubic(rest[0], x, 2, store)


def _is_cubic(value: SSAValue, x: SSAValue, power: int, store: WeightStore) -> bool:
    """x + 0.044715 * x**3 (power 3), or 1 + 0.044715 * x**2 (power 2)."""
    total = sum_of(value, store)
    terms = total.without(x) if power == 3 else total.values
    if terms is None or len(terms) != 1 or (total.constant != 0.0 if power == 3 else not is_close(total.constant, 1.0)):
        return False
    cubic = product_of(terms[0], store)
    return cubic.values == (x,) * power and is_close(cubic.constant, CUBIC)


@dataclass(frozen=True)
class RecognizeGeluPass(PatternPass):
    """Decomposed gelu -> graph.gelu."""

    name = "recognize-gelu"
    patterns = (RecognizeGelu(),)
