"""What passes that move ops past each other share."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects.graph.normalization import LayerNormOp, RmsNormOp
from ..dialects.graph.reduction import LogSoftmaxOp, SoftmaxOp

TrailingOp = LayerNormOp | RmsNormOp | SoftmaxOp | LogSoftmaxOp
"""Ops along trailing dims, from their axis on."""


def rebuilt(op: Operation, operands: Sequence[SSAValue], result: Attribute) -> Operation:
    """The same op on other operands."""
    return type(op).create(operands=operands, result_types=[result], properties=op.properties.copy())
