"""R2 to R4 for data movement: no-ops go, neighbours of one kind merge, inverse ones cancel, simpler forms replace general ones.

The simpler form of two is the one that more lowerings turn into a view: reshape, then slice, then transpose, then gather.
"""

from __future__ import annotations

from itertools import pairwise

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import integer, ints
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of, element_of, order_of, rank_of, tensor, tensor_type
from ...lowering.strided import is_row_major
from ..constants import array_of, splat_of
from ..driver import AnyPattern, Pattern, Rewriter, producer

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


# -- transpose, reshape, broadcast ----------------------------------------------------------------------------------------


class DropTranspose(Pattern[graph.TransposeOp]):
    """transpose by the identity -> x"""

    def rewrite(self, op: graph.TransposeOp, rewriter: Rewriter) -> bool:
        if list(ints(op.perm)) != list(range(rank_of(op.x))):
            return False
        rewriter.replace(op, op.x)
        return True


class MergeTransposes(Pattern[graph.TransposeOp]):
    """transpose(transpose(x)) -> transpose(x)"""

    def rewrite(self, op: graph.TransposeOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.TransposeOp)
        if inner is None:
            return False
        first = ints(inner.perm)
        rewriter.replace(op, graph.TransposeOp(inner.x, [first[p] for p in ints(op.perm)]))
        return True


class TransposeToReshape(Pattern[graph.TransposeOp]):
    """transpose that moves only dims of 1 -> reshape"""

    def rewrite(self, op: graph.TransposeOp, rewriter: Rewriter) -> bool:
        dims = dims_of(op.x)
        moved = [p for p in ints(op.perm) if dims[p] != ONE]
        if moved != sorted(moved) or not (is_row_major(op.x) and is_row_major(op.result)):
            return False
        rewriter.replace(op, graph.ReshapeOp(op.x, tensor_type(op.result)))
        return True


class DropReshape(Pattern[graph.ReshapeOp | graph.BroadcastOp]):
    """reshape or broadcast to x's own dims -> x"""

    def rewrite(self, op: graph.ReshapeOp | graph.BroadcastOp, rewriter: Rewriter) -> bool:
        if dims_of(op.x) != dims_of(op.result) or order_of(op.x) != order_of(op.result):
            return False
        rewriter.replace(op, op.x)
        return True


class MergeReshapes(Pattern[graph.ReshapeOp | graph.BroadcastOp]):
    """reshape(reshape(x)) -> reshape(x), broadcast(broadcast(x)) -> broadcast(x)"""

    def rewrite(self, op: graph.ReshapeOp | graph.BroadcastOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, type(op))
        if inner is None:
            return False
        rewriter.replace(op, type(op)(inner.x, tensor_type(op.result)))
        return True


class BroadcastToReshape(Pattern[graph.BroadcastOp]):
    """broadcast that adds only dims of 1 -> reshape"""

    def rewrite(self, op: graph.BroadcastOp, rewriter: Rewriter) -> bool:
        source, target = dims_of(op.x), dims_of(op.result)
        added = len(target) - len(source)
        plain = is_row_major(op.x) and is_row_major(op.result)
        if target[added:] != source or any(d != ONE for d in target[:added]) or not plain:
            return False
        rewriter.replace(op, graph.ReshapeOp(op.x, tensor_type(op.result)))
        return True


# -- slice, pad -----------------------------------------------------------------------------------------------------------


class DropSlice(Pattern[graph.SliceOp]):
    """slice of everything -> x"""

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        whole = all(s == ZERO for s in op.starts.data) and all(s == ONE for s in op.steps.data)
        if not whole or dims_of(op.x) != dims_of(op.result):
            return False
        rewriter.replace(op, op.x)
        return True


class MergeSlices(Pattern[graph.SliceOp]):
    """slice(slice(x)) -> slice(x)"""

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.SliceOp)
        if inner is None:
            return False
        outer = list(zip(op.starts.data, op.steps.data, strict=True))
        within = list(zip(inner.starts.data, inner.steps.data, strict=True))
        starts = [a + s * start for (start, _), (a, s) in zip(outer, within, strict=True)]
        steps = [s * step for (_, step), (_, s) in zip(outer, within, strict=True)]
        rewriter.replace(op, graph.SliceOp(inner.x, starts, tensor_type(op.result), steps))
        return True


