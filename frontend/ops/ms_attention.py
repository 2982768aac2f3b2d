"""Attention of com.microsoft, and rotary embeddings: heads split off, then `graph.attention`."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ..delegation import as_onnx
from ..node import Node, UnsupportedError
from ..quantization import MICROSOFT
from ..registry import op
from ..terms import Term, concat, iota, optional, stack, term


def _heads(x: Term, count: int) -> Term:
    """[batch, time, count * size] -> [batch, count, time, size]"""
    batch, time, width = x.dims
    return x.reshape(batch, time, count, width // count).transpose(0, 2, 1, 3)


def _merged(x: Term) -> Term:
    batch, count, time, size = x.dims
    return x.transpose(0, 2, 1, 3).reshape(batch, time, count * size)


def _part(n: Node, x: Term, axis: int, start: DimExpr | int, size: DimExpr) -> Term:
    """Elements along an axis, which must lie within it."""
    n.need(size)
    n.need(x.dims[axis] - start - size)
    return x.part(axis, start, size)


def _attend(n: Node, q: Term, k: Term, v: Term, mask: Term | None) -> Term:
    """Heads attend; with `unidirectional` the last query sees all keys, and each before it one less."""
    size, scale = q.dims[-1], n.float_attr("scale", 0.0)
    if scale == 0.0:
        if not size.is_static:
            raise UnsupportedError("the size of a head is not known")
        scale = float(1 / np.sqrt(size.value))
    causal = k.dims[2] - q.dims[2] if n.int_attr("unidirectional", 0) else None
    bias = None if mask is None else mask.value
    return _merged(Term(q.build, n.emit(graph.AttentionOp(q.value, k.value, v.value, bias, scale, causal=causal))))


def _mask(n: Node, keys: int, bias: int, total: DimExpr, like: Term) -> Term | None:
    """What is added to scores: a number for keys that a padding mask hides, and the operand `bias`."""
    padding, added = optional(n, keys), optional(n, bias)
    if padding is None:
        return added
    rank = len(padding.dims)
    if rank == 1 and padding.dims[0] == like.dims[0]:
        seen = iota(n, total, padding.dtype).reshape(1, total) < padding.reshape(like.dims[0], 1)
        seen = seen.reshape(like.dims[0], 1, 1, total)
    elif rank == 2 and padding.dims[1] == total:
        seen = ~padding.equal(0)
        seen = seen.reshape(padding.dims[0], 1, 1, total)
    elif rank == 3 and padding.dims[2] == total:
        seen = ~padding.equal(0)
        seen = seen.reshape(padding.dims[0], 1, *padding.dims[1:])
    else:
        raise UnsupportedError(f"a mask of dims {list(map(str, padding.dims))}")
    values = seen.select(like.like(0.0), like.like(n.float_attr("mask_filter_value", -10000.0)))
    return values if added is None else values + added


@op("Attention", domain=MICROSOFT)
def attention(n: Node) -> list[SSAValue | None]:
    """One product for queries, keys and values; what is seen of the past comes before the keys and values."""
    count, width = n.int_attr("num_heads"), n.shape(1)[1]
    sizes = [DimExpr.of(s) for s in n.ints_attr("qkv_hidden_sizes", [])] or [width // 3] * 3
    if n.int_attr("do_rotary", 0) or n.has(6):
        raise UnsupportedError("rotary embeddings or a shared buffer of the past")
    projected = term(n) @ term(n, 1)
    if n.has(2):
        projected = projected + term(n, 2)
    starts = (DimExpr.of(0), sizes[0], sizes[0] + sizes[1])
    q, k, v = (_heads(_part(n, projected, 2, start, size), count) for start, size in zip(starts, sizes, strict=True))
    past = optional(n, 4)
    if past is not None:
        k, v = (concat([past.item(i), own], 2) for i, own in ((0, k), (1, v)))
    y = _attend(n, q, k, v, _mask(n, 3, 5, k.dims[2], q))
    present = stack([k, v], 0).value if len(n.proto.output) > 1 and n.proto.output[1] else None
    return [y.value, present]


@op("MultiHeadAttention", domain=MICROSOFT)
def multi_head_attention(n: Node) -> list[SSAValue | None]:
    """Queries, keys and values apart; keys and values may have their heads split off already."""
    count = n.int_attr("num_heads")
    if not (n.has(1) and n.has(2)) or n.rank(0) != 3:
        raise UnsupportedError("queries packed with keys")
    if any(n.has(i) for i in (8, 9)):
        raise UnsupportedError("a shared buffer of the past")
    bias, start = optional(n, 3), DimExpr.of(0)
    parts: list[Term] = []
    for index in range(3):
        x = term(n, index)
        if len(x.dims) == 3:
            width = x.dims[2]
            x, start = (x if bias is None else x + _part(n, bias, 0, start, width)), start + width
            x = _heads(x, count)
        parts.append(x)
    q, k, v = parts
    past = (optional(n, 6), optional(n, 7))
    if past[0] is not None and past[1] is not None:
        k, v = concat([past[0], k], 2), concat([past[1], v], 2)
    return [_attend(n, q, k, v, _mask(n, 4, 5, k.dims[2], q)).value, k.value, v.value]


@op("RotaryEmbedding", domain=MICROSOFT)
def rotary_embedding(n: Node) -> SSAValue:
    """Pairs of columns turned by an angle that grows with the position: halves of a head, or neighbours if `interleaved`."""
    x, cos = term(n), term(n, 2)
    if n.int_attr("is_packed_batching", 0):
        raise UnsupportedError("packed batches")
    rotated, given = cos.dims[1] * 2, len(x.dims)
    if given == 3:
        count = n.int_attr("num_heads", 0)
        size = x.dims[2] // count if count and n.int_attr("rotary_embedding_dim", 0) else rotated
        x = x.reshape(*x.dims[:2], x.dims[2] // size, size).transpose(0, 2, 1, 3)
    time, size = x.dims[2:]
    places = _places(n, time)
    angles = [Term(n.build, as_onnx(n, "Gather", [n.x(i), places.value])[0]) for i in (2, 3)]
    c, s = (a.reshape(a.dims[0], 1, *a.dims[1:]) for a in angles)
    turned = _turn(_part(n, x, 3, 0, rotated), c, s, bool(n.int_attr("interleaved", 0)))
    y = turned if rotated == size else concat([turned, _part(n, x, 3, rotated, size - rotated)], 3)
    return (_merged(y) if given == 3 else y).value


def _places(n: Node, time: DimExpr) -> Term:
    """[batch or 1, time]: positions as given, or counted from the one that is given."""
    places = term(n, 1)
    if len(places.dims) == 2:
        return places
    return (iota(n, time) + places.reshape(1)).reshape(1, time)


def _turn(x: Term, cos: Term, sin: Term, interleaved: bool) -> Term:
    dims = x.dims
    half = dims[-1] // 2
    if not interleaved:
        a, b = x.part(3, 0, half), x.part(3, half, half)
        return concat([a * cos - b * sin, b * cos + a * sin], 3)
    pairs = x.reshape(*dims[:-1], half, 2)
    a, b = (pairs.part(4, i, 1).reshape(*dims[:-1], half) for i in range(2))
    return stack([a * cos - b * sin, b * cos + a * sin], 4).reshape(*dims)
