"""R3, R5 for loops: values that never change, values that nobody reads, loops that don't run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import Attribute, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.base import ints
from ...dialects.graph.types import dims_of
from ..constants import inline_constant, splat_of
from ..driver import AnyPattern, Pattern, Rewriter, users
from .branches import yields

Loop = graph.LoopOp | graph.ScanOp


def leading(op: Loop) -> int:
    """Values that a loop's body takes and yields before the carried ones: arguments first, then yields."""
    return 2 if isinstance(op, graph.LoopOp) else 0


def carried_argument(op: Loop, index: int) -> SSAValue:
    return op.body.block.args[leading(op) + index]


def carried_yield(op: Loop, index: int) -> int:
    """Where among the yielded values the next value of a carried one stands."""
    return index + (1 if isinstance(op, graph.LoopOp) else 0)


class ForwardInvariant(Pattern[graph.LoopOp | graph.ScanOp]):
    """loop that yields a carried value unchanged -> its initial value instead, in the loop and after it; guard: one type"""

    def rewrite(self, op: Loop, rewriter: Rewriter) -> bool:
        last = yields(op.body)
        for index, init in enumerate(op.inits):
            argument = carried_argument(op, index)
            out, at = op.outs[index], carried_yield(op, index)
            if last.values[at] is not argument or not init.type == argument.type == out.type:
                continue
            if out.first_use is None and users(argument) == [last]:
                continue
            rewriter.replace_uses(out, init)
            rewriter.replace_uses(argument, init)
            rewriter.set_operand(last, at, argument)
            return True
        return False


class DropUnusedCarried(Pattern[graph.LoopOp | graph.ScanOp]):
    """loop that carries v for itself only, or stacks s that nobody reads -> loop without"""

    def rewrite(self, op: Loop, rewriter: Rewriter) -> bool:
        carried = [i for i in range(len(op.inits)) if not self._is_idle(op, i)]
        scans = [i for i in range(len(op.inits), len(op.outs)) if op.outs[i].first_use is not None]
        if len(carried) + len(scans) == len(op.outs) or not (carried or scans):
            return False
        body = self._body_without(op, carried, scans, rewriter)
        types = [op.outs[i].type for i in (*carried, *scans)]
        smaller = rewriter.insert(self._rebuilt(op, body, carried, scans, types))
        for new, index in zip(smaller.outs, (*carried, *scans), strict=True):
            rewriter.replace_uses(op.outs[index], new)
        rewriter.erase(op)
        return True

    @staticmethod
    def _is_idle(op: Loop, index: int) -> bool:
        """Whether only the yield of the next value reads a carried value, and nothing its last one."""
        last = yields(op.body)
        readers = carried_argument(op, index).uses
        own = all(u.operation is last and u.index == carried_yield(op, index) for u in readers)
        return own and op.outs[index].first_use is None

    @staticmethod
    def _body_without(op: Loop, carried: Sequence[int], scans: Sequence[int], rewriter: Rewriter) -> Region:
        last = yields(op.body)
        kept = [carried_yield(op, i) for i in (*carried, *scans)]
        first = [last.values[0]] if isinstance(op, graph.LoopOp) else []
        rewriter.insert(graph.YieldOp([*first, *(last.values[i] for i in kept)]), before=last)
        rewriter.erase(last)
        for index in reversed(range(len(op.inits))):
            if index not in carried:
                op.body.block.erase_arg(op.body.block.args[leading(op) + index])
        return op.detach_region(op.body)

    @staticmethod
    def _rebuilt(op: Loop, body: Region, carried: Sequence[int], scans: Sequence[int], types: Sequence[Attribute]) -> Loop:
        inits = [op.inits[i] for i in carried]
        if isinstance(op, graph.LoopOp):
            return graph.LoopOp(op.trip_count, op.condition, inits, body, types)
        outputs = [i - len(op.inits) for i in scans]
        axes, directions = ints(op.output_axes), ints(op.output_directions)
        return graph.ScanOp(
            inits,
            op.inputs,
            body,
            types,
            ints(op.input_axes),
            ints(op.input_directions),
            [axes[i] for i in outputs],
            [directions[i] for i in outputs],
        )


class ConditionInLoop(Pattern[graph.LoopOp]):
    """loop { f(condition) } -> loop { f(true) }: an iteration only starts when the condition holds"""

    def rewrite(self, op: graph.LoopOp, rewriter: Rewriter) -> bool:
        argument, block = op.body.block.args[1], op.body.block
        if argument.first_use is None or dims_of(argument) or block.first_op is None:
            return False
        known = rewriter.insert(inline_constant(np.array(True)), before=block.first_op)
        rewriter.replace_uses(argument, known.result)
        return True


class DropKnownCondition(Pattern[graph.LoopOp]):
    """loop while true -> loop"""

    def rewrite(self, op: graph.LoopOp, rewriter: Rewriter) -> bool:
        known = None if op.condition is None else splat_of(op.condition, rewriter.session.weights)
        if known is None or not known:
            return False
        body = op.detach_region(op.body)
        rewriter.replace(op, graph.LoopOp(op.trip_count, None, op.inits, body, [o.type for o in op.outs]))
        return True


class SkipIdleLoop(Pattern[graph.LoopOp]):
    """loop of no iterations -> its initial values; guard: nothing is stacked"""

    def rewrite(self, op: graph.LoopOp, rewriter: Rewriter) -> bool:
        store = rewriter.session.weights
        trips = None if op.trip_count is None else splat_of(op.trip_count, store)
        condition = None if op.condition is None else splat_of(op.condition, store)
        idle = (trips is not None and trips <= 0) or (condition is not None and not condition)
        if not idle or len(op.outs) != len(op.inits):
            return False
        rewriter.replace(op, *op.inits)
        return True


LOOPS: tuple[AnyPattern, ...] = (
    SkipIdleLoop(),
    DropKnownCondition(),
    ConditionInLoop(),
    ForwardInvariant(),
    DropUnusedCarried(),
)
