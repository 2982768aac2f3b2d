"""Values and nodes that run on the host: strings, sequences, optionals, images, through onnx's reference implementation.

Only ops in the tables here may; a numeric op never does. What a host op gives becomes a tensor again where a numeric op reads it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from google.protobuf import json_format
from onnx import TensorProto, TypeProto, defs, helper, numpy_helper, shape_inference
from xdsl.ir import SSAValue

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import element_type
from ..dialects.graph.host import HostOp, ObjectType, UnboxOp
from ..dialects.graph.types import tensor
from ..runtime.weights import Array
from .builder import Builder
from .node import Node, UnsupportedError
from .onnx_types import kind_of, type_of
from .tensors import dtype_of
from .values import HostValue, SequenceValue, Tensor, Value

SEQUENCES = (
    *("SequenceConstruct", "SequenceEmpty", "SequenceAt", "SequenceLength", "SequenceInsert", "SequenceErase"),
    *("SplitToSequence", "ConcatFromSequence", "Optional", "OptionalHasElement", "OptionalGetElement"),
)
STRINGS = ("StringConcat", "StringSplit", "StringNormalizer", "RegexFullMatch", "ImageDecoder")
"""Ops that always run on the host."""
EITHER = (
    *("Identity", "Cast", "CastLike", "Constant", "ConstantOfShape", "Equal", "Where", "Shape", "Size", "Reshape"),
    *("Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Split", "Slice", "Expand", "Tile", "Pad", "ReverseSequence"),
    *("Gather", "GatherElements", "GatherND", "Scatter", "ScatterElements", "ScatterND", "Compress", "Unique"),
    *("TfIdfVectorizer",),
)
"""Ops that run on the host where an operand, or what they make, is a string, a sequence or an optional."""
ML = ("LabelEncoder", "CategoryMapper", "OneHotEncoder", "DictVectorizer", "ZipMap", "ArrayFeatureExtractor")
"""Ops of ai.onnx.ml that do, under the same condition. Classifiers are compiled; only string labels are looked up on the host."""


def may_run_on_host(n: Node, domain: str) -> bool:
    """Whether a node that has no native form here is one for the host."""
    if domain == "ai.onnx.ml":
        return n.op in ML and _is_about_objects(n)
    return domain == "" and (n.op in (*SEQUENCES, *STRINGS) or (n.op in EITHER and _is_about_objects(n)))


def is_host_op(domain: str, op: str) -> bool:
    """Whether ops of this name can run on the host at all."""
    return op in (ML if domain == "ai.onnx.ml" else (*SEQUENCES, *STRINGS) if domain == "" else ())


def _is_about_objects(n: Node) -> bool:
    given = any(isinstance(v, SequenceValue) or (isinstance(v, HostValue) and not _is_numbers(v.type)) for v in n.inputs)
    return given or any(_is_text(t) for t in _output_types(n, n.opset, _domain(n)).values()) or n.op in STRINGS


def _is_numbers(type_: TypeProto) -> bool:
    """Whether a type is a numeric tensor: its ops are compiled, or refused where its rank is not known."""
    return type_.WhichOneof("value") == "tensor_type" and not _is_text(type_)


def _is_text(type_: TypeProto) -> bool:
    return type_.WhichOneof("value") == "tensor_type" and type_.tensor_type.elem_type == TensorProto.STRING


def _domain(n: Node) -> str:
    return "" if n.proto.domain == "ai.onnx" else n.proto.domain


# -- nodes ----------------------------------------------------------------------------------------------------------------
def on_host(n: Node) -> list[Value | None]:
    """Emit a node as `graph.host`; its outputs are objects."""
    types = _output_types(n, n.opset, _domain(n))
    operands = [object_of(n.build, v)[0] for v in n.inputs if v is not None]
    kinds = [types.get(name, TypeProto()) for name in n.proto.output]
    results = emit_host(n.build, _plain_node(n), _opsets(n), operands, kinds)
    return [result if name else None for name, result in zip(n.proto.output, results, strict=True)]


def emit_host(
    build: Builder, node: onnx.NodeProto, opsets: Sequence[str], operands: Sequence[SSAValue], types: Sequence[TypeProto]
) -> list[HostValue]:
    """A node on the host, with these values for its operands in order."""
    text = json_format.MessageToJson(node, indent=None)
    op = HostOp(node.op_type, text, opsets, operands, [ObjectType.of(kind_of(t)) for t in types])
    op.location = build.location
    build.block.add_op(op)
    return [HostValue(value, type_) for value, type_ in zip(op.outs, types, strict=True)]


def _plain_node(n: Node) -> onnx.NodeProto:
    """The node with names by position and without references into an enclosing function."""
    node = onnx.NodeProto(op_type=n.op, domain=n.proto.domain)
    present = [i < len(n.inputs) and n.inputs[i] is not None for i in range(len(n.proto.input))]
    node.input.extend(f"i{i}" if there else "" for i, there in enumerate(present))
    node.output.extend(f"o{i}" if name else "" for i, name in enumerate(n.proto.output))
    for name, attribute in sorted(n.attributes.items()):
        copy = node.attribute.add()
        copy.CopyFrom(attribute)
        copy.name = name
        copy.ref_attr_name = ""
    return node


def _opsets(n: Node) -> list[str]:
    return [f"{_domain(n) or 'ai.onnx'}:{n.opset}"]


def _output_types(n: Node, opset: int, domain: str) -> dict[str, TypeProto]:
    """The ONNX types of a node's outputs by name, as far as they can be told."""
    named = {name: type_of(v) for name, v in zip(n.proto.input, n.inputs, strict=False) if name and v is not None}
    node = _plain_node(n)
    del node.input[:], node.output[:]
    node.input.extend(name if name in named else "" for name in n.proto.input)
    node.output.extend(n.proto.output)
    try:
        schema = defs.get_schema(n.op, opset, domain)
        return dict(shape_inference.infer_node_outputs(schema, node, named))
    except Exception:  # onnx raises what it likes; no type is what this says
        return {}


