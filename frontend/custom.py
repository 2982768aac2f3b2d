"""Import rules of registered ops: the decomposition itself, or a `graph.custom` for a kernel function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

from onnx import AttributeProto
from xdsl.ir import SSAValue

from ..dialects import graph
from ..dialects.graph.base import PropertyValue
from ..errors import RegistrationError
from ..registration import CustomRule, find_custom
from .node import Node, Output, Outputs, UnsupportedError
from .terms import Term
from .values import HostValue, SequenceValue, Tensor

_Kinds = AttributeProto.AttributeType


def custom_rule(domain: str, name: str, version: int) -> Callable[[Node], Outputs] | None:
    """The import rule of an op that is registered for this version of its domain."""
    row = find_custom(domain, name, version)
    return None if row is None else partial(_decomposed if row.result is None else _kernel, row)


def _decomposed(row: CustomRule, n: Node) -> Outputs:
    """What the registered function gives; RegistrationError where that is something else than the outputs of the node."""
    given = row.function(n)
    rows = cast("Iterable[Any]", given) if isinstance(given, list | tuple) else (given,)
    outputs = [_output(row, n, index, value) for index, value in enumerate(rows)]
    if len(outputs) > len(n.proto.output):
        raise RegistrationError(f"its rule gives {len(outputs)} outputs, the node has {len(n.proto.output)}", op=row.key)
    return outputs


def _output(row: CustomRule, n: Node, index: int, value: Any) -> Output | None:
    if isinstance(value, Term):
        return value.value
    if value is None or isinstance(value, SSAValue | Tensor | SequenceValue | HostValue):
        return cast("Output | None", value)
    raise RegistrationError(f"its rule gives {type(value).__name__} as output {index}, expected a term or a value", op=row.key)


def _kernel(row: CustomRule, n: Node) -> Outputs:
    arguments = {name: _argument(attribute) for name, attribute in sorted(n.attributes.items())}
    return n.emit(graph.CustomOp(n.xs(), row, arguments))


def _argument(attribute: AttributeProto) -> PropertyValue:
    match attribute.type:
        case _Kinds.INT:
            return attribute.i
        case _Kinds.FLOAT:
            return attribute.f
        case _Kinds.STRING:
            return attribute.s.decode("utf-8", "replace")
        case _Kinds.INTS:
            return list(attribute.ints)
        case _Kinds.FLOATS:
            return list(attribute.floats)
        case _:
            raise UnsupportedError(f"attribute '{attribute.name}' of a kernel function is neither numbers nor a string")
