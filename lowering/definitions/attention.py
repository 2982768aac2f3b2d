"""Elements of attention: scores by the definition, twice: for their maximum, then for their exponentials."""

from __future__ import annotations

from math import inf

from xdsl.dialects import math

from ...dialects import graph
from ...dialects.graph.base import flag, i1
from ...dialects.graph.types import dims_of
from ..builder import Index
from ..values import Value
from .definer import Definer, Indices, aligned


def attention(d: Definer, op: graph.AttentionOp, at: Indices) -> Value:
    keys, zero = d.dims(op.v)[-2], d.constant(0, op.result)
    v_batch = aligned(op.batch, at[:-2], dims_of(op.v)[:-2])

    def larger(key: tuple[Index, ...], best: list[Value]) -> list[Value]:
        score = _score(d, op, at, key[0])
        return [score.gt(best[0]).select(score, best[0])]

    peak = d.fold([keys], [d.constant(-inf, op.result)], larger)[0]
    peak = peak.eq(-inf).select(0.0, peak)

    def add(key: tuple[Index, ...], sums: list[Value]) -> list[Value]:
        power = (_score(d, op, at, key[0]) - peak).math(math.ExpOp)
        return [sums[0] + power, sums[1] + power * d.element(op.v, [*v_batch, key[0], at[-1]])]

    # Without keys the result is a sum of nothing.
    none = Value(d.b, d.b.cmp("eq", keys, 0), i1)
    total, weighted = d.fold([keys], [none.select(d.constant(1, op.result), zero), zero], add)
    return finish(op, total, weighted * (1.0 / total))


def finish(op: graph.AttentionOp, total: Value, weighted: Value) -> Value:
    """An element of the result, given the sum of exponentials of its row, as `empty` wants it where that is 0 or NaN."""
    match op.empty.data:
        case "zero":
            return total.eq(0.0).select(0.0, weighted)
        case "zero_nan":
            return total.gt(0.0).select(weighted, 0.0)
        case _:
            return weighted


def _score(d: Definer, op: graph.AttentionOp, at: Indices, key: Index) -> Value:
    batch = at[:-2]
    q_batch, k_batch = (aligned(op.batch, batch, dims_of(x)[:-2]) for x in (op.q, op.k))

    def add(depth: tuple[Index, ...], total: list[Value]) -> list[Value]:
        return [total[0] + d.element(op.q, [*q_batch, at[-2], *depth]) * d.element(op.k, [*k_batch, key, *depth])]

    score = d.fold([d.dims(op.q)[-1]], [d.constant(0, op.result)], add)[0] * op.scale.value.data
    mask = None
    if op.mask is not None:
        scores = (*dims_of(op.result)[:-1], dims_of(op.v)[-2])
        mask = d.element(op.mask, aligned(scores, [*batch, at[-2], key], dims_of(op.mask)))
    score = adjusted(op, score, mask)
    if op.causal is None:
        return score
    seen = d.b.cmp("sle", key, d.b.add(at[-2], d.b.dim(op.causal.data)))
    return d.when(seen, lambda: score, lambda: d.constant(-inf, op.result), op.result)


def adjusted(op: graph.AttentionOp, score: Value, mask: Value | None) -> Value:
    """A score after softcap and mask."""
    cap = op.softcap.value.data
    if cap:
        score = (score * (1.0 / cap)).math(math.TanhOp) * cap
    if mask is None:
        return score
    return mask.ne(0.0).select(mask, score) if flag(op.replace) else score + mask
