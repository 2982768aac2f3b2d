"""Contractions: matmul, conv, conv_transpose."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, IntegerType, Signedness, i64
from xdsl.ir import Attribute, SSAValue
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

from .base import FALSE, GraphOp, InferenceError, Ints, Operand, flag, integer, ints, require
from .dims import DimExpr
from .types import AnyTensor, broadcast_dims, dims_of, element_of, rank_of, tensor

si32 = IntegerType(32, Signedness.SIGNED)
BYTES: frozenset[Attribute] = frozenset({IntegerType(8, Signedness.SIGNED), IntegerType(8, Signedness.UNSIGNED)})
Padding = tuple[tuple[int, int], ...]


def contraction_element(lhs: SSAValue, rhs: SSAValue) -> Attribute:
    """Element type of a product of two tensors: that of both, or si32 for 8-bit integers (whose signs may differ)."""
    left, right = element_of(lhs), element_of(rhs)
    if {left, right} <= BYTES:
        return si32
    require(left == right, f"operands differ in element type: {left}, {right}")
    return left


def require_equal(lhs: DimExpr, rhs: DimExpr, what: str) -> None:
    """InferenceError when two dims that must agree are known to differ; `open_equalities` lists those that may."""
    require(lhs == rhs or not (lhs.is_static and rhs.is_static), f"{what}: {lhs} and {rhs}")
    found = _open.get()
    if lhs != rhs and found is not None:
        found.append((lhs, rhs))


_open: ContextVar[list[tuple[DimExpr, DimExpr]] | None] = ContextVar("dims that must agree", default=None)


def open_equalities(op: GraphOp) -> list[tuple[DimExpr, DimExpr]]:
    """Pairs of dims that an op takes to be equal, though symbols leave it open: whoever makes the op must see to it."""
    found: list[tuple[DimExpr, DimExpr]] = []
    token = _open.set(found)
    try:
        op.infer()
    finally:
        _open.reset(token)
    return found


@irdl_op_definition
class MatmulOp(GraphOp):
    """`lhs @ rhs` over the last two dims (rank at least 2), batch dims broadcast as in numpy.

    The flags read an operand with its last two dims swapped: [.., M, K] @ [.., K, N] -> [.., M, N].
    """

    name = "graph.matmul"
    lhs = operand_def()
    rhs = operand_def()
    transpose_lhs = prop_def(BoolAttr, default_value=FALSE)
    transpose_rhs = prop_def(BoolAttr, default_value=FALSE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def __init__(
        self,
        lhs: Operand,
        rhs: Operand,
        transpose_lhs: bool = False,
        transpose_rhs: bool = False,
        result_type: Attribute | None = None,
    ):
        props = {"transpose_lhs": transpose_lhs, "transpose_rhs": transpose_rhs}
        self.init_inferred([lhs, rhs], props, None if result_type is None else [result_type])

    @property
    def mnk(self) -> tuple[DimExpr, DimExpr, DimExpr]:
        """M, N, K of one product."""
        m, k = _matrix(self.lhs, flag(self.transpose_lhs))
        _, n = _matrix(self.rhs, flag(self.transpose_rhs))
        return m, n, k

    def infer(self) -> Sequence[AnyTensor]:
        require(min(rank_of(self.lhs), rank_of(self.rhs)) >= 2, "matmul operands have rank 2 or more")
        m, k = _matrix(self.lhs, flag(self.transpose_lhs))
        k2, n = _matrix(self.rhs, flag(self.transpose_rhs))
        require_equal(k, k2, "matmul contracts dims that differ")
        batch = broadcast_dims(dims_of(self.lhs)[:-2], dims_of(self.rhs)[:-2])
        return [tensor(contraction_element(self.lhs, self.rhs), (*batch, m, n))]


def _matrix(value: SSAValue, transposed: bool) -> tuple[DimExpr, DimExpr]:
    rows, columns = dims_of(value)[-2:]
    return (columns, rows) if transposed else (rows, columns)


class _ConvolutionOp(GraphOp):
    """What conv and conv_transpose share: x [N, C, spatial...], spatial attributes, groups."""

    x = operand_def()
    weight = operand_def()
    bias = opt_operand_def()
    strides = prop_def(Ints)
    pads = prop_def(Ints)
    dilations = prop_def(Ints)
    group = prop_def(IntegerAttr.constr(i64), default_value=IntegerAttr(1, i64))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)"

    @property
    def spatial_rank(self) -> int:
        return rank_of(self.x) - 2

    @property
    def padding(self) -> Padding:
        """(before, after) of each spatial dim."""
        return padding(ints(self.pads))

    def check_common(self, outputs: DimExpr) -> None:
        """Ranks, lengths and signs of the attributes, and the bias against the output channels."""
        rank = self.spatial_rank
        require(rank >= 1, f"x has rank {rank + 2}, expected 3 or more")
        require(rank_of(self.weight) == rank + 2, f"weight has rank {rank_of(self.weight)}, expected {rank + 2}")
        check_window(rank, ints(self.strides), ints(self.pads), ints(self.dilations))
        require(integer(self.group) >= 0, "group is not negative")
        if self.bias is not None:
            require(rank_of(self.bias) == 1, f"bias has rank {rank_of(self.bias)}, expected 1")
            require_equal(dims_of(self.bias)[0], outputs, "bias and output channels differ")


@irdl_op_definition
class ConvOp(_ConvolutionOp):
    """Convolution (cross-correlation) of any spatial rank.

    x [N, C, I...], weight [O, C / group, K...], bias [O] -> [N, O, (I + pads - dilation * (K - 1) - 1) // stride + 1 ...].
    `pads` lists all begins, then all ends. A group of 0 stands for one group per channel, however many there are: a depthwise
    kernel whose channels are a runtime size.
    """

    name = "graph.conv"

    def __init__(
        self,
        x: Operand,
        weight: Operand,
        bias: Operand | None = None,
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        group: int = 1,
        result_type: Attribute | None = None,
    ):
        props = {**_window_properties(x, strides, pads, dilations), "group": group}
        self.init_inferred([x, weight, bias], props, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        x, weight = dims_of(self.x), dims_of(self.weight)
        group = integer(self.group) or x[1]
        require(len(weight) >= 2, "weight has rank 3 or more")
        self.check_common(weight[0])
        require_equal(x[1], weight[1] * group, "conv input channels differ from weight channels * group")
        require((weight[0] % group).terms == () or not weight[0].is_static, f"{weight[0]} outputs do not split in {group} groups")
        attributes = zip(x[2:], weight[2:], self.padding, ints(self.strides), ints(self.dilations), strict=True)
        spatial = [window_output(i, k, pad, s, d) for i, k, pad, s, d in attributes]
        return [tensor(contraction_element(self.x, self.weight), (x[0], weight[0], *spatial))]


@irdl_op_definition
class ConvTransposeOp(_ConvolutionOp):
    """The transpose (gradient) of a convolution.

    x [N, C, I...], weight [C, O / group, K...], bias [O] ->
    [N, O, stride * (I - 1) + output_padding + dilation * (K - 1) + 1 - pads ...].
    """

    name = "graph.conv_transpose"
    output_padding = prop_def(Ints)

    def __init__(
        self,
        x: Operand,
        weight: Operand,
        bias: Operand | None = None,
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        group: int = 1,
        output_padding: Sequence[int] | None = None,
        result_type: Attribute | None = None,
    ):
        window = _window_properties(x, strides, pads, dilations)
        extra = output_padding if output_padding is not None else [0] * len(window["strides"])
        props = {**window, "group": group, "output_padding": extra}
        self.init_inferred([x, weight, bias], props, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        x, weight = dims_of(self.x), dims_of(self.weight)
        require(len(weight) >= 2, "weight has rank 3 or more")
        outputs = weight[1] * integer(self.group)
        self.check_common(outputs)
        require_equal(x[1], weight[0], "conv_transpose input channels differ from the weight's")
        extra = ints(self.output_padding)
        require(len(extra) == self.spatial_rank, f"output_padding has {len(extra)} values, expected {self.spatial_rank}")
        spatial: list[DimExpr] = []
        for axis, (low, high) in enumerate(self.padding):
            stride, dilation = ints(self.strides)[axis], ints(self.dilations)[axis]
            full = (x[axis + 2] - 1) * stride + extra[axis] + (weight[axis + 2] - 1) * dilation + 1
            spatial.append(_non_negative(full - low - high))
        return [tensor(contraction_element(self.x, self.weight), (x[0], outputs, *spatial))]


def padding(pads: Sequence[int]) -> Padding:
    """ONNX's flat list (all begins, then all ends) as (before, after) pairs."""
    half = len(pads) // 2
    return tuple(zip(pads[:half], pads[half:], strict=True))


def _window_properties(
    x: Operand, strides: Sequence[int] | None, pads: Sequence[int] | None, dilations: Sequence[int] | None
) -> dict[str, Sequence[int]]:
    rank = rank_of(SSAValue.get(x)) - 2
    return {
        "strides": strides if strides is not None else [1] * rank,
        "pads": pads if pads is not None else [0] * (2 * rank),
        "dilations": dilations if dilations is not None else [1] * rank,
    }


def check_window(rank: int, strides: Sequence[int], pads: Sequence[int], dilations: Sequence[int]) -> None:
    """InferenceError unless the attributes of a sliding window over `rank` spatial dims have the right lengths and signs."""
    for name, values, length in (("strides", strides, rank), ("pads", pads, 2 * rank), ("dilations", dilations, rank)):
        require(len(values) == length, f"{name} has {len(values)} values, expected {length}")
    require(all(s >= 1 for s in strides), f"strides are positive, got {list(strides)}")
    require(all(d >= 1 for d in dilations), f"dilations are positive, got {list(dilations)}")


def window_output(
    size: DimExpr, kernel: DimExpr, pad: tuple[int, int], stride: int, dilation: int, ceil: bool = False
) -> DimExpr:
    """Output size of a sliding window; with `ceil`, windows that would start in the padding at the end do not count."""
    room = size + (pad[0] + pad[1]) - (kernel - 1) * dilation - 1
    if not ceil:
        return _non_negative(room // stride + 1)
    whole, started = room.ceildiv(stride) + 1, (size + pad[0]).ceildiv(stride)
    return _non_negative(whole if whole == started else whole.min(started))


def _non_negative(dim: DimExpr) -> DimExpr:
    if dim.is_static and dim.value < 0:
        raise InferenceError("the window is larger than the padded input")
    return dim


LINALG_OPS = [MatmulOp, ConvOp, ConvTransposeOp]