class DropPad(Pattern[graph.PadOp]):
    """pad by nothing -> x"""

    def rewrite(self, op: graph.PadOp, rewriter: Rewriter) -> bool:
        if any(d != ZERO for d in (*op.low.data, *op.high.data)):
            return False
        rewriter.replace(op, op.x)
        return True


class DropPadValue(Pattern[graph.PadOp]):
    """pad(x, 0) -> pad(x); guard: +0"""

    def rewrite(self, op: graph.PadOp, rewriter: Rewriter) -> bool:
        value = None if op.value is None else splat_of(op.value, rewriter.session.weights)
        if value is None or (op.mode.data == "constant" and any(value.tobytes())):
            return False
        rewriter.replace(op, graph.PadOp(op.x, op.low.data, op.high.data, mode=op.mode.data))
        return True


class MergePads(Pattern[graph.PadOp]):
    """pad(pad(x)) -> pad(x); guard: mode constant, one value, nothing cropped"""

    def rewrite(self, op: graph.PadOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.PadOp)
        if inner is None or {op.mode.data, inner.mode.data} != {"constant"} or op.value is not inner.value:
            return False
        amounts = (*op.low.data, *op.high.data, *inner.low.data, *inner.high.data)
        if not all(a.is_static and a.value >= 0 for a in amounts):
            return False
        low, high = (
            [a + b for a, b in zip(first.data, second.data, strict=True)]
            for first, second in ((op.low, inner.low), (op.high, inner.high))
        )
        rewriter.replace(op, graph.PadOp(inner.x, low, high, op.value))
        return True


# -- concat ---------------------------------------------------------------------------------------------------------------


class SimplifyConcat(Pattern[graph.ConcatOp]):
    """concat(x) -> x; concat(a, concat(b, c)) -> concat(a, b, c); concat(a, empty) -> concat(a)"""

    def rewrite(self, op: graph.ConcatOp, rewriter: Rewriter) -> bool:
        axis = integer(op.axis)
        if len(op.xs) == 1:
            rewriter.replace(op, op.xs[0])
            return True
        parts = [part for x in op.xs for part in self._parts(x, axis)]
        filled = [p for p in parts if dims_of(p)[axis] != ZERO] or parts[:1]
        if len(filled) == len(op.xs):
            return False
        rewriter.replace(op, graph.ConcatOp(filled, axis))
        return True

    @staticmethod
    def _parts(x: SSAValue, axis: int) -> list[SSAValue]:
        inner = producer(x, graph.ConcatOp)
        nested = inner is not None and integer(inner.axis) == axis and x.has_one_use()
        return list(inner.xs) if inner is not None and nested else [x]


class MergeConcatenatedSlices(Pattern[graph.ConcatOp]):
    """concat(slice(x, 0..a), slice(x, a..b)) -> slice(x, 0..b), which goes if that is all of x"""

    def rewrite(self, op: graph.ConcatOp, rewriter: Rewriter) -> bool:
        axis = integer(op.axis)
        for index in range(len(op.xs) - 1):
            joined = self._joined(op.xs[index], op.xs[index + 1], axis)
            if joined is not None:
                merged = rewriter.insert(joined)
                rewriter.replace(op, graph.ConcatOp([*op.xs[:index], merged, *op.xs[index + 2 :]], axis))
                return True
        return False

    @staticmethod
    def _joined(first: SSAValue, second: SSAValue, axis: int) -> graph.SliceOp | None:
        left, right = producer(first, graph.SliceOp), producer(second, graph.SliceOp)
        if left is None or right is None or left.x is not right.x or left.steps != right.steps:
            return None
        size = dims_of(first)[axis]
        expected = [
            s + size * step if i == axis else s for i, (s, step) in enumerate(zip(left.starts.data, left.steps.data, strict=True))
        ]
        if list(right.starts.data) != expected:
            return None
        dims = [d + size if i == axis else d for i, d in enumerate(dims_of(second))]
        return graph.SliceOp(left.x, left.starts.data, tensor(element_of(first), dims), left.steps.data)