# -- tensors to objects and back ----------------------------------------------------------------------------------------------
def object_of(build: Builder, value: Value) -> tuple[SSAValue, TypeProto]:
    """What a host op gets for a value: a tensor as it is, everything else as an object."""
    match value:
        case Tensor():
            return value.value(), type_of(value)
        case HostValue():
            return value.ssa, value.type
        case SequenceValue():
            return _boxed_items(build, value), type_of(value)
        case _:
            raise UnsupportedError("it depends on something unsupported")


def boxed(build: Builder, value: Value) -> HostValue:
    """A value as an object, tensors too."""
    if isinstance(value, HostValue):
        return value
    ssa, type_ = object_of(build, value)
    if not isinstance(value, Tensor):
        return HostValue(ssa, type_)
    node = helper.make_node("Identity", ["i0"], ["o0"])
    return emit_host(build, node, ["ai.onnx:16"], [ssa], [type_])[0]


def _boxed_items(build: Builder, value: SequenceValue) -> SSAValue:
    operands = [object_of(build, item)[0] for item in value.items]
    names = [f"i{i}" for i in range(len(operands))]
    if value.optional:
        node = helper.make_node("Optional", names, ["o0"])
        if not operands:
            node.attribute.append(helper.make_attribute("type", value.element or TypeProto()))
    elif operands:
        node = helper.make_node("SequenceConstruct", names, ["o0"])
    else:
        element = value.element.tensor_type.elem_type if value.element is not None else TensorProto.FLOAT
        node = helper.make_node("SequenceEmpty", [], ["o0"], dtype=element)
    return emit_host(build, node, ["ai.onnx:16"], operands, [type_of(value)])[0].ssa


def string_constant(build: Builder, array: Array) -> HostValue:
    """A tensor of strings."""
    node = helper.make_node("Constant", [], ["o0"], value=numpy_helper.from_array(array.astype(object)))
    type_ = helper.make_tensor_type_proto(TensorProto.STRING, array.shape)
    return emit_host(build, node, ["ai.onnx:16"], [], [type_])[0]


def unboxed(build: Builder, value: HostValue) -> Tensor:
    """The tensor in an object; UnsupportedError where that is no numeric tensor of known rank."""
    if value.tensor is not None and build.is_here(value.tensor.value()):
        return value.tensor
    if value.type.WhichOneof("value") != "tensor_type":
        raise UnsupportedError(f"it reads a {kind_of(value.type)} as a tensor")
    declared = value.type.tensor_type
    if declared.elem_type in (TensorProto.STRING, TensorProto.UNDEFINED):
        raise UnsupportedError(f"it reads a {kind_of(value.type)}")
    if not declared.HasField("shape"):
        raise UnsupportedError("it reads a tensor whose rank is not known")
    names = [build.fresh_symbol() for _ in declared.shape.dim]
    element = element_type(np.dtype(dtype_of(declared.elem_type)))
    op = UnboxOp(value.ssa, names, tensor(element, [DimExpr.symbol(name) for name in names]))
    op.location = build.location
    build.block.add_op(op)
    value.tensor = Tensor.of(op.result)
    return value.tensor


def is_numeric(value: Value) -> bool:
    """Whether an object holds a numeric tensor of known rank."""
    if not isinstance(value, HostValue) or value.type.WhichOneof("value") != "tensor_type":
        return False
    declared = value.type.tensor_type
    return declared.elem_type not in (TensorProto.STRING, TensorProto.UNDEFINED) and declared.HasField("shape")
