"""M2 for reshapes, R3: a reshape that only merges dims goes below its user, until it meets the one that splits them again.

Exporters flatten before a linear layer and unflatten after it, add and drop dims of 1, and merge batch and heads of attention
for a batched product. Below, `merge` is such a reshape. Nothing is computed or moved by any of these ops that was not before.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import flag, integer, ints
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import Dims, dims_of, element_of, rank_of, tensor, tensor_type
from ..driver import AnyPattern, Pattern, Rewriter, producer
from ..reassociation import ONE, ZERO, Merge, merge_of


def merged(value: SSAValue) -> Merge | None:
    """The merge that defines a value, or None."""
    reshape = producer(value, graph.ReshapeOp)
    return None if reshape is None else merge_of(reshape)


def rebuild(op: graph.GraphOp, operands: Sequence[SSAValue], dims: Sequence[DimExpr]) -> graph.GraphOp:
    """The same op on other operands, its one result of these dims."""
    result = tensor(element_of(op.results[0]), dims)
    return type(op).create(operands=operands, result_types=[result], properties=dict(op.properties))


def reshape_to(op: graph.GraphOp, new: graph.GraphOp, rewriter: Rewriter) -> bool:
    """Replace `op` by the reshape of a new op to its dims."""
    rewriter.replace(op, graph.ReshapeOp(rewriter.insert(new), tensor_type(op.results[0])))
    return True


class BelowElementwise(Pattern[graph.ElementwiseOp]):
    """add(merge(x), y) -> merge(add(x, y))

    guard: the result has the merge's dims, and y is a merge of the same kind, or has fewer dims and none of the merged ones;
    other reshapes of y are only made where there is one already
    """

    def rewrite(self, op: graph.ElementwiseOp, rewriter: Rewriter) -> bool:
        for operand in op.operands:
            merge = merged(operand)
            if merge is None or dims_of(operand) != dims_of(op.results[0]):
                continue
            lifted = [self._lift(o, merge, dims_of(operand)) for o in op.operands]
            if all(value is not None for value, _ in lifted):
                operands = [self._reshaped(value, dims, rewriter) for value, dims in lifted if value is not None]
                return reshape_to(op, rebuild(op, operands, dims_of(merge.source)), rewriter)
        return False

    @staticmethod
    def _lift(operand: SSAValue, merge: Merge, whole: Dims) -> tuple[SSAValue | None, tuple[DimExpr, ...]]:
        """A value (None: there is none) and the dims under which it takes the operand's place."""
        other = merged(operand)
        if other is not None and other.groups == merge.groups and dims_of(other.source) == dims_of(merge.source):
            return other.source, dims_of(other.source)
        own, dims = dims_of(operand), merge.lift(dims_of(operand))
        if dims is None:
            return None, ()
        leading = len(own) - len(dims)
        same = leading >= 0 and own[leading:] == dims and all(d == ONE for d in own[:leading]) and len(own) <= merge.rank
        if same and own != whole:
            return operand, own
        free = isinstance(operand.owner, (graph.ConstantOp, graph.ReshapeOp))  # folds, or joins the reshape that is there
        return operand if free else None, dims

    @staticmethod
    def _reshaped(value: SSAValue, dims: tuple[DimExpr, ...], rewriter: Rewriter) -> SSAValue:
        if dims_of(value) == dims:
            return value
        return rewriter.insert(graph.ReshapeOp(value, tensor(element_of(value), dims))).result


class BelowMatmul(Pattern[graph.MatmulOp]):
    """matmul(merge(x), w) -> merge(matmul(x, w)); guard: K stays the last dim, w is one matrix"""

    def rewrite(self, op: graph.MatmulOp, rewriter: Rewriter) -> bool:
        merge = merged(op.lhs)
        if merge is None or rank_of(op.rhs) != 2 or flag(op.transpose_lhs) or merge.rank < 2 or not merge.keeps_last(1):
            return False
        dims = (*dims_of(merge.source)[:-1], dims_of(op.result)[-1])
        return reshape_to(op, rebuild(op, [merge.source, op.rhs], dims), rewriter)


