"""fold-constants: evaluates, once and for all runs, ops whose operands are all constant.

- F1: any op of the table in `constant_eval.py`. The result is inline below about 1 KB, else in the weight store.
- A constant that repeats one value stays one however large its shape is.
- Data movement of large weights becomes a recipe that runs when the weight is first read, so that a weight which is folded
  again, or packed, is not held twice.
- Not folded: results much larger than their inputs (an expanded constant is better read with stride 0), ops whose numpy
  result could differ between machines, and whatever would raise at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.elementwise import is_integer
from ..dialects.graph.location import location_of
from ..dialects.graph.types import broadcast_dims, dims_of, element_of, is_static, static_shape, tensor, tensor_type
from ..runtime.weights import WeightStore
from .constant_eval import ELEMENTWISE, RULES, CannotFold, evaluate
from .constants import Array, array_of, constant_of, make_constant, make_splat, splat_of
from .driver import AnyPattern, Pattern, PatternPass, Rewriter, producer
from .weight_math import is_known

ONE = DimExpr.of(1)

GROWTH = 2
"""A result may be this many times as large as its operands together..."""

SMALL_BYTES = 1 << 22
"""... or of this size, as masks and position tables are that a model computes from next to nothing."""

SMALL_EXPANSION = 1 << 16
"""Likewise for a broadcast, which most users read as well with stride 0."""

LAZY_BYTES = 1 << 20
"""From this size on data movement is a recipe."""

EXACT_SUMS = ("sum", "max", "min")
"""Reductions of integers that fold together with the cast before them."""

SPLAT_MOVES = (graph.TransposeOp, graph.ReshapeOp, graph.BroadcastOp, graph.SliceOp)
LAZY = (graph.TransposeOp, graph.ReshapeOp, graph.SliceOp, graph.ConcatOp)


def result_bytes(op: Operation) -> int:
    """Size of the (static) first result of an op."""
    value = op.results[0]
    return int(np.prod(static_shape(value), dtype=np.int64)) * numpy_dtype(element_of(value)).itemsize


class FoldConstant(Pattern[graph.GraphOp]):
    """op(constants) -> constant; guard: an exact rule for the op, static dims, bounded growth."""

    roots = tuple(RULES)

    def rewrite(self, op: graph.GraphOp, rewriter: Rewriter) -> bool:
        if not all(constant_of(o) for o in op.operands) or not is_static(op.results[0]):
            return False
        store = rewriter.session.weights
        try:
            folded = _fold_splats(op, store) or _fold_lazily(op, store) or _fold_now(op, store)
        except CannotFold:
            return False
        if folded is None:
            return False
        rewriter.replace(op, folded)
        return True


def _name(op: Operation) -> str:
    """A key for a folded weight: the first weight that went into it, else the node it comes from."""
    constants = (constant_of(o) for o in op.operands)
    keys = [c.weight for c in constants if c is not None and c.weight is not None]
    base = keys[0] if keys else next(iter(location_of(op)), "constant")
    return f"{base}.{op.name.removeprefix('graph.')}"


def _fold_splats(op: graph.GraphOp, store: WeightStore) -> graph.ConstantOp | None:
    """Evaluate on one element where all operands repeat one value."""
    if not isinstance(op, (graph.ElementwiseOp, graph.ConcatOp, *SPLAT_MOVES)):
        return None
    values = [splat_of(o, store) for o in op.operands]
    if not all(v is not None for v in values):
        return None
    result = op.results[0]
    if isinstance(op, graph.ElementwiseOp):
        with np.errstate(all="ignore"):
            value = ELEMENTWISE[type(op)](op, [np.asarray(v) for v in values]).astype(numpy_dtype(element_of(result)))
        return make_splat(value[()], static_shape(result), store, _name(op))
    if len({np.asarray(v).tobytes() for v in values}) > 1:
        return None
    return make_splat(values[0], static_shape(result), store, _name(op))


def _fold_lazily(op: graph.GraphOp, store: WeightStore) -> graph.ConstantOp | None:
    """A recipe for data movement of large weights."""
    keys = _weights(op.operands, store)
    if keys is None or not isinstance(op, LAZY) or result_bytes(op) < LAZY_BYTES:
        return None
    result = op.results[0]

    def recipe(*arrays: Array) -> Array:
        return evaluate(op, list(arrays))

    attribute = store.derive(store.unique(_name(op)), recipe, keys, static_shape(result), numpy_dtype(element_of(result)))
    return graph.ConstantOp(attribute, tensor_type(result))


def _weights(values: Sequence[SSAValue], store: WeightStore) -> list[str] | None:
    """The keys of constants that are all entries of the store."""
    constants = [constant_of(v) for v in values]
    keys = [c.weight for c in constants if c is not None and c.weight is not None and c.weight in store]
    return keys if len(keys) == len(values) else None


def _fold_now(op: graph.GraphOp, store: WeightStore) -> graph.ConstantOp | None:
    operands = [array_of(o, store) for o in op.operands]
    known = [o for o in operands if o is not None]
    held = sum(o.nbytes for o in known)
    small = SMALL_EXPANSION if isinstance(op, graph.BroadcastOp) else SMALL_BYTES
    if len(known) < len(operands) or result_bytes(op) > max(GROWTH * held, small):
        return None
    return make_constant(evaluate(op, known), store, _name(op))


class FoldWideSum(Pattern[graph.ReduceOp]):
    """reduce(cast(constant)) -> constant, though the cast alone is too large to be kept

    guard: both are exact; the sum is a recipe that runs when it is first read, so that no wide copy of a weight stays
    """

    def rewrite(self, op: graph.ReduceOp, rewriter: Rewriter) -> bool:
        store, widened = rewriter.session.weights, producer(op.x, graph.CastOp)
        if widened is None or not is_static(op.result) or not is_integer(element_of(op.x)) or op.kind.data not in EXACT_SUMS:
            return False
        keys = _weights([widened.x], store)
        if keys is None or not is_integer(element_of(widened.x)):
            return False

        def recipe(array: Array) -> Array:
            return evaluate(op, [evaluate(widened, [array])])

        result = op.result
        name = store.unique(f"{keys[0]}.{op.kind.data}")
        attribute = store.derive(name, recipe, keys, static_shape(result), numpy_dtype(element_of(result)))
        rewriter.replace(op, graph.ConstantOp(attribute, tensor_type(result)))
        return True


class ShrinkOperand(Pattern[graph.ElementwiseOp]):
    """F3: add(x, splat of any shape) -> add(x, scalar), add(x, constant of [1, 1, 4]) -> add(x, constant of [4])

    guard: the result keeps its dims
    """

    def rewrite(self, op: graph.ElementwiseOp, rewriter: Rewriter) -> bool:
        if len(op.operands) < 2:
            return False
        for index, operand in enumerate(op.operands):
            if not is_known(operand, rewriter.session.weights) or not dims_of(operand):
                continue
            others = [dims_of(o) for i, o in enumerate(op.operands) if i != index]
            smaller = self._smaller(operand, rewriter.session.weights)
            if smaller is not None and broadcast_dims(dims_of(smaller.results[0]), *others) == dims_of(op.results[0]):
                rewriter.set_operand(op, index, rewriter.insert(smaller).results[0])
                return True
        return False

    @staticmethod
    def _smaller(operand: SSAValue, store: WeightStore) -> Operation | None:
        value, dims = splat_of(operand, store), dims_of(operand)
        if value is not None:
            return make_constant(np.asarray(value), store)
        leading = next((i for i, d in enumerate(dims) if d != ONE), len(dims))
        return graph.ReshapeOp(operand, tensor(element_of(operand), dims[leading:])) if leading else None


FOLD_CONSTANTS: tuple[AnyPattern, ...] = (FoldConstant(), FoldWideSum(), ShrinkOperand())


@dataclass(frozen=True)
class FoldConstantsPass(PatternPass):
    """Evaluate ops on constants."""

    name = "fold-constants"
    patterns = FOLD_CONSTANTS