class SliceOfConcat(Pattern[graph.SliceOp]):
    """slice(concat(a, b, c)) -> slice(a), slice(concat(a, b)); guard: known extents, step 1, and no second concat is made"""

    def rewrite(self, op: graph.SliceOp, rewriter: Rewriter) -> bool:
        concat = producer(op.x, graph.ConcatOp)
        if concat is None:
            return False
        axis = integer(concat.axis)
        start, size = op.starts.data[axis], dims_of(op.result)[axis]
        if op.steps.data[axis] != ONE or not (start.is_static and size.is_static and size.value):
            return False
        found = _covering(concat, axis, start.value, start.value + size.value)
        if found is None:
            return False
        parts, offset = found
        if len(parts) == len(concat.xs) or (len(parts) > 1 and not op.x.has_one_use()):
            return False
        source = parts[0] if len(parts) == 1 else rewriter.insert(graph.ConcatOp(parts, axis)).result
        starts = [s - offset if i == axis else s for i, s in enumerate(op.starts.data)]
        rewriter.replace(op, graph.SliceOp(source, starts, tensor_type(op.result), op.steps.data))
        return True


def _covering(concat: graph.ConcatOp, axis: int, start: int, end: int) -> tuple[list[SSAValue], int] | None:
    """The operands that hold [start, end), and where the first of them begins; None if an extent before that is symbolic."""
    parts: list[SSAValue] = []
    at, first = 0, 0
    for x in concat.xs:
        extent = dims_of(x)[axis]
        if at >= end:
            break
        if not extent.is_static:
            return None
        if at + extent.value > start:
            first = first if parts else at
            parts.append(x)
        at += extent.value
    return parts, first


# -- gather ---------------------------------------------------------------------------------------------------------------


class GatherToSlice(Pattern[graph.GatherOp]):
    """gather(x, constant indices a, a + s, a + 2s, ...) -> slice, with a reshape for a scalar index"""

    def rewrite(self, op: graph.GatherOp, rewriter: Rewriter) -> bool:
        axis, dims = integer(op.axis), dims_of(op.x)
        indices = array_of(op.indices, rewriter.session.weights)
        if indices is None or indices.ndim > 1 or not indices.size:
            return False
        flat = [dims[axis] + int(i) if i < 0 else DimExpr.of(int(i)) for i in indices.flat]
        steps = {b - a for a, b in pairwise(flat)} or {ONE}
        step = steps.pop()
        if steps or not step.is_static or step == ZERO or not _inside(flat, dims[axis]):
            return False
        starts = [flat[0] if i == axis else ZERO for i in range(len(dims))]
        sizes = [DimExpr.of(len(flat)) if i == axis else d for i, d in enumerate(dims)]
        picks = [step if i == axis else ONE for i in range(len(dims))]
        part = graph.SliceOp(op.x, starts, tensor(element_of(op.x), sizes), picks)
        if indices.ndim == 1:
            rewriter.replace(op, part)
        else:
            rewriter.replace(op, graph.ReshapeOp(rewriter.insert(part), tensor_type(op.result)))
        return True


def _inside(indices: list[DimExpr], dim: DimExpr) -> bool:
    """Whether all indices are known to be in [0, dim): a gather checks its indices when it runs, a slice does not."""
    return dim.is_static and all(i.is_static and 0 <= i.value < dim.value for i in indices)


class ResizeToItself(Pattern[graph.ResizeOp]):
    """resize by 1 -> x"""

    def rewrite(self, op: graph.ResizeOp, rewriter: Rewriter) -> bool:
        scales = () if op.scales is None else op.scales.get_values()
        given = op.is_region or op.factors is not None
        if dims_of(op.x) != dims_of(op.result) or any(s != 1 for s in scales) or given:
            return False
        rewriter.replace(op, op.x)
        return True


MOVEMENT: tuple[AnyPattern, ...] = (
    DropTranspose(),
    MergeTransposes(),
    TransposeToReshape(),
    DropReshape(),
    MergeReshapes(),
    BroadcastToReshape(),
    DropSlice(),
    MergeSlices(),
    DropPad(),
    DropPadValue(),
    MergePads(),
    SimplifyConcat(),
    MergeConcatenatedSlices(),
    SliceOfConcat(),
    GatherToSlice(),
    ResizeToItself(),
)
