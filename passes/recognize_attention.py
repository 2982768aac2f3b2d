"""recognize-attention: products, softmax and product -> graph.attention, which never holds the whole scores (REWRITES U11).

Between the two products there may be scalar factors, a softcap, masks that are added or that choose, reshapes of batch dims, and
zeros for rows without keys. Nothing else may use what lies between: then the scores are wanted as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

from xdsl.ir import SSAValue

from ..dialects.graph.attention import AttentionOp
from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.elementwise import AddOp, BinaryOp, DivOp, EqualOp, IsNanOp, MulOp, TanhOp, WhereOp
from ..dialects.graph.linalg import MatmulOp
from ..dialects.graph.movement import ReshapeOp, TransposeOp
from ..dialects.graph.reduction import ReduceOp, SoftmaxOp
from ..dialects.graph.types import Dims, dims_of, element_of, rank_of, tensor
from ..runtime.weights import WeightStore
from .attention_masks import Mask, chosen_mask, in_frame
from .causal_masks import causal_of
from .driver import Pattern, PatternPass, Rewriter, producer
from .matching import operand_pairs, scalar_of


@dataclass(frozen=True)
class Scores:
    """What goes into the softmax: a product, its factor, a softcap, and masks from the innermost on."""

    product: MatmulOp
    scale: float = 1.0
    softcap: float = 0.0
    masks: tuple[Mask, ...] = ()

    @property
    def frame(self) -> Dims:
        """The batch dims of the product."""
        return dims_of(self.product.result)[:-2]


@dataclass(frozen=True)
class Weights:
    """What the values are multiplied with: the softmax of scores, with `empty` as in graph.attention."""

    softmax: SoftmaxOp
    empty: str
    guard: SSAValue | None = None
    """The mask whose rows are asked for a key that counts."""


class RecognizeAttention(Pattern[MatmulOp]):
    """matmul(softmax(mask(matmul(q, k^T) * scale)), v) -> attention(q, k, v, mask)

    guard: the softmax is along keys, only the steps between the products use them, and the columns of v are known
    """

    def rewrite(self, op: MatmulOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        weights = None if flag(op.transpose_lhs) or not dims_of(op.result)[-1].is_static else _weights(op.lhs, store)
        if weights is None or integer(weights.softmax.axis) != rank_of(weights.softmax.x) - 1:
            return False
        scores = _masked(weights.softmax.x, store)
        if scores is None or (weights.guard is not None and [m.value for m in scores.masks] != [weights.guard]):
            return False
        plan = _plan(op, scores, store)
        if plan is None:
            return False
        attention = _attention(op, scores, plan, weights.empty, rewriter)
        rewriter.replace(op, _reshaped(attention, dims_of(op.result), rewriter))
        return True


# -- from the second product to the first ---------------------------------------------------------------------------------------
def _inner(value: SSAValue) -> SSAValue:
    """The value before reshapes of its batch dims, each used once."""
    while isinstance(value.owner, ReshapeOp) and value.has_one_use() and _same_matrix(value.owner):
        value = value.owner.x
    return value


def _same_matrix(reshape: ReshapeOp) -> bool:
    before, after = dims_of(reshape.x), dims_of(reshape.result)
    return min(len(before), len(after)) >= 2 and before[-2:] == after[-2:]


def _weights(value: SSAValue, store: WeightStore) -> Weights | None:
    value = _inner(value)
    where = producer(value, WhereOp)
    if where is None:
        softmax = producer(value, SoftmaxOp)
        return Weights(softmax, "nan") if softmax is not None and value.has_one_use() else None
    softmax = producer(where.rhs, SoftmaxOp)
    if softmax is None or not value.has_one_use() or scalar_of(where.lhs, store) != 0.0:
        return None
    if dims_of(where.result) != dims_of(softmax.result):
        return None
    test = where.condition.owner
    if isinstance(test, IsNanOp) and test.x == softmax.result and _used_by(softmax.result, test, where):
        return Weights(softmax, "zero_nan")
    if isinstance(test, EqualOp) and scalar_of(test.rhs, store) == -inf and softmax.result.has_one_use():
        mask = _largest(test.lhs)
        return None if mask is None else Weights(softmax, "zero", mask)
    return None


def _used_by(value: SSAValue, *ops: object) -> bool:
    return all(use.operation in ops for use in value.uses)


def _largest(value: SSAValue) -> SSAValue | None:
    """x of the maximum of x along its last dim, which is kept."""
    reduce = producer(value, ReduceOp)
    if reduce is None or reduce.kind.data != "max" or not flag(reduce.keepdims):
        return None
    return reduce.x if ints(reduce.axes) == (rank_of(reduce.x) - 1,) else None


def _masked(value: SSAValue, store: WeightStore) -> Scores | None:
    """Scores, with masks outermost: they are added, or choose between a score and a number."""
    value = _inner(value)
    op = value.owner
    if not value.has_one_use():
        return None
    if isinstance(op, AddOp):
        for score, mask in operand_pairs(op):
            inner = _masked(score, store) if dims_of(score) == dims_of(value) else None
            if inner is not None:
                return replace(inner, masks=(*inner.masks, Mask(mask, dims_of(value)[:-2])))
        return None
    if isinstance(op, WhereOp):
        mask = chosen_mask(op, store)
        inner = None if mask is None else _masked(mask.score, store)
        return None if mask is None or inner is None else replace(inner, masks=(*inner.masks, mask.mask))
    return _capped(value, store)


def _capped(value: SSAValue, store: WeightStore) -> Scores | None:
    """c * tanh(a * product): a softcap c of the product times a * c."""
    op = value.owner
    for tanh, cap in _factors(op, store) if isinstance(op, MulOp) else ():
        inside = _inner(tanh)
        if isinstance(inside.owner, TanhOp) and inside.has_one_use() and cap > 0:
            inner = _scaled(inside.owner.x, store)
            return None if inner is None else replace(inner, scale=inner.scale * cap, softcap=cap)
    return _scaled(value, store)


def _factors(op: BinaryOp, store: WeightStore) -> Iterator[tuple[SSAValue, float]]:
    """(x, s) for which the op is x * s with a number s, and has the dims of x."""
    pairs = operand_pairs(op) if isinstance(op, MulOp) else [(op.lhs, op.rhs)]
    for x, factor in pairs:
        number = scalar_of(factor, store)
        if number and dims_of(x) == dims_of(op.result):
            yield x, (number if isinstance(op, MulOp) else 1.0 / number)


def _scaled(value: SSAValue, store: WeightStore) -> Scores | None:
    value = _inner(value)
    op = value.owner
    if not value.has_one_use():
        return None
    if isinstance(op, MulOp | DivOp):
        for x, factor in _factors(op, store):
            inner = _scaled(x, store)
            return None if inner is None else replace(inner, scale=inner.scale * factor)
    return Scores(op) if isinstance(op, MatmulOp) else None


# -- one frame of batch dims for all operands -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Plan:
    """Batch dims for all operands, which masks stay masks, and the causal limit that one of them is."""

    frame: Dims
    masks: tuple[Mask, ...]
    causal: DimExpr | None


def _plan(op: MatmulOp, scores: Scores, store: WeightStore) -> Plan | None:
    causal: DimExpr | None = None
    masks = list(scores.masks)
    for place, mask in enumerate(scores.masks):
        found = causal_of(mask, dims_of(scores.product.result), store) if causal is None else None
        kept = all(later.fill is None for later in scores.masks[place + 1 :])
        if found is not None and (len(masks) == 1 or (found.lasting and kept)):
            causal = found.offset
            masks.remove(mask)
    if len(masks) > 1:
        return None
    for frame in dict.fromkeys([scores.frame, *(m.frame for m in masks)]):
        readable = all(in_frame(m, frame) is not None for m in masks)
        if readable and _fits(op, scores, frame):
            return Plan(frame, tuple(masks), causal)
    return None


def _fits(op: MatmulOp, scores: Scores, frame: Dims) -> bool:
    """Whether the operands of both products can be read under these batch dims."""
    operands = [(scores.product.lhs, scores.frame), (scores.product.rhs, scores.frame), (op.rhs, dims_of(op.lhs)[:-2])]
    return all(own == frame or dims_of(x)[:-2] == own for x, own in operands)


def _attention(op: MatmulOp, scores: Scores, plan: Plan, empty: str, rewriter: Rewriter) -> SSAValue:
    product, frame = scores.product, plan.frame

    def operand(x: SSAValue, own: Dims, swapped: bool) -> SSAValue:
        if swapped:
            rank = rank_of(x)
            x = rewriter.insert(TransposeOp(x, [*range(rank - 2), rank - 1, rank - 2])).result
        return x if own == frame else _reshaped(x, (*frame, *dims_of(x)[-2:]), rewriter)

    q = operand(product.lhs, scores.frame, flag(product.transpose_lhs))
    k = operand(product.rhs, scores.frame, not flag(product.transpose_rhs))
    v = operand(op.rhs, dims_of(op.lhs)[:-2], flag(op.transpose_rhs))
    mask = None
    for found in plan.masks:
        dims = in_frame(found, frame)
        assert dims is not None
        mask = _reshaped(found.materialize(element_of(q), rewriter), dims, rewriter)
    replaces = any(m.fill is not None for m in plan.masks)
    return rewriter.insert(AttentionOp(q, k, v, mask, scores.scale, scores.softcap, plan.causal, replaces, empty)).result


def _reshaped(value: SSAValue, dims: Dims, rewriter: Rewriter) -> SSAValue:
    if dims_of(value) == dims:
        return value
    return rewriter.insert(ReshapeOp(value, tensor(element_of(value), dims))).result


@dataclass(frozen=True)
class RecognizeAttentionPass(PatternPass):
    """Decomposed attention -> graph.attention."""

    name = "recognize-attention"
    patterns = (RecognizeAttention(),)