class BelowBatchedMatmul(Pattern[graph.MatmulOp]):
    """matmul(merge(x), merge(y)) -> merge(matmul(x, y)); guard: the same batch dims merge, matrices stay as they are"""

    def rewrite(self, op: graph.MatmulOp, rewriter: Rewriter) -> bool:
        left, right = merged(op.lhs), merged(op.rhs)
        if left is None or right is None or not (left.keeps_last(2) and right.keeps_last(2)):
            return False
        batch = dims_of(left.source)[:-2]
        if left.groups[:-2] != right.groups[:-2] or dims_of(right.source)[:-2] != batch:
            return False
        dims = (*batch, *dims_of(op.result)[-2:])
        return reshape_to(op, rebuild(op, [left.source, right.source], dims), rewriter)


AlongAxis = graph.SoftmaxOp | graph.LogSoftmaxOp | graph.CumsumOp | graph.LpNormalizeOp


class BelowAlongAxis(Pattern[AlongAxis]):
    """softmax(merge(x)) -> merge(softmax(x)); guard: the axis isn't merged"""

    def rewrite(self, op: AlongAxis, rewriter: Rewriter) -> bool:
        merge = merged(op.x)
        axis = None if merge is None else merge.axis(integer(op.axis))
        if merge is None or axis is None:
            return False
        below = rebuild(op, [merge.source], dims_of(merge.source))
        below.properties["axis"] = IntegerAttr(axis, i64)
        return reshape_to(op, below, rewriter)


class BelowNorm(Pattern[graph.LayerNormOp | graph.RmsNormOp]):
    """layer_norm(merge(x)) -> merge(layer_norm(x)); guard: the normalised dims aren't merged"""

    def rewrite(self, op: graph.LayerNormOp | graph.RmsNormOp, rewriter: Rewriter) -> bool:
        merge = merged(op.x)
        count = rank_of(op.x) - integer(op.axis)
        if merge is None or not merge.keeps_last(count):
            return False
        below = rebuild(op, [merge.source, *op.operands[1:]], dims_of(merge.source))
        below.properties["axis"] = IntegerAttr(merge.rank - count, i64)
        return reshape_to(op, below, rewriter)


class BelowReduce(Pattern[graph.ReduceOp]):
    """reduce(merge(x)) -> merge(reduce(x)); guard: the reduced dims aren't merged"""

    def rewrite(self, op: graph.ReduceOp, rewriter: Rewriter) -> bool:
        merge = merged(op.x)
        axes = [] if merge is None else [merge.axis(a) for a in ints(op.axes)]
        known = [a for a in axes if a is not None]
        if merge is None or not axes or len(known) < len(axes):
            return False
        return reshape_to(op, graph.ReduceOp(merge.source, op.kind.data, known, flag(op.keepdims)), rewriter)


class BelowSlice(Pattern[graph.SliceOp]):
    """slice(merge(x)) -> merge(slice(x)); guard: the sliced dims aren't merged"""

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        merge = merged(op.x)
        if merge is None:
            return False
        sizes = list(dims_of(merge.source))
        starts, steps = [ZERO] * merge.rank, [ONE] * merge.rank
        columns = zip(op.starts.data, op.steps.data, dims_of(op.x), dims_of(op.result), strict=True)
        for index, (start, step, dim, size) in enumerate(columns):
            if start == ZERO and step == ONE and dim == size:
                continue
            axis = merge.axis(index)
            if axis is None:
                return False
            starts[axis], steps[axis], sizes[axis] = start, step, size
        part = graph.SliceOp(merge.source, starts, tensor(element_of(op.x), sizes), steps)
        return reshape_to(op, part, rewriter)


class BelowTranspose(Pattern[graph.TransposeOp]):
    """transpose(merge(x)) -> merge(transpose(x)), so that it joins the transpose above"""

    def rewrite(self, op: graph.TransposeOp, rewriter: Rewriter) -> bool:
        merge = merged(op.x)
        if merge is None:
            return False
        moved = [axis for index in ints(op.perm) for axis in merge.groups[index]]
        units = [axis for axis in range(merge.rank) if axis not in moved]
        return reshape_to(op, graph.TransposeOp(merge.source, [*units, *moved]), rewriter)


SINKING: tuple[AnyPattern, ...] = (
    BelowElementwise(),
    BelowMatmul(),
    BelowBatchedMatmul(),
    BelowAlongAxis(),
    BelowNorm(),
    BelowReduce(),
    BelowSlice(),
    BelowTranspose(),
)
