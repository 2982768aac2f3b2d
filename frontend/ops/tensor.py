"""Constants, shapes as values, ranges, and ops that do nothing at inference."""

from __future__ import annotations

import math

import numpy as np
from onnx import AttributeProto
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import i1
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.dtypes import numpy_dtype
from ...dialects.graph.types import tensor
from ...errors import BadModelError
from ...runtime.weights import Array
from ..node import Node, UnsupportedError, static
from ..random_numbers import uniform
from ..registry import op
from ..runtime_shapes import range_count
from ..shape_values import Known
from ..tensors import dtype_of, sparse_to_array, to_array
from ..terms import constant as constant_term
from ..terms import iota, optional, term
from ..values import Tensor, Value

_KINDS = AttributeProto.AttributeType


@op("Constant")
def constant(n: Node) -> Value:
    given = [name for name in n.attributes if name.startswith(("value", "sparse_value"))]
    if len(given) != 1:
        raise BadModelError(f"a constant has one value, got {len(given)}")
    return n.context.constant(_constant_array(n, given[0]), n.proto.output[0])


def _constant_array(n: Node, name: str) -> Array:
    match name:
        case "value":
            return to_array(n.attribute(name, _KINDS.TENSOR, "t"), n.context.files)
        case "sparse_value":
            return sparse_to_array(n.attribute(name, _KINDS.SPARSE_TENSOR, "sparse_tensor"), n.context.files)
        case "value_int":
            return np.array(n.int_attr(name), np.int64)
        case "value_ints":
            return np.array(n.ints_attr(name), np.int64)
        case "value_float":
            return np.array(n.float_attr(name), np.float32)
        case "value_floats":
            return np.array(n.floats_attr(name), np.float32)
        case _:
            raise UnsupportedError("strings")


@op("ConstantOfShape", since=9)
def constant_of_shape(n: Node) -> SSAValue | Tensor:
    """A splat of the weight store, or a scalar broadcast to symbolic dims."""
    fill, dims = n.context.fill_value(n), n.dims(0)
    for dim in dims:
        n.need(dim)
    if all(d.is_static for d in dims):
        return n.build.constant(np.broadcast_to(fill, [d.value for d in dims]), n.proto.output[0])
    return n.build.broadcast(n.build.constant(fill).value(), dims)


@op("Shape", "Size")
def shape(n: Node) -> Tensor:
    """Import knows every shape, so this is a value of its own (see shape_movement)."""
    dims = n.shape()
    if n.op == "Size":
        return n.build.known(Known.of([product(dims)], np.int64, ()))
    return n.build.known(Known.of(dims[n.int_attr("start", 0) : n.int_attr("end", len(dims))], np.int64))


@op("Range", since=11)
def range_(n: Node) -> SSAValue:
    operands = [n.build.reshape(n.x(i), ()) for i in range(3)]
    return n.emit(graph.RangeOp(operands[0], operands[1], operands[2], tensor(n.element(0), [_range_size(n)])))


def _range_size(n: Node) -> DimExpr:
    """ceil((limit - start) / delta), at least 0; computed when the model runs where the operands aren't known before."""
    start, limit, delta = (n.tensor(i).known for i in range(3))
    if _is(start, 0) and _is(delta, 1) and n.is_runtime(1):
        n.dims(1)  # a size itself, which other nodes may use as well
        limit = n.tensor(1).known
    if start is None or limit is None or delta is None or not delta.concrete:
        return range_count(n, *(term(n, i).reshape() for i in range(3)))
    if start.concrete and limit.concrete:
        first, last, step = (k.data.item() for k in (start, limit, delta))
        return DimExpr.of(max(0, math.ceil((last - first) / step)))
    step = static(n.dims(2)[0], "the step")
    span = n.dims(1)[0] - n.dims(0)[0]
    count = (span if step > 0 else -span).ceildiv(abs(step))
    n.need(count)
    return count


def _is(known: Known | None, number: int) -> bool:
    return known is not None and known.concrete and known.data.item() == number


@op("EyeLike", since=9)
def eye_like(n: Node) -> SSAValue:
    """Ones where the column is the row plus `k`."""
    rows, columns = n.shape()
    dtype = dtype_of(n.int_attr("dtype")) if "dtype" in n.attributes else numpy_dtype(n.element(0))
    row = iota(n, rows).reshape(rows, 1) + n.int_attr("k", 0)
    return row.equal(iota(n, columns)).cast(dtype).value


@op("Dropout")
def dropout(n: Node) -> list[Value | None]:
    """x, and a mask that keeps all of it; in training mode (opset 12 on) a random part of it."""
    training = n.opset >= 12 and n.has(2)
    known, ratio = n.array(2) if training else None, n.array(1) if training else None
    if training and (known is None or known.any()) and (ratio is None or ratio.any()):
        return _drop(n)
    outputs: list[Value | None] = [n.tensor()]
    if len(n.proto.output) > 1 and n.proto.output[1]:
        element = i1 if n.opset >= 10 else n.element()
        ones = n.build.scalar(1, element)
        outputs.append(Tensor.of(n.build.broadcast(ones, n.shape())))
    return outputs


def _drop(n: Node) -> list[Value | None]:
    """What is kept is scaled by 1 / (1 - ratio) (Srivastava et al. 2014), unless training mode turns out to be off."""
    x, off = term(n), ~term(n, 2).reshape()
    ratio = optional(n, 1)
    rate = ratio.cast(np.float32).reshape() if ratio is not None else constant_term(n, np.array(0.5, np.float32))
    keep = (uniform(n, x.dims) >= rate) | off
    scale = off.select(rate.like(1.0), 1.0 / (1.0 - rate))
    y = keep.select(x * scale.cast(x.element), 0.0)
    return [Tensor.of(y.value), Tensor.of(keep.value)]
