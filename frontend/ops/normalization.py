"""Normalisations."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.types import dims_of, element_of
from ..node import DeclinedError, Node
from ..registry import op
from ..terms import Term, term


@op("BatchNormalization")
def batch_norm(n: Node) -> SSAValue | list[SSAValue]:
    """At inference; while training, with the statistics of the batch, and outputs that follow them.

    Before opset 14 training shows in a second output (before 7 also in `is_test`, which exporters got wrong).
    """
    training = bool(n.int_attr("training_mode", 0)) if n.opset >= 14 else any(n.proto.output[1:])
    if n.opset >= 14 and not training and any(n.proto.output[1:]):
        raise ValueError("running statistics are outputs in training mode only")
    if not n.int_attr("spatial", 1):
        return _batch_norm(n, [term(n, i).reshape(1, *n.shape(i)) for i in range(1, 5)], [0], training)
    if training:
        shape = (n.shape()[1], *[1] * (n.rank() - 2))
        return _batch_norm(n, [term(n, i).reshape(*shape) for i in range(1, 5)], [0, *range(2, n.rank())], True)
    x = n.x()
    parameters = [n.build.cast(n.x(i), element_of(x)) for i in range(1, 5)]
    return n.emit(graph.BatchNormOp(x, *parameters, epsilon=n.float_attr("epsilon", 1e-5)))


def _batch_norm(n: Node, parameters: list[Term], over: list[int], training: bool) -> list[SSAValue]:
    """With statistics over these axes, computed in f32 at least. Outputs: y, running mean and variance, those of the batch."""
    given = term(n)
    x = given.cast(np.result_type(given.dtype, np.float32))
    scale, bias, mean, var = (p.cast(x.element) for p in parameters)
    batch = [mean, var]
    if training:
        momentum = n.float_attr("momentum", 0.9)
        batch = _statistics(x, over)
        running = [old * momentum + new * (1.0 - momentum) for old, new in zip((mean, var), batch, strict=True)]
    else:
        running = []
    y = (x - batch[0]) / (batch[1] + n.float_attr("epsilon", 1e-5)).sqrt() * scale + bias
    statistics = [*running, *batch] if training else []
    dims, element = n.shape(3), n.element(3)
    return [y.cast(given.element).value, *(s.reshape(*dims).cast(element).value for s in statistics)]


def _statistics(x: Term, over: list[int]) -> list[Term]:
    mean = x.reduce("mean", over)
    centred = x - mean
    return [mean, (centred * centred).reduce("mean", over)]


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
