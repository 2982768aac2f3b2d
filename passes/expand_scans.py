"""expand-scans: a scan is a loop over slices, with transposes and flips before and behind it (REWRITES S3).

Later passes know one kind of loop only.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Block, SSAValue

from ..dialects import graph
from ..dialects.graph.base import i1, ints, si64
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.types import Dims, dims_of, element_of, rank_of, tensor
from .driver import Pattern, PatternPass, Rewriter

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


class ScanToLoop(Pattern[graph.ScanOp]):
    """scan over xs { f(x) } -> loop i below the length of xs { f(gather(xs, i)) }"""

    def rewrite(self, op: graph.ScanOp, rewriter: Rewriter) -> bool:
        sources = [
            _leading(x, axis, bool(back), rewriter)
            for x, axis, back in zip(op.inputs, ints(op.input_axes), ints(op.input_directions), strict=True)
        ]
        length = dims_of(sources[0])[0]
        trips = rewriter.insert(graph.DimsOp([length], scalar=True))
        body = op.detach_region(op.body)
        _take_slices(body.block, len(op.inits), sources, rewriter)
        types = [v.type for v in op.outs[: len(op.inits)]]
        for result, axis in zip(op.outs[len(op.inits) :], ints(op.output_axes), strict=True):
            types.append(tensor(element_of(result), _moved(dims_of(result), axis)))
        loop = rewriter.insert(graph.LoopOp(trips, None, op.inits, body, types))
        results: list[SSAValue] = list(loop.outs[: len(op.inits)])
        for value, axis, back in zip(loop.outs[len(op.inits) :], ints(op.output_axes), ints(op.output_directions), strict=True):
            results.append(_to_axis(value, axis, bool(back), rewriter))
        rewriter.replace(op, *results)
        return True


def _moved(dims: Dims, axis: int) -> Dims:
    """The dims with one of them first."""
    return (dims[axis], *dims[:axis], *dims[axis + 1 :])


def _leading(x: SSAValue, axis: int, back: bool, rewriter: Rewriter) -> SSAValue:
    """x with the scanned axis first, in the order in which it is scanned."""
    if axis:
        perm = [axis, *(a for a in range(rank_of(x)) if a != axis)]
        x = rewriter.insert(graph.TransposeOp(x, perm)).result
    return _flipped(x, rewriter) if back else x


def _to_axis(x: SSAValue, axis: int, back: bool, rewriter: Rewriter) -> SSAValue:
    """The inverse of `_leading`."""
    x = _flipped(x, rewriter) if back else x
    if not axis:
        return x
    perm = [*range(1, axis + 1), 0, *range(axis + 1, rank_of(x))]
    return rewriter.insert(graph.TransposeOp(x, perm)).result


def _flipped(x: SSAValue, rewriter: Rewriter) -> SSAValue:
    """x backwards along axis 0."""
    dims = dims_of(x)
    rest = [ZERO] * (len(dims) - 1), [ONE] * (len(dims) - 1)
    steps = [DimExpr.of(-1), *rest[1]]
    return rewriter.insert(graph.SliceOp(x, [dims[0] - 1, *rest[0]], x.type, steps)).result


def _take_slices(block: Block, carried: int, sources: list[SSAValue], rewriter: Rewriter) -> None:
    """Turn the arguments of a scan's body into those of a loop's: the slices are gathered inside."""
    iteration = block.insert_arg(tensor(si64, ()), 0)
    going = block.insert_arg(tensor(i1, ()), 1)
    last = block.last_op
    assert isinstance(last, graph.YieldOp)
    first = block.first_op
    assert first is not None
    for source in sources:
        argument = block.args[2 + carried]
        rewriter.replace_uses(argument, rewriter.insert(graph.GatherOp(source, iteration, 0), before=first).result)
        block.erase_arg(argument)
    rewriter.insert(graph.YieldOp([going, *last.values]), before=last)
    rewriter.erase(last)


@dataclass(frozen=True)
class ExpandScansPass(PatternPass):
    """Scans become loops."""

    name = "expand-scans"
    patterns = (ScanToLoop(),)
