"""What the `onnx` package says about an op: arity, attributes, and the function body of ops that have one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

import onnx
from onnx import AttributeProto, FunctionProto, defs

from ..errors import BadModelError
from .onnx_types import type_of
from .values import Value

_LIMIT = 1 << 20  # more operands than any op has: stands for "variadic"


class Schema(Protocol):
    """`onnx.defs.OpSchema`, as far as it is used here (the stubs of the package are older than it)."""

    since_version: int
    min_input: int
    max_input: int
    min_output: int
    max_output: int
    attributes: Mapping[str, Any]
    has_function: bool
    has_context_dependent_function: bool
    function_opset_versions: Sequence[int]
    context_dependent_function_opset_versions: Sequence[int]

    def get_function_with_opset_version(self, version: int, /) -> bytes: ...
    def get_context_dependent_function_with_opset_version(self, version: int, node: bytes, types: list[bytes], /) -> bytes: ...


@dataclass(frozen=True)
class Signature:
    """Arity and attributes of an op at one version: attribute name -> (type, required)."""

    since: int
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    attributes: Mapping[str, tuple[int, bool]]


@lru_cache(maxsize=4096)
def find_schema(domain: str, op: str, opset: int) -> Schema | None:
    """The schema of an op as of an opset version; None if there is none."""
    try:
        return cast(Schema, defs.get_schema(op, opset, domain))
    except (defs.SchemaError, TypeError):  # TypeError: a version beyond 32 bits
        return None


@lru_cache(maxsize=4096)
def find_signature(domain: str, op: str, opset: int) -> Signature | None:
    """Arity and attributes of an op as of an opset version; None if it isn't in the `onnx` package."""
    schema = find_schema(domain, op, opset)
    if schema is None:
        return None
    attributes = {name: (int(a.type.value), bool(a.required)) for name, a in schema.attributes.items()}
    inputs = (schema.min_input, min(schema.max_input, _LIMIT))
    outputs = (schema.min_output, min(schema.max_output, _LIMIT))
    return Signature(schema.since_version, inputs, outputs, attributes)


def has_function(domain: str, op: str, opset: int) -> bool:
    """Whether the op's schema may define it by a function body."""
    schema = find_schema(domain, op, opset)
    return schema is not None and (schema.has_function or schema.has_context_dependent_function)


def check_node(node: onnx.NodeProto, signature: Signature, attributes: Mapping[str, AttributeProto]) -> None:
    """BadModelError unless the number of operands and the attributes fit the signature."""
    for what, count, (least, most) in (
        ("inputs", len(node.input), signature.inputs),
        ("outputs", len(node.output), signature.outputs),
    ):
        if not least <= count <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}" if most < _LIMIT else f"{least} or more"
            raise BadModelError(f"it has {count} {what}, expected {wanted}")
    for name, attribute in attributes.items():
        if name not in signature.attributes:
            raise BadModelError(f"it has no attribute '{name}' at this opset version")
        if attribute.type != signature.attributes[name][0]:
            raise BadModelError(f"attribute '{name}' has the wrong type")
    for name, (_, required) in signature.attributes.items():
        if required and name not in attributes:
            raise BadModelError(f"attribute '{name}' is missing")


def function_body(domain: str, node: onnx.NodeProto, opset: int, inputs: Sequence[Value | None]) -> FunctionProto | None:
    """The function body that defines this use of an op, None if there is none."""
    schema = find_schema(domain, node.op_type, opset)
    if schema is None:
        return None
    version = _newest(schema.function_opset_versions, opset)
    if version is not None:
        return FunctionProto.FromString(schema.get_function_with_opset_version(version))
    version = _newest(schema.context_dependent_function_opset_versions, opset)
    if version is None:
        return None
    types = [(type_of(v) if v is not None else onnx.TypeProto()).SerializeToString() for v in inputs]
    body = schema.get_context_dependent_function_with_opset_version(version, node.SerializeToString(), types)
    return FunctionProto.FromString(body) if body else None


def attribute_defaults(domain: str, op: str, opset: int) -> dict[str, AttributeProto]:
    """The attributes of an op that have a default value."""
    schema = find_schema(domain, op, opset)
    rows = schema.attributes.items() if schema is not None else ()
    return {name: a.default_value for name, a in rows if a.default_value.type}


def _newest(versions: Iterable[int], opset: int) -> int | None:
    return max((v for v in versions if v <= opset), default=None)
