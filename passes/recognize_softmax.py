"""recognize-softmax: decomposed softmax, log-softmax and log-sum-exp (REWRITES U10)."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.elementwise import DivOp, ExpOp, LogOp, MulOp, ReciprocalOp, SubOp
from ..dialects.graph.reduction import LogSoftmaxOp, ReduceOp, SoftmaxOp
from ..dialects.graph.types import dims_of
from .driver import Pattern, PatternPass, Rewriter, producer
from .matching import operand_pairs, sole


def reduced(value: SSAValue, kind: str) -> tuple[SSAValue, int] | None:
    """(x, axis) of a reduction of this kind over one axis, dims kept."""
    reduce = producer(value, ReduceOp)
    if reduce is None or reduce.kind.data != kind or not flag(reduce.keepdims) or len(ints(reduce.axes)) != 1:
        return None
    return reduce.x, ints(reduce.axes)[0]


def without_maximum(value: SSAValue, axis: int) -> SSAValue:
    """x of `x - max(x)` along the axis; the value itself where it is no such difference."""
    difference = producer(value, SubOp)
    shifted = difference is not None and reduced(difference.rhs, "max") == (difference.lhs, axis)
    return difference.lhs if difference is not None and shifted else value


class RecognizeSoftmax(Pattern[DivOp | MulOp]):
    """exp(x - max(x)) / sum(exp(x - max(x))) -> softmax(x), along one axis; also without the maximum

    Without the maximum the result differs only where exp(x) overflows and the quotient is NaN.
    """

    def rewrite(self, op: DivOp | MulOp, rewriter: Rewriter) -> bool:
        for numerator, denominator in _quotients(op):
            exponential, total = producer(numerator, ExpOp), reduced(denominator, "sum")
            if exponential is not None and total is not None and total[0] == numerator:
                x = without_maximum(exponential.x, total[1])
                rewriter.replace(op, SoftmaxOp(x, total[1], op.result.type))
                return True
        return False


def _quotients(op: DivOp | MulOp) -> list[tuple[SSAValue, SSAValue]]:
    """All (a, b) for which the op is a / b."""
    if isinstance(op, DivOp):
        return [(op.lhs, op.rhs)]
    inverses = [(a, producer(factor, ReciprocalOp)) for a, factor in operand_pairs(op)]
    return [(a, inverse.x) for a, inverse in inverses if inverse is not None]


class LogOfSoftmax(Pattern[LogOp]):
    """log(softmax(x)) -> log_softmax(x), where nothing else uses the softmax"""

    def rewrite(self, op: LogOp, rewriter: Rewriter) -> bool:
        softmax = producer(op.x, SoftmaxOp)
        if softmax is None or not sole(op.x, SoftmaxOp):
            return False
        rewriter.replace(op, LogSoftmaxOp(softmax.x, integer(softmax.axis), op.result.type))
        return True


class RecognizeLogSoftmax(Pattern[SubOp]):
    """(x - max(x)) - log(sum(exp(x - max(x)))) -> log_softmax(x), along one axis; also without the maximum

    x - log_sum_exp(x) -> log_softmax(x)
    """

    def rewrite(self, op: SubOp, rewriter: Rewriter) -> bool:
        found = _log_sum_exp(op.rhs)
        if found is None or found[0] != op.lhs or dims_of(op.lhs) != dims_of(op.result):
            return False
        x, axis = without_maximum(op.lhs, found[1]), found[1]
        rewriter.replace(op, LogSoftmaxOp(x, axis, op.result.type))
        return True


def _log_sum_exp(value: SSAValue) -> tuple[SSAValue, int] | None:
    """(x, axis) of log(sum(exp(x)))."""
    whole = reduced(value, "log_sum_exp")
    if whole is not None:
        return whole
    log = producer(value, LogOp)
    total = reduced(log.x, "sum") if log is not None else None
    exponential = producer(total[0], ExpOp) if total is not None else None
    return (exponential.x, total[1]) if exponential is not None and total is not None else None


@dataclass(frozen=True)
class RecognizeSoftmaxPass(PatternPass):
    """Decomposed softmax -> graph.softmax, graph.log_softmax."""

    name = "recognize-softmax"
    patterns = (RecognizeSoftmax(), LogOfSoftmax(), RecognizeLogSoftmax())
