"""Reverse-mode differentiation of graph ops: what each op's operands contribute to the gradient of a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from xdsl.ir import Block, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.base import flag, ints
from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.elementwise import is_float
from .builder import Builder
from .node import UnsupportedError
from .terms import Term

Rule: TypeAlias = Callable[[Any, Term, Term, Sequence[Term]], Sequence[Term | None]]
"""Gradients of the operands from the op, its result, the gradient of that, and the operands; None where there is none."""

ONE = DimExpr.of(1)


def gradients(build: Builder, y: SSAValue, xs: Sequence[SSAValue]) -> list[Term]:
    """d sum(y) / dx for each x, from ops of the block at work; UnsupportedError naming an op that has no rule."""
    path = depending(build.block, xs)
    found: dict[SSAValue, Term] = {y: Term(build, y).like(1.0).broadcast(*Term(build, y).dims)}
    for op in reversed(path):
        if op.results[0] not in found or op.results[0] in xs:
            continue
        rule = RULES.get(type(op))
        if rule is None or len(op.results) != 1:
            raise UnsupportedError(f"the gradient of {op.name}")
        operands = [Term(build, o) for o in op.operands]
        parts = rule(op, Term(build, op.results[0]), found[op.results[0]], operands)
        for operand, part in zip(operands, parts, strict=True):
            if part is not None and is_float(operand.element):
                _add(found, operand, part)
    return [found[x] if x in found else Term(build, x).like(0.0).broadcast(*Term(build, x).dims) for x in xs]


def _add(found: dict[SSAValue, Term], operand: Term, part: Term) -> None:
    part = _as_operand(part, operand)
    found[operand.value] = found[operand.value] + part if operand.value in found else part


def _as_operand(gradient: Term, operand: Term) -> Term:
    """Summed over the dims along which the operand was repeated, or repeated where it was not."""
    extra = len(gradient.dims) - len(operand.dims)
    if extra > 0:
        gradient = gradient.reduce("sum", range(extra), keepdims=False)
    repeated = [i for i, (g, d) in enumerate(zip(gradient.dims, operand.dims, strict=True)) if d == ONE and g != ONE]
    if repeated:
        gradient = gradient.reduce("sum", repeated)
    return gradient.broadcast(*operand.dims)


def depending(block: Block, xs: Sequence[SSAValue]) -> list[Operation]:
    """The ops of the block that depend on some x, in order; those that compute one are not among them."""
    reached, path = set(xs), list[Operation]()
    for op in block.ops:
        if any(o in reached for o in op.operands) and not any(r in xs for r in op.results):
            path.append(op)
            reached.update(op.results)
    return path


def substituted(build: Builder, y: SSAValue, values: Mapping[SSAValue, SSAValue]) -> SSAValue:
    """y, computed again with other values in place of those that are keys."""
    if all(old is new for old, new in values.items()):
        return y
    mapping = dict(values)
    for op in depending(build.block, list(values)):
        build.emit(op.clone(mapping))  # enters its results into the mapping
    return mapping.get(y, y)


# -- the rules ------------------------------------------------------------------------------------------------------------


def _unary(factor: Callable[[Term, Term], Term]) -> Rule:
    """An elementwise op whose derivative follows from operand and result."""
    return lambda op, y, g, operands: [g * factor(operands[0], y)]


def _pow(op: graph.PowOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    base, exponent = operands
    positive = base > 0.0
    log = positive.select(positive.select(base, 1.0).log(), 0.0)
    return [g * exponent * base ** (exponent - 1.0), g * y * log]


def _extremum(op: graph.MaxOp | graph.MinOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    """To the operand that is the result; where both are, half to each."""
    chosen = [y.equal(o).cast(y.element) for o in operands]
    share = g / (chosen[0] + chosen[1])
    return [share * c for c in chosen]


def _matmul(op: graph.MatmulOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    lhs, rhs = operands
    left, right = flag(op.transpose_lhs), flag(op.transpose_rhs)

    def times(a: Term, b: Term, transpose_a: bool, transpose_b: bool) -> Term:
        return a.with_(lambda p, q: graph.MatmulOp(p, q, transpose_a, transpose_b), b)

    of_lhs = times(rhs, g, right, True) if left else times(g, rhs, False, not right)
    of_rhs = times(g, lhs, True, left) if right else times(lhs, g, not left, False)
    return [of_lhs, of_rhs]


def _reduce(op: graph.ReduceOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    x, axes = operands[0], ints(op.axes)
    kept = g.reshape(*(ONE if i in axes else d for i, d in enumerate(x.dims)))
    if op.kind.data == "sum_square":
        return [kept * x * 2.0]
    if op.kind.data not in ("sum", "mean"):
        raise UnsupportedError(f"the gradient of a reduction of kind {op.kind.data}")
    if op.kind.data == "mean":
        count = product(x.dims[i] for i in axes)
        kept = kept / Term(g.build, g.build.emit(graph.DimsOp([count], scalar=True))).cast(x.element)
    return [kept.broadcast(*x.dims)]


def _concat(op: graph.ConcatOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    axis, start, parts = op.axis.value.data, DimExpr.of(0), list[Term]()
    for operand in operands:
        parts.append(g.part(axis, start, operand.dims[axis]))
        start = start + operand.dims[axis]
    return parts


def _transpose(op: graph.TransposeOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    perm = ints(op.perm)
    return [g.transpose(*(perm.index(i) for i in range(len(perm))))]


def _softmax(op: graph.SoftmaxOp, y: Term, g: Term, operands: Sequence[Term]) -> Sequence[Term | None]:
    shared = g * y
    return [shared - y * shared.reduce("sum", op.axis.value.data)]


RULES: dict[type[Operation], Rule] = {
    graph.AddOp: lambda op, y, g, operands: [g, g],
    graph.SubOp: lambda op, y, g, operands: [g, -g],
    graph.MulOp: lambda op, y, g, operands: [g * operands[1], g * operands[0]],
    graph.DivOp: lambda op, y, g, operands: [g / operands[1], -(g * y / operands[1])],
    graph.PowOp: _pow,
    graph.MaxOp: _extremum,
    graph.MinOp: _extremum,
    graph.WhereOp: lambda op, y, g, operands: [None, operands[0].select(g, 0.0), operands[0].select(g.like(0.0), g)],
    graph.IdentityOp: lambda op, y, g, operands: [g],
    graph.CastOp: lambda op, y, g, operands: [g.cast(operands[0].element)] if is_float(operands[0].element) else [None],
    graph.NegOp: lambda op, y, g, operands: [-g],
    graph.AbsOp: _unary(lambda x, y: x.apply(graph.SignOp)),
    graph.ExpOp: _unary(lambda x, y: y),
    graph.LogOp: _unary(lambda x, y: 1.0 / x),
    graph.SqrtOp: _unary(lambda x, y: 0.5 / y),
    graph.ReciprocalOp: _unary(lambda x, y: -(y * y)),
    graph.SinOp: _unary(lambda x, y: x.apply(graph.CosOp)),
    graph.CosOp: _unary(lambda x, y: -x.apply(graph.SinOp)),
    graph.TanhOp: _unary(lambda x, y: 1.0 - y * y),
    graph.SigmoidOp: _unary(lambda x, y: y * (1.0 - y)),
    graph.SoftplusOp: _unary(lambda x, y: x.apply(graph.SigmoidOp)),
    graph.ReluOp: _unary(lambda x, y: (x > 0.0).cast(x.element)),
    graph.ErfOp: _unary(lambda x, y: (-(x * x)).exp() * (2.0 / math.sqrt(math.pi))),
    graph.MatmulOp: _matmul,
    graph.ReduceOp: _reduce,
    graph.SoftmaxOp: _softmax,
    graph.ReshapeOp: lambda op, y, g, operands: [g.reshape(*operands[0].dims)],
    graph.BroadcastOp: lambda op, y, g, operands: [g],
    graph.TransposeOp: _transpose,
    graph.ConcatOp: _concat,
}
