"""Ops along axes: reductions, arg-reductions, softmax, cumulative sums, top-k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .attrs import DimAttr
from .base import FALSE, TRUE, GraphOp, Ints, Operand, flag, integer, ints, normalize_axis, require, require_kind, si64
from .dims import DimExpr, DimLike
from .elementwise import is_float
from .types import AnyTensor, Dims, dims_of, element_of, rank_of, tensor

REDUCE_KINDS = ("sum", "mean", "max", "min", "prod", "l1", "l2", "log_sum", "log_sum_exp", "sum_square")
AXIS_FORMAT = "$x attr-dict `:` functional-type(operands, results)"


def reduced_dims(dims: Dims, axes: Sequence[int], keepdims: bool) -> list[DimExpr]:
    """The dims without the reduced ones, or with 1 in their place."""
    kept = ((DimExpr.of(1) if i in axes else d, i in axes) for i, d in enumerate(dims))
    return [d for d, reduced in kept if keepdims or not reduced]


def require_axis(axis: int, rank: int) -> None:
    """InferenceError unless the axis is in [0, rank)."""
    require(0 <= axis < rank, f"axis {axis} is out of range for rank {rank}")


@irdl_op_definition
class ReduceOp(GraphOp):
    """A reduction over `axes` (sorted, distinct, in [0, rank)); the reduced dims stay as 1 with `keepdims`.

    l1: sum of absolute values; l2: root of the sum of squares; log_sum: log of the sum; log_sum_exp: log of the sum of exp.
    """

    name = "graph.reduce"
    x = operand_def()
    kind = prop_def(StringAttr)
    axes = prop_def(Ints)
    keepdims = prop_def(BoolAttr, default_value=TRUE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = AXIS_FORMAT

    def __init__(self, x: Operand, kind: str, axes: Sequence[int], keepdims: bool = True, result_type: Attribute | None = None):
        """Axes may be negative and in any order."""
        rank = rank_of(SSAValue.get(x))
        props = {"kind": kind, "axes": sorted({normalize_axis(a, rank) for a in axes}), "keepdims": keepdims}
        self.init_inferred([x], props, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.kind, REDUCE_KINDS)
        axes, dims = ints(self.axes), dims_of(self.x)
        require(list(axes) == sorted(set(axes)), f"axes are sorted and distinct, got {list(axes)}")
        for axis in axes:
            require_axis(axis, len(dims))
        return [tensor(element_of(self.x), reduced_dims(dims, axes, flag(self.keepdims)))]


@irdl_op_definition
class ArgReduceOp(GraphOp):
    """Index (si64) of the maximum or minimum along an axis; the first one, or the last with `select_last_index`."""

    name = "graph.arg_reduce"
    x = operand_def()
    kind = prop_def(StringAttr)
    axis = prop_def(IntegerAttr.constr(i64))
    keepdims = prop_def(BoolAttr, default_value=TRUE)
    select_last_index = prop_def(BoolAttr, default_value=FALSE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = AXIS_FORMAT

    def __init__(self, x: Operand, kind: str, axis: int, keepdims: bool = True, select_last_index: bool = False):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        props = {"kind": kind, "axis": axis, "keepdims": keepdims, "select_last_index": select_last_index}
        self.init_inferred([x], props)

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.kind, ("max", "min"))
        require_axis(integer(self.axis), rank_of(self.x))
        return [tensor(si64, reduced_dims(dims_of(self.x), [integer(self.axis)], flag(self.keepdims)))]


class AlongAxisOp(GraphOp):
    """An op of the shape of x that works along one axis."""

    FLOAT_ONLY: ClassVar[bool] = True
    x = operand_def()
    axis = prop_def(IntegerAttr.constr(i64))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = AXIS_FORMAT

    def __init__(self, x: Operand, axis: int, result_type: Attribute | None = None):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        self.init_inferred([x], {"axis": axis}, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require_axis(integer(self.axis), rank_of(self.x))
        element = element_of(self.x)
        require(is_float(element) or not self.FLOAT_ONLY, f"{self.name} takes float elements, got {element}")
        return [tensor(element, dims_of(self.x))]


@irdl_op_definition
class SoftmaxOp(AlongAxisOp):
    """exp(x - max) / sum of exp(x - max) along one axis"""

    name = "graph.softmax"


@irdl_op_definition
class LogSoftmaxOp(AlongAxisOp):
    """(x - max) - log(sum of exp(x - max)) along one axis"""

    name = "graph.log_softmax"


class _CumulativeOp(AlongAxisOp):
    FLOAT_ONLY: ClassVar[bool] = False
    exclusive = prop_def(BoolAttr, default_value=FALSE)
    reverse = prop_def(BoolAttr, default_value=FALSE)

    def __init__(self, x: Operand, axis: int, exclusive: bool = False, reverse: bool = False):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        self.init_inferred([x], {"axis": axis, "exclusive": exclusive, "reverse": reverse})


@irdl_op_definition
class CumsumOp(_CumulativeOp):
    """Running sums along one axis, without the element itself (`exclusive`) or from the end (`reverse`)."""

    name = "graph.cumsum"


@irdl_op_definition
class CumprodOp(_CumulativeOp):
    """Running products along one axis, without the element itself (`exclusive`) or from the end (`reverse`)."""

    name = "graph.cumprod"


@irdl_op_definition
class TopKOp(GraphOp):
    """The `k` largest (or smallest) values along an axis and their indices (si64); ties take the lower index first."""

    name = "graph.top_k"
    x = operand_def()
    k = prop_def(DimAttr)
    axis = prop_def(IntegerAttr.constr(i64))
    largest = prop_def(BoolAttr, default_value=TRUE)
    sorted = prop_def(BoolAttr, default_value=TRUE)
    values = result_def()
    indices = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = AXIS_FORMAT

    def __init__(self, x: Operand, k: DimLike, axis: int = -1, largest: bool = True, sorted: bool = True):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        props = {"k": DimAttr(DimExpr.of(k)), "axis": axis, "largest": largest, "sorted": sorted}
        self.init_inferred([x], props, results=2)

    def infer(self) -> Sequence[AnyTensor]:
        dims, axis, k = list(dims_of(self.x)), integer(self.axis), self.k.data
        require_axis(axis, len(dims))
        if k.is_static and dims[axis].is_static:
            require(0 <= k.value <= dims[axis].value, f"k is {k} of {dims[axis]} elements")
        dims[axis] = k
        return [tensor(element_of(self.x), dims), tensor(si64, dims)]


REDUCTION_OPS = [ReduceOp, ArgReduceOp, SoftmaxOp, LogSoftmaxOp, CumsumOp, CumprodOp, TopKOp]
