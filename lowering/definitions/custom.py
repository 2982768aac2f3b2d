"""Elements of custom ops: the registered function, and a check of what it gives."""

from __future__ import annotations

from typing import Any

from ...dialects import graph
from ...dialects.graph.types import element_of
from ...errors import RegistrationError
from ..values import Value, register_type
from .definer import Definer, Indices


def custom(d: Definer, op: graph.CustomOp, at: Indices) -> Value:
    """RegistrationError unless the function gives a `Value` of the result's element type."""
    element, value = element_of(op.result), _call(d, op, at)
    if not isinstance(value, Value):
        raise RegistrationError(f"its kernel function gives {type(value).__name__}, expected a Value", op=op.key.data)
    if value.ssa.type != register_type(element):
        wanted = f"{element} ({register_type(element)} in registers)"
        raise RegistrationError(f"its kernel function gives {value.ssa.type}, expected {wanted}", op=op.key.data)
    return value


def _call(d: Definer, op: graph.CustomOp, at: Indices) -> Any:
    return op.rule().function(d, op, at)
