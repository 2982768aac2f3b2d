"""Einsum as transposes, products and sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import broadcast_dims, dims_of, element_of, rank_of, tensor
from ..node import Node
from ..registry import op

ONE = DimExpr.of(1)


@dataclass(frozen=True)
class _Labelled:
    """A value and the label of each of its dims; dims of an ellipsis are labelled '0', '1', ..."""

    value: SSAValue
    labels: str

    def dim(self, label: str) -> DimExpr:
        return dims_of(self.value)[self.labels.index(label)]


@op("Einsum", since=12)
def einsum(n: Node) -> SSAValue:
    """The operands one after the other; every product sums out what no later operand or the output needs."""
    xs = n.xs()
    terms, output = parse_equation(n.str_attr("equation"), [rank_of(x) for x in xs])
    operands = [_diagonal(n, x, labels) for x, labels in zip(xs, terms, strict=True)]
    result = operands[0]
    for index, operand in enumerate(operands[1:], 1):
        later = output + "".join(terms[index + 1 :])
        result = _multiply(n, result, operand, set(later))
    result = _sum_out(n, result, set(output))
    return _ordered(n, result, output).value


def parse_equation(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Labels of each operand and of the output; ValueError if the equation is malformed or doesn't fit the ranks."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(f"the equation '{equation}' has {len(terms)} terms for {len(ranks)} operands")
    missing = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    most = max((m for m, term in zip(missing, terms, strict=True) if "..." in term), default=0)
    for term, count in zip(terms, missing, strict=True):
        if count < 0 or (count and "..." not in term):
            raise ValueError(f"the term '{term}' doesn't fit rank {len(term) + count}")
    ellipsis = "".join(map(str, range(most)))
    if most > 10 or any(not c.isalpha() for c in (left + right).replace("...", "").replace(",", "")):
        raise ValueError(f"bad equation '{equation}'")
    expanded = [term.replace("...", ellipsis[most - count :]) for term, count in zip(terms, missing, strict=True)]
    if arrow:
        return expanded, right.replace("...", ellipsis)
    letters = left.replace("...", "").replace(",", "")
    return expanded, ellipsis + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))


def _diagonal(n: Node, x: SSAValue, labels: str) -> _Labelled:
    """Dims that share a label become one, which comes last: every (size + 1)-th element of both as one dim."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            others = [i for i in range(len(labels)) if i not in (first, second)]
            size, kept = dims_of(x)[first], [dims_of(x)[i] for i in others]
            n.build.assumptions.need_equal(size, dims_of(x)[second])
            flat = n.build.reshape(n.build.transpose(x, [*others, first, second]), [*kept, size * size])
            starts, steps = [0] * len(kept) + [0], [*[1] * len(kept), size + 1]
            x = n.emit(graph.SliceOp(flat, starts, tensor(element_of(x), [*kept, size]), steps))
            labels = "".join(labels[i] for i in others) + label
    return _Labelled(x, labels)


def _sum_out(n: Node, x: _Labelled, keep: set[str]) -> _Labelled:
    """Sum over the dims whose label isn't kept."""
    axes = [i for i, label in enumerate(x.labels) if label not in keep]
    if not axes:
        return x
    labels = "".join(c for c in x.labels if c in keep)
    return _Labelled(n.emit(graph.ReduceOp(x.value, "sum", axes, keepdims=False)), labels)


def _ordered(n: Node, x: _Labelled, labels: str) -> _Labelled:
    if x.labels == labels:
        return x
    if sorted(x.labels) != sorted(labels):
        raise ValueError(f"the output '{labels}' repeats or invents a label")
    return _Labelled(n.build.transpose(x.value, [x.labels.index(c) for c in labels]), labels)


def _matched(n: Node, x: _Labelled, sizes: Mapping[str, DimExpr]) -> _Labelled:
    """The same with these sizes for labels, which dims must have where neither is 1; assumes so where symbols leave it open."""
    pairs = [(dim, sizes.get(c, dim)) for c, dim in zip(x.labels, dims_of(x.value), strict=True)]
    return _Labelled(n.build.fitted(x.value, tuple(dim if size == ONE else size for dim, size in pairs)), x.labels)


def _multiply(n: Node, lhs: _Labelled, rhs: _Labelled, keep: set[str]) -> _Labelled:
    """A batched matrix product over the labels that both have and nobody needs later."""
    lhs = _sum_out(n, lhs, keep | set(rhs.labels))
    rhs = _sum_out(n, rhs, keep | set(lhs.labels))
    shared = [c for c in lhs.labels if c in rhs.labels]
    batch, summed = [c for c in shared if c in keep], [c for c in shared if c not in keep]
    rows, columns = [c for c in lhs.labels if c not in shared], [c for c in rhs.labels if c not in shared]
    sizes = {c: lhs.dim(c) if lhs.dim(c).is_static else rhs.dim(c) for c in shared}
    lhs, rhs = _matched(n, lhs, sizes), _matched(n, rhs, sizes)
    left = _ordered(n, lhs, "".join(batch + rows + summed))
    right = _ordered(n, rhs, "".join(batch + summed + columns))
    labels = "".join(batch + rows + columns)
    if not summed:
        a = n.build.reshape(left.value, [*map(left.dim, batch + rows), *[ONE] * len(columns)])
        b = n.build.reshape(right.value, [*map(right.dim, batch), *[ONE] * len(rows), *map(right.dim, columns)])
        return _Labelled(n.emit(graph.MulOp(a, b)), labels)
    inner = broadcast_dims(tuple(map(left.dim, summed)), tuple(map(right.dim, summed)))
    a = n.build.broadcast(left.value, [*map(left.dim, batch + rows), *inner])
    b = n.build.broadcast(right.value, [*map(right.dim, batch), *inner, *map(right.dim, columns)])
    a = n.build.reshape(a, [*map(left.dim, batch), product(map(left.dim, rows)), product(inner)])
    b = n.build.reshape(b, [*map(right.dim, batch), product(inner), product(map(right.dim, columns))])
    matrix = n.build.cast(n.emit(graph.MatmulOp(a, b)), element_of(a))  # the sums of 8-bit integers are wider
    outer = dims_of(matrix)[:-2]
    return _Labelled(n.build.reshape(matrix, [*outer, *map(left.dim, rows), *map(right.dim, columns)]), labels)
