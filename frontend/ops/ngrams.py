"""TfIdfVectorizer: how often the n-grams of a pool come up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from xdsl.ir import SSAValue

from ...dialects.graph.dims import DimExpr
from ...runtime.weights import Array
from ..node import Node, UnsupportedError
from ..registry import op
from ..terms import Term, concat, constant, term


@op("TfIdfVectorizer", since=9)
def tfidf_vectorizer(n: Node) -> SSAValue:
    """[samples, tokens] -> [samples, 1 + the largest of ngram_indexes]; without samples, the same of one."""
    pool = np.array(n.ints_attr("pool_int64s", []), np.int64)
    mode = n.str_attr("mode")
    if not pool.size:
        raise UnsupportedError("its pool holds strings")
    if mode not in ("TF", "IDF", "TFIDF"):
        raise ValueError(f"mode is TF, IDF or TFIDF, got '{mode}'")
    x = term(n)
    rows = x if len(x.dims) == 2 else x.reshape(1, *(x.dims or (1,)))
    columns, counted = _columns(n), list(_counted(n, rows, pool))
    found = _spread(n, counted, columns) if counted else rows.like(0).cast(np.float32).broadcast(rows.dims[0], columns)
    if mode == "IDF":
        found = found.minimum(1.0)
    weights = n.floats_attr("weights", [])
    if weights and mode != "TF":
        found = found * constant(n, np.array(weights, np.float32), "weights")
    return (found if len(x.dims) == 2 else found.reshape(columns)).value


def _spread(n: Node, counted: Sequence[tuple[Array, Term]], columns: int) -> Term:
    """The counts in their columns, added up where n-grams share one."""
    places = np.concatenate([places for places, _ in counted])
    weights = (places[:, None] == np.arange(columns)).astype(np.float32)
    return concat([counts for _, counts in counted], 1) @ constant(n, weights, "ngram_indexes")


def _columns(n: Node) -> int:
    indexes = n.ints_attr("ngram_indexes")
    if not indexes or min(indexes) < 0:
        raise ValueError("ngram_indexes are numbers of columns")
    return max(indexes) + 1


def _counted(n: Node, x: Term, pool: Array) -> Iterator[tuple[Array, Term]]:
    """For each length of n-grams that counts: the columns that they belong to, and how often they come up [samples, n-grams]."""
    starts, places = n.ints_attr("ngram_counts"), np.array(n.ints_attr("ngram_indexes"), np.int64)
    least, most, first = n.int_attr("min_gram_length"), n.int_attr("max_gram_length"), 0
    for size, (start, end) in enumerate(zip(starts, [*starts[1:], pool.size], strict=True), 1):
        if not 0 <= start <= end <= pool.size or (end - start) % size:
            raise ValueError(f"the pool has {end - start} numbers for n-grams of {size}")
        grams = pool[start:end].reshape(-1, size)
        own, first = places[first : first + len(grams)], first + len(grams)
        if len(own) != len(grams):
            raise ValueError(f"it has {len(places)} ngram_indexes, but more n-grams")
        if len(grams) and least <= size <= most:
            yield own, _count(n, x, grams)
    if not least <= most:
        raise ValueError(f"min_gram_length is {least}, max_gram_length {most}")


def _count(n: Node, x: Term, grams: Array) -> Term:
    """How often each n-gram [count, size] comes up, at all distances of its tokens up to max_skip_count + 1."""
    samples, size = x.dims[0], grams.shape[1]
    total = x.like(0).cast(np.float32).broadcast(samples, len(grams))
    for distance in range(1, 2 if size == 1 else n.int_attr("max_skip_count") + 2):
        room = x.dims[1] - distance * (size - 1)
        room = DimExpr.of(max(0, room.value)) if room.is_static else room.max(0)
        if room != DimExpr.of(0):
            total = total + _hits(n, x, grams, distance, room).reduce("sum", 1, keepdims=False)
    return total


def _hits(n: Node, x: Term, grams: Array, distance: int, room: DimExpr) -> Term:
    """1 where an n-gram begins: [samples, room, n-grams]"""
    samples = x.dims[0]
    found: Term | None = None
    for k, tokens in enumerate(grams.T):
        column = constant(n, tokens.astype(x.dtype))
        equal = x.part(1, k * distance, room).reshape(samples, room, 1).equal(column)
        found = equal if found is None else found & equal
    assert found is not None
    return found.cast(np.float32)
