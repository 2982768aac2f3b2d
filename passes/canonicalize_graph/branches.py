"""R3, R5, R6 for `graph.if`: known conditions, branches that agree, results that nothing uses."""

from __future__ import annotations

import numpy as np
from xdsl.ir import Block, Operation, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.types import dims_of
from ..constants import constant_of, inline_constant, splat_of
from ..driver import AnyPattern, Pattern, Rewriter


def yields(region: Region) -> graph.YieldOp:
    """The terminator of a region of a control op."""
    last = region.block.last_op
    assert isinstance(last, graph.YieldOp)
    return last


def is_inside(node: Operation | Block, region: Region) -> bool:
    """Whether an op or block stands in a region, at any depth."""
    block = node if isinstance(node, Block) else node.parent
    while block is not None:
        if block.parent is region:
            return True
        block = block.parent_block()
    return False


class InlineKnownBranch(Pattern[graph.IfOp]):
    """if(true) { ...; yield x } -> ...; x"""

    def rewrite(self, op: graph.IfOp, rewriter: Rewriter) -> bool:
        condition = splat_of(op.condition, rewriter.session.weights)
        if condition is None:
            return False
        region = op.then_region if condition else op.else_region
        last = yields(region)
        values = list(last.values)
        rewriter.erase(last)
        rewriter.inline(region.block, op)
        rewriter.replace(op, *values)
        return True


class ForwardAgreedValue(Pattern[graph.IfOp]):
    """if(c) { yield x } else { yield x } -> x for that result; guard: x is defined outside, or is one constant in both"""

    def rewrite(self, op: graph.IfOp, rewriter: Rewriter) -> bool:
        then, otherwise = yields(op.then_region), yields(op.else_region)
        for result, first, second in zip(op.outs, then.values, otherwise.values, strict=True):
            agreed = self._agreed(op, first, second, rewriter) if result.first_use is not None else None
            if agreed is not None:
                rewriter.replace_uses(result, agreed)
                rewriter.modify(op)
                return True
        return False

    @staticmethod
    def _agreed(op: graph.IfOp, first: SSAValue, second: SSAValue, rewriter: Rewriter) -> SSAValue | None:
        if first is second and not is_inside(first.owner, op.then_region):
            return first
        left, right = constant_of(first), constant_of(second)
        if left is None or right is None or left.value != right.value or first.type != second.type:
            return None
        return rewriter.insert(graph.ConstantOp(left.value, first.type)).result


class DropUnusedResults(Pattern[graph.IfOp]):
    """if whose first result is unused -> if without it, and without what only computes it"""

    def rewrite(self, op: graph.IfOp, rewriter: Rewriter) -> bool:
        kept = [i for i, result in enumerate(op.outs) if result.first_use is not None]
        if len(kept) == len(op.outs) or not kept:
            return False
        for region in (op.then_region, op.else_region):
            last = yields(region)
            rewriter.insert(graph.YieldOp([last.values[i] for i in kept]), before=last)
            rewriter.erase(last)
        regions = [op.detach_region(region) for region in (op.then_region, op.else_region)]
        smaller = rewriter.insert(graph.IfOp(op.condition, regions[0], regions[1], [op.outs[i].type for i in kept]))
        for new, index in zip(smaller.outs, kept, strict=True):
            rewriter.replace_uses(op.outs[index], new)
        rewriter.erase(op)
        return True


class ConditionInBranch(Pattern[graph.IfOp]):
    """if(c) { f(c) } else { g(c) } -> if(c) { f(true) } else { g(false) }; guard: c is a scalar"""

    def rewrite(self, op: graph.IfOp, rewriter: Rewriter) -> bool:
        condition = op.condition
        if constant_of(condition) is not None or dims_of(condition):
            return False
        changed = False
        for region, known in ((op.then_region, True), (op.else_region, False)):
            inside = [use for use in condition.uses if is_inside(use.operation, region)]
            if not inside:
                continue
            first = region.block.first_op
            assert first is not None
            constant = rewriter.insert(inline_constant(np.array(known)), before=first)
            for use in inside:
                rewriter.set_operand(use.operation, use.index, constant.result)
            changed = True
        return changed


BRANCHES: tuple[AnyPattern, ...] = (InlineKnownBranch(), ForwardAgreedValue(), DropUnusedResults(), ConditionInBranch())
