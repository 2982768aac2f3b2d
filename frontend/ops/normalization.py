"""Normalisations."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.types import dims_of, element_of
from ..node import DeclinedError, Node, UnsupportedError
from ..registry import op


@op("BatchNormalization")
def batch_norm(n: Node) -> SSAValue:
    """At inference. Before opset 14 training shows in a second output (before 7 also in `is_test`, which exporters got wrong)."""
    if n.int_attr("training_mode", 0) or (n.opset >= 14 and any(n.proto.output[1:])):
        raise UnsupportedError("training mode")
    if not n.int_attr("spatial", 1):
        raise UnsupportedError("statistics per element (spatial = 0)")
    x = n.x()
    parameters = [n.build.cast(n.x(i), element_of(x)) for i in range(1, 5)]
    return n.emit(graph.BatchNormOp(x, *parameters, epsilon=n.float_attr("epsilon", 1e-5)))


@op("InstanceNormalization")
def instance_norm(n: Node) -> SSAValue:
    return n.emit(graph.InstanceNormOp(n.x(0), n.x(1), n.x(2), n.float_attr("epsilon", 1e-5)))


@op("LayerNormalization", since=17)
def layer_norm(n: Node) -> SSAValue:
    """Mean and inverse deviation as further outputs come from the function body."""
    if any(n.proto.output[1:]):
        raise DeclinedError("its mean or deviation is used")
    axis = normalize_axis(n.int_attr("axis", -1), n.rank())
    x, scale, bias = n.x(0), n.x(1), n.optional(2)
    for parameter in [scale] if bias is None else [scale, bias]:
        x = n.build.narrowed(x, dims_of(parameter))
    bias = None if bias is None else n.build.fitted(bias, dims_of(x))
    return n.emit(graph.LayerNormOp(x, n.build.fitted(scale, dims_of(x)), bias, axis, n.float_attr("epsilon", 1e-5)))


@op("RMSNormalization", since=23)
def rms_norm(n: Node) -> SSAValue:
    x = n.build.narrowed(n.x(0), n.shape(1))
    return n.emit(graph.RmsNormOp(x, n.build.fitted(n.x(1), dims_of(x)), n.int_attr("axis", -1), n.float_attr("epsilon", 1e-5)))


@op("GroupNormalization", since=18)
def group_norm_by_group(n: Node) -> SSAValue:
    """Before opset 21 scale and bias have one element for each group instead of each channel."""
    groups, channels = n.int_attr("num_groups"), n.shape()[1]

    def spread(index: int) -> SSAValue:
        vector = n.build.reshape(n.x(index), (groups, 1))
        return n.build.reshape(n.build.broadcast(vector, (groups, channels // groups)), (channels,))

    return n.emit(graph.GroupNormOp(n.x(0), spread(1), spread(2), groups, n.float_attr("epsilon", 1e-5)))


@op("GroupNormalization", since=21)
def group_norm(n: Node) -> SSAValue:
    return n.emit(graph.GroupNormOp(n.x(0), n.x(1), n.x(2), n.int_attr("num_groups"), n.float_attr("epsilon", 1e-5)))


@op("LpNormalization")
def lp_normalize(n: Node) -> SSAValue:
    return n.emit(graph.LpNormalizeOp(n.x(), n.int_attr("axis", -1), n.int_attr("p", 2)))
