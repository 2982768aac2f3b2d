"""What functions for custom ops are written with: `from tilewright.custom import Term, term, graph`. See docs/custom-ops.md."""

from __future__ import annotations

from collections.abc import Callable

from .dialects import graph
from .dialects.graph.dims import DimExpr
from .dialects.graph.types import AnyTensor, dims_of, element_of, tensor, tensor_type
from .frontend.node import Node, UnsupportedError
from .frontend.terms import Term, concat, constant, iota, optional, stack, term
from .lowering.builder import Index
from .lowering.definitions.definer import Definer, Indices
from .lowering.values import Value


def like(operand: int = 0) -> Callable[[graph.CustomOp], AnyTensor]:
    """A result of the type of an operand: `register_op(.., result=like(0))`."""
    return lambda op: tensor(element_of(op.xs[operand]), dims_of(op.xs[operand]))


__all__ = [
    "AnyTensor",
    "Definer",
    "DimExpr",
    "Index",
    "Indices",
    "Node",
    "Term",
    "UnsupportedError",
    "Value",
    "concat",
    "constant",
    "dims_of",
    "element_of",
    "graph",
    "iota",
    "like",
    "optional",
    "stack",
    "tensor",
    "tensor_type",
    "term",
]
