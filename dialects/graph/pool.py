"""Sliding windows without weights: pooling and local response normalisation."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, FloatAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .base import FALSE, GraphOp, Ints, Operand, flag, integer, ints, require, require_kind, si64
from .dims import DimExpr
from .linalg import Padding, check_window, padding, window_output
from .types import AnyTensor, Dims, dims_of, element_of, rank_of, tensor

POOL_KINDS = ("max", "average", "lp")


class _WindowOp(GraphOp):
    """What slides over the spatial dims of x [N, C, I...]; `pads` lists all begins, then all ends.

    With `ceil_mode` a last window may hang over the end.
    """

    x = operand_def()
    kernel = prop_def(Ints)
    strides = prop_def(Ints)
    pads = prop_def(Ints)
    dilations = prop_def(Ints)
    ceil_mode = prop_def(BoolAttr, default_value=FALSE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x attr-dict `:` functional-type(operands, results)"

    @property
    def padding(self) -> Padding:
        """(before, after) of each spatial dim."""
        return padding(ints(self.pads))

    def pooled(self) -> Dims:
        """The dims of the result; InferenceError unless the window fits x."""
        x, kernel = dims_of(self.x), ints(self.kernel)
        require(len(x) >= 3, f"x has rank {len(x)}, expected 3 or more")
        require(len(kernel) == len(x) - 2, f"kernel has {len(kernel)} values, expected {len(x) - 2}")
        require(all(k >= 1 for k in kernel), f"kernel sizes are positive, got {list(kernel)}")
        check_window(len(kernel), ints(self.strides), ints(self.pads), ints(self.dilations))
        attributes = zip(x[2:], kernel, self.padding, ints(self.strides), ints(self.dilations), strict=True)
        ceil = flag(self.ceil_mode)
        return (*x[:2], *(window_output(i, DimExpr.of(k), pad, s, d, ceil) for i, k, pad, s, d in attributes))


def _window_properties(
    kernel: Sequence[int], strides: Sequence[int] | None, pads: Sequence[int] | None, dilations: Sequence[int] | None
) -> dict[str, Sequence[int]]:
    rank = len(kernel)
    return {
        "kernel": kernel,
        "strides": strides if strides is not None else [1] * rank,
        "pads": pads if pads is not None else [0] * (2 * rank),
        "dilations": dilations if dilations is not None else [1] * rank,
    }


@irdl_op_definition
class PoolOp(_WindowOp):
    """Pooling of x [N, C, I...] over a sliding window: max, average or the `p`-norm (lp).

    Padding is -infinity for max and 0 otherwise; `count_include_pad` counts it in the divisor of an average.
    """

    name = "graph.pool"
    kind = prop_def(StringAttr)
    count_include_pad = prop_def(BoolAttr, default_value=FALSE)
    p = prop_def(IntegerAttr.constr(i64), default_value=IntegerAttr(2, i64))

    def __init__(
        self,
        x: Operand,
        kind: str,
        kernel: Sequence[int],
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        count_include_pad: bool = False,
        ceil_mode: bool = False,
        p: int = 2,
        result_type: Attribute | None = None,
    ):
        props = {
            "kind": kind,
            **_window_properties(kernel, strides, pads, dilations),
            "count_include_pad": count_include_pad,
            "ceil_mode": ceil_mode,
            "p": p,
        }
        self.init_inferred([x], props, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.kind, POOL_KINDS)
        require(integer(self.p) >= 1, "p is positive")
        return [tensor(element_of(self.x), self.pooled())]


@irdl_op_definition
class ArgPoolOp(_WindowOp):
    """Where the maximum of each window is, as an index into the elements of x in row-major order (si64).

    `column_major` counts the spatial dims from the first to the last instead. The first of equal elements counts (ONNX MaxPool).
    """

    name = "graph.arg_pool"
    column_major = prop_def(BoolAttr, default_value=FALSE)

    def __init__(
        self,
        x: Operand,
        kernel: Sequence[int],
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        ceil_mode: bool = False,
        column_major: bool = False,
    ):
        window = _window_properties(kernel, strides, pads, dilations)
        self.init_inferred([x], {**window, "ceil_mode": ceil_mode, "column_major": column_major})

    def infer(self) -> Sequence[AnyTensor]:
        return [tensor(si64, self.pooled())]


@irdl_op_definition
class LrnOp(GraphOp):
    """x / (bias + alpha / size * sum of squares over `size` neighbouring channels) ** beta (ONNX LRN)."""

    name = "graph.lrn"
    x = operand_def()
    size = prop_def(IntegerAttr.constr(i64))
    alpha = prop_def(FloatAttr)
    beta = prop_def(FloatAttr)
    bias = prop_def(FloatAttr)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0):
        self.init_inferred([x], {"size": size, "alpha": alpha, "beta": beta, "bias": bias})

    def infer(self) -> Sequence[AnyTensor]:
        require(rank_of(self.x) >= 2, "x has channels in dim 1")
        require(integer(self.size) >= 1, "size is positive")
        return [tensor(element_of(self.x), dims_of(self.x))]


POOL_OPS = [PoolOp, ArgPoolOp, LrnOp]
