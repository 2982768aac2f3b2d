"""The ONNX types of values."""

from __future__ import annotations

from onnx import TensorProto, TypeProto, helper

from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.types import dims_of, element_of
from .values import HostValue, SequenceValue, Tensor, Value


def kind_of(type_: TypeProto) -> str:
    """An ONNX type as text: `seq(tensor(float))`; `?` where nothing is known."""
    match type_.WhichOneof("value"):
        case "tensor_type":
            element = type_.tensor_type.elem_type
            return f"tensor({TensorProto.DataType.Name(element).lower()})"
        case "sequence_type":
            return f"seq({kind_of(type_.sequence_type.elem_type)})"
        case "optional_type":
            return f"optional({kind_of(type_.optional_type.elem_type)})"
        case "map_type":
            return f"map({kind_of(type_.map_type.value_type)})"
        case _:
            return "?"


def type_of(value: Value) -> TypeProto:
    """The ONNX type of a value."""
    match value:
        case Tensor():
            dims = [d.value if d.is_static else None for d in dims_of(value.type)]
            element = helper.np_dtype_to_tensor_dtype(numpy_dtype(element_of(value.type)))
            return helper.make_tensor_type_proto(element, dims)
        case HostValue():
            return value.type
        case SequenceValue():
            inner = type_of(value.items[0]) if value.items else value.element or TypeProto()
            make = helper.make_optional_type_proto if value.optional else helper.make_sequence_type_proto
            return make(inner)
        case _:
            return TypeProto()
