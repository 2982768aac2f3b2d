"""Types of graph inputs: element types, symbolic dims, pinned shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import onnx
from onnx import TensorProto
from xdsl.ir import Attribute

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import element_type
from ..dialects.graph.host import ObjectType
from ..dialects.graph.types import AnyTensor, dims_of, element_of, tensor
from ..errors import BadInputError, BadModelError, UnsupportedNode, UnsupportedOpError
from .builder import check_size
from .onnx_types import kind_of
from .tensors import dtype_of

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
_RESERVED = ("floordiv", "mod", "max", "min")


class Symbols:
    """Names of symbolic dims. The same `dim_param` is the same symbol everywhere; different ones never share a name."""

    def __init__(self) -> None:
        self._by_parameter: dict[str, str] = {}
        self._taken: set[str] = set(_RESERVED)

    def named(self, parameter: str) -> DimExpr:
        """The symbol of a `dim_param`."""
        if parameter not in self._by_parameter:
            self._by_parameter[parameter] = self._free(parameter)
        return DimExpr.symbol(self._by_parameter[parameter])

    def fresh(self, name: str) -> DimExpr:
        return DimExpr.symbol(self._free(name))

    def _free(self, name: str) -> str:
        """An identifier like `name` that no other symbol has."""
        base = _UNSAFE.sub("_", name)
        base = base if base[:1].isalpha() else f"d{base}"  # a leading _ is what types call anonymous dims
        found, count = base, 1
        while found in self._taken:
            found, count = f"{base}_{count}", count + 1
        self._taken.add(found)
        return found


def input_types(inputs: Sequence[onnx.ValueInfoProto], shapes: Mapping[str, Sequence[int]] | None) -> dict[str, Attribute]:
    """The type of each input: a tensor, or an object where it is a sequence, an optional or a tensor of strings.

    Dims that `shapes` pins are numbers, also where other inputs share their symbol.

    UnsupportedOpError for an input that is no numeric tensor, BadInputError for a shape that doesn't fit its input.
    """
    shapes = shapes or {}
    known = {value.name for value in inputs}
    for name in shapes:
        if name not in known:
            raise BadInputError(name, f"one of {', '.join(sorted(known)) or 'no inputs'}", "a shape for an unknown input")
    refused = [UnsupportedNode(v.name, "graph input", "", 0, reason) for v in inputs if (reason := _refusal(v))]
    if refused:
        raise UnsupportedOpError(refused)
    symbols, pins = Symbols(), dict[str, DimExpr]()
    for value in inputs:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                symbols.named(dim.dim_param)
    objects = {v.name: ObjectType.of(kind_of(v.type)) for v in inputs if _is_object(v)}
    types = {v.name: _type(v, symbols, shapes.get(v.name), pins) for v in inputs if v.name not in objects}
    pinned = {n: tensor(element_of(t), [d.substitute(pins) for d in dims_of(t)]) for n, t in types.items()}
    for type_ in pinned.values():
        check_size(type_)
    return {v.name: objects.get(v.name) or pinned[v.name] for v in inputs}


def _is_object(value: onnx.ValueInfoProto) -> bool:
    """Whether an input is no numeric tensor."""
    kind = value.type.WhichOneof("value")
    return kind in ("sequence_type", "optional_type") or value.type.tensor_type.elem_type == TensorProto.STRING


def _refusal(value: onnx.ValueInfoProto) -> str:
    kind = value.type.WhichOneof("value")
    if _is_object(value):
        return ""
    if kind != "tensor_type":
        return f"it is a {(kind or 'value without type').removesuffix('_type')}"
    element = value.type.tensor_type.elem_type
    try:
        element_type(dtype_of(element))
    except (TypeError, ValueError):
        names = {number: name for name, number in TensorProto.DataType.items()}
        return f"its element type is {names.get(element, element)}"
    return ""


def _type(value: onnx.ValueInfoProto, symbols: Symbols, pinned: Sequence[int] | None, pins: dict[str, DimExpr]) -> AnyTensor:
    """The declared type; symbols that `pinned` gives a number go to `pins`."""
    declared = value.type.tensor_type
    element = element_type(dtype_of(declared.elem_type))
    if not declared.HasField("shape"):
        if pinned is None:
            row = UnsupportedNode(value.name, "graph input", "", 0, "its rank is not known; give its shape")
            raise UnsupportedOpError([row])
        return tensor(element, pinned)
    dims = [_dim(value.name, axis, dim, symbols) for axis, dim in enumerate(declared.shape.dim)]
    if pinned is not None:
        _pin(value.name, dims, pinned, pins)
    return tensor(element, dims)


def _dim(name: str, axis: int, dim: onnx.TensorShapeProto.Dimension, symbols: Symbols) -> DimExpr:
    if dim.HasField("dim_value"):
        if dim.dim_value < 0:
            return symbols.fresh(f"{name}_d{axis}")  # some exporters write -1 for "unknown"
        return DimExpr.of(dim.dim_value)
    return symbols.named(dim.dim_param) if dim.dim_param else symbols.fresh(f"{name}_d{axis}")


def _pin(name: str, dims: Sequence[DimExpr], pinned: Sequence[int], pins: dict[str, DimExpr]) -> None:
    expected = f"shape [{', '.join(map(str, dims))}]"
    fits = len(pinned) == len(dims) and all(size >= 0 for size in pinned)
    for dim, size in zip(dims, pinned, strict=False):
        wanted = dim.substitute(pins)
        if wanted.is_static:
            fits = fits and wanted.value == size
        else:
            pins[str(dim)] = DimExpr.of(size)
    if not fits:
        raise BadInputError(name, expected, f"pinned shape {list(pinned)}")


def check_names(inputs: Sequence[onnx.ValueInfoProto]) -> None:
    """BadModelError if an input has no name."""
    if any(not value.name for value in inputs):
        raise BadModelError("a graph input has no name", stage="import")
