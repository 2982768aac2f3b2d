"""R1, R3, R4 for casts: to the type that x has, of a cast that lost nothing, and before an op that takes either type."""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.ir import Attribute

from ...dialects import graph
from ...dialects.graph.dtypes import numpy_dtype
from ...dialects.graph.elementwise import is_float, is_integer
from ...dialects.graph.types import element_of
from ..driver import AnyPattern, Pattern, Rewriter, producer

MANTISSA_BITS: dict[str, int] = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
EXPONENT_BITS: dict[str, int] = {"bfloat16": 8, "float16": 5, "float32": 8, "float64": 11}


def loses_nothing(source: Attribute, target: Attribute) -> bool:
    """Whether every value of `source` is one of `target`, bits of NaN aside; booleans are 0 and 1."""
    if source == target:
        return True
    before, after = numpy_dtype(source), numpy_dtype(target)
    if before.kind == "b":
        return True
    if after.kind == "b":
        return False
    if is_float(target):
        return _fits_float(before, after, is_float(source))
    return not is_float(source) and _integer_bits(before, after)


def _fits_float(before: np.dtype[Any], after: np.dtype[Any], from_float: bool) -> bool:
    if from_float:
        return MANTISSA_BITS[before.name] <= MANTISSA_BITS[after.name] and EXPONENT_BITS[before.name] <= EXPONENT_BITS[after.name]
    bits = before.itemsize * 8 - (before.kind == "i")
    return bits <= MANTISSA_BITS[after.name]


def _integer_bits(before: np.dtype[Any], after: np.dtype[Any]) -> bool:
    if before.kind == after.kind:
        return before.itemsize <= after.itemsize
    return before.kind == "u" and before.itemsize < after.itemsize


class DropCast(Pattern[graph.CastOp]):
    """cast to x's own type -> x"""

    def rewrite(self, op: graph.CastOp, rewriter: Rewriter) -> bool:
        if element_of(op.x) != element_of(op.result):
            return False
        rewriter.replace(op, op.x)
        return True


class MergeCasts(Pattern[graph.CastOp]):
    """cast(cast(x)) -> cast(x), which goes if x has that type; guard: the inner cast loses nothing"""

    def rewrite(self, op: graph.CastOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, graph.CastOp)
        if inner is None or not loses_nothing(element_of(inner.x), element_of(op.x)):
            return False
        if element_of(inner.x) == element_of(op.result):
            rewriter.replace(op, inner.x)
        else:
            rewriter.replace(op, graph.CastOp(inner.x, element_of(op.result)))
        return True


class DropIndexCast(Pattern[graph.GatherOp | graph.GatherElementsOp | graph.GatherNdOp]):
    """gather(x, cast(indices)) -> gather(x, indices); guard: an integer cast that loses nothing"""

    def rewrite(self, op: graph.GatherOp | graph.GatherElementsOp | graph.GatherNdOp, rewriter: Rewriter) -> bool:
        inner = producer(op.indices, graph.CastOp)
        if inner is None or not is_integer(element_of(inner.x)) or not loses_nothing(element_of(inner.x), element_of(op.indices)):
            return False
        rewriter.set_operand(op, 1, inner.x)
        return True


CASTS: tuple[AnyPattern, ...] = (DropCast(), MergeCasts(), DropIndexCast())
