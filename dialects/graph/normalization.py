"""Normalisations: batch, layer, RMS, instance, group and p-norm."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FloatAttr, IntegerAttr, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .base import GraphOp, Operand, integer, normalize_axis, require
from .elementwise import is_float
from .linalg import require_equal
from .reduction import require_axis
from .types import AnyTensor, broadcast_dims, dims_of, element_of, rank_of, tensor


class NormalizationOp(GraphOp):
    """An op that normalises the float tensor x and keeps its shape.

    Subclasses declare x again: xDSL puts inherited operands after a class's own.
    """

    x = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)

    def same(self) -> Sequence[AnyTensor]:
        element = element_of(self.x)
        require(is_float(element), f"{self.name} takes float elements, got {element}")
        return [tensor(element, dims_of(self.x))]

    def check_channels(self, *parameters: SSAValue) -> None:
        """The parameters are vectors as long as dim 1 of x."""
        require(rank_of(self.x) >= 2, f"x has rank {rank_of(self.x)}, expected channels in dim 1")
        for parameter in parameters:
            require(rank_of(parameter) == 1, f"a parameter has rank {rank_of(parameter)}, expected 1")
            require_equal(dims_of(parameter)[0], dims_of(self.x)[1], "parameter and channels differ")


@irdl_op_definition
class BatchNormOp(NormalizationOp):
    """scale * (x - mean) / sqrt(var + epsilon) + bias; parameters [C], x [N, C, ...] (ONNX BatchNormalization at inference)."""

    name = "graph.batch_norm"
    x = operand_def()
    scale = operand_def()
    bias = operand_def()
    mean = operand_def()
    var = operand_def()
    epsilon = prop_def(FloatAttr)
    assembly_format = "$x `,` $scale `,` $bias `,` $mean `,` $var attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, scale: Operand, bias: Operand, mean: Operand, var: Operand, epsilon: float = 1e-5):
        self.init_inferred([x, scale, bias, mean, var], {"epsilon": epsilon})

    def infer(self) -> Sequence[AnyTensor]:
        self.check_channels(self.scale, self.bias, self.mean, self.var)
        return self.same()


@irdl_op_definition
class LayerNormOp(NormalizationOp):
    """scale * (x - mean) / sqrt(variance + epsilon) + bias over dims axis.. of x; Ba, Kiros, Hinton 2016.

    scale and bias broadcast against x[axis:].
    """

    name = "graph.layer_norm"
    x = operand_def()
    scale = operand_def()
    bias = opt_operand_def()
    axis = prop_def(IntegerAttr.constr(i64))
    epsilon = prop_def(FloatAttr)
    assembly_format = "$x `,` $scale (`,` $bias^)? attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, scale: Operand, bias: Operand | None = None, axis: int = -1, epsilon: float = 1e-5):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        self.init_inferred([x, scale, bias], {"axis": axis, "epsilon": epsilon})

    def infer(self) -> Sequence[AnyTensor]:
        check_trailing(self.x, integer(self.axis), self.scale, self.bias)
        return self.same()


@irdl_op_definition
class RmsNormOp(NormalizationOp):
    """scale * x / sqrt(mean of squares + epsilon) over dims axis.. of x; Zhang and Sennrich 2019."""

    name = "graph.rms_norm"
    x = operand_def()
    scale = operand_def()
    axis = prop_def(IntegerAttr.constr(i64))
    epsilon = prop_def(FloatAttr)
    assembly_format = "$x `,` $scale attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, scale: Operand, axis: int = -1, epsilon: float = 1e-5):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        self.init_inferred([x, scale], {"axis": axis, "epsilon": epsilon})

    def infer(self) -> Sequence[AnyTensor]:
        check_trailing(self.x, integer(self.axis), self.scale)
        return self.same()


def check_trailing(x: SSAValue, axis: int, *parameters: SSAValue | None) -> None:
    """The axis is in range and the parameters broadcast against x[axis:]."""
    require_axis(axis, rank_of(x))
    trailing = dims_of(x)[axis:]
    for parameter in parameters:
        if parameter is not None:
            fits = broadcast_dims(dims_of(parameter), trailing) == trailing
            require(fits, f"a parameter of dims {list(map(str, dims_of(parameter)))} does not broadcast against x[{axis}:]")


@irdl_op_definition
class InstanceNormOp(NormalizationOp):
    """scale * (x - mean) / sqrt(variance + epsilon) + bias per sample and channel over the spatial dims; parameters [C]."""

    name = "graph.instance_norm"
    x = operand_def()
    scale = operand_def()
    bias = operand_def()
    epsilon = prop_def(FloatAttr)
    assembly_format = "$x `,` $scale `,` $bias attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, scale: Operand, bias: Operand, epsilon: float = 1e-5):
        self.init_inferred([x, scale, bias], {"epsilon": epsilon})

    def infer(self) -> Sequence[AnyTensor]:
        self.check_channels(self.scale, self.bias)
        return self.same()


@irdl_op_definition
class GroupNormOp(NormalizationOp):
    """Like instance_norm, over groups of C / groups channels; parameters [C]; Wu and He 2018."""

    name = "graph.group_norm"
    x = operand_def()
    scale = operand_def()
    bias = operand_def()
    groups = prop_def(IntegerAttr.constr(i64))
    epsilon = prop_def(FloatAttr)
    assembly_format = "$x `,` $scale `,` $bias attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, scale: Operand, bias: Operand, groups: int, epsilon: float = 1e-5):
        self.init_inferred([x, scale, bias], {"groups": groups, "epsilon": epsilon})

    def infer(self) -> Sequence[AnyTensor]:
        self.check_channels(self.scale, self.bias)
        groups, channels = integer(self.groups), dims_of(self.x)[1]
        require(groups >= 1, "groups is positive")
        require(not channels.is_static or channels.value % groups == 0, f"{channels} channels do not split in {groups} groups")
        return self.same()


@irdl_op_definition
class LpNormalizeOp(NormalizationOp):
    """x divided by its p-norm (p is 1 or 2) along an axis (ONNX LpNormalization)."""

    name = "graph.lp_normalize"
    x = operand_def()
    axis = prop_def(IntegerAttr.constr(i64))
    p = prop_def(IntegerAttr.constr(i64), default_value=IntegerAttr(2, i64))
    assembly_format = "$x attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, axis: int = -1, p: int = 2):
        self.init_inferred([x], {"axis": normalize_axis(axis, rank_of(SSAValue.get(x))), "p": p})

    def infer(self) -> Sequence[AnyTensor]:
        require_axis(integer(self.axis), rank_of(self.x))
        require(integer(self.p) in (1, 2), f"p is 1 or 2, got {integer(self.p)}")
        return self.same()


NORMALIZATION_OPS = [BatchNormOp, LayerNormOp, RmsNormOp, InstanceNormOp, GroupNormOp, LpNormalizeOp]
