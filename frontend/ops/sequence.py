"""Sequences and optionals of tensors: import takes them apart, so their positions must be known."""

from __future__ import annotations

import numpy as np
from onnx import AttributeProto, TensorProto, helper
from xdsl.ir import SSAValue

from ...dialects.graph.base import normalize_axis
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of
from ..node import Node, UnsupportedError, static
from ..registry import op
from ..values import HostValue, SequenceValue, Tensor, Value
from .movement import join
from .slicing import ONE, pieces


@op("SequenceConstruct", since=11)
def construct(n: Node) -> SequenceValue:
    return SequenceValue(tuple(n.tensor(i) for i in range(len(n.inputs))))


@op("SequenceEmpty", since=11)
def empty(n: Node) -> SequenceValue:
    element = helper.make_tensor_type_proto(n.int_attr("dtype", TensorProto.FLOAT), None)
    return SequenceValue((), element=element)


@op("SequenceAt", since=11)
def at(n: Node) -> list[Value | None]:
    items = n.sequence().items
    return [items[_position(n, 1, len(items))]]


@op("SequenceLength", since=11)
def length(n: Node) -> Value:

    return n.build.constant(np.array(len(n.sequence().items), np.int64))


@op("SequenceInsert", since=11)
def insert(n: Node) -> SequenceValue:
    items = list(n.sequence().items)
    items.insert(_position(n, 2, len(items) + 1) if n.has(2) else len(items), n.tensor(1))
    return SequenceValue(tuple(items))


@op("SequenceErase", since=11)
def erase(n: Node) -> SequenceValue:
    items = list(n.sequence().items)
    del items[_position(n, 1, len(items)) if n.has(1) else -1]
    return SequenceValue(tuple(items))


def _position(n: Node, index: int, count: int) -> int:
    (position,) = n.values(index)
    if not -count <= position < count:
        raise ValueError(f"position {position} of a sequence of {count}")
    return position % count


@op("SplitToSequence", since=11)
def split_to_sequence(n: Node) -> SequenceValue:
    """By sizes, by one size for all, or into single elements, which lose the dim unless `keepdims`."""
    x, axis = n.x(), normalize_axis(n.int_attr("axis", 0), n.rank())
    dim = dims_of(x)[axis]
    if not n.has(1):
        parts = pieces(n, x, axis, [ONE] * static(dim, "the dim"))
        if not n.int_attr("keepdims", 1):
            parts = [_without(n, part, axis) for part in parts]
    elif n.rank(1):
        parts = pieces(n, x, axis, n.dims(1))
    else:
        (size,) = n.values(1)
        total = static(dim, "the dim")
        if size <= 0:
            raise ValueError(f"the size of a part is {size}")
        parts = pieces(n, x, axis, [DimExpr.of(min(size, total - at)) for at in range(0, total, size)])
    return SequenceValue(tuple(Tensor.of(part) for part in parts))


def _without(n: Node, x: SSAValue, axis: int) -> SSAValue:
    return n.build.reshape(x, [d for i, d in enumerate(dims_of(x)) if i != axis])


@op("ConcatFromSequence", since=11)
def concat_from_sequence(n: Node) -> SSAValue:
    xs = [item.value() for item in n.sequence().items if isinstance(item, Tensor)]
    if not xs:
        raise ValueError("it joins nothing")
    if not n.int_attr("new_axis", 0):
        return join(n, xs, n.int_attr("axis"))
    rank = len(dims_of(xs[0])) + 1
    axis = normalize_axis(n.int_attr("axis"), rank)
    return join(n, [n.build.reshape(x, [*dims_of(x)[:axis], ONE, *dims_of(x)[axis:]]) for x in xs], axis)


@op("Optional", since=15)
def optional(n: Node) -> Value:
    """An optional is a sequence of one or none."""
    element = n.attribute("type", AttributeProto.TYPE_PROTO, "tp")
    return SequenceValue((n.inputs[0],) if n.inputs and n.inputs[0] is not None else (), optional=True, element=element)


@op("OptionalHasElement", since=15)
def has_element(n: Node) -> Value:

    value = n.inputs[0] if n.inputs else None
    if isinstance(value, HostValue):
        raise UnsupportedError("an object")
    return n.build.constant(np.array(bool(value.items) if isinstance(value, SequenceValue) else value is not None))


@op("OptionalGetElement", since=15)
def get_element(n: Node) -> list[Value | None]:
    value = n.inputs[0]
    if isinstance(value, HostValue):
        raise UnsupportedError("an object")
    if not isinstance(value, SequenceValue):
        return [value]
    if not value.items:
        raise UnsupportedError("the optional is empty")
    return [value.items[0]]
