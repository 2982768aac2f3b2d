"""Data movement without arithmetic: transpose, reshape, broadcast, slice, concat, pad, relayout, triangles."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure

from .attrs import DimsAttr
from .base import GraphOp, Ints, Operand, integer, ints, normalize_axis, require, require_kind
from .dims import DimExpr, DimLike, exact_quotient, product
from .linalg import require_equal
from .reduction import require_axis
from .types import AnyTensor, Dims, broadcast_dims, dims_of, element_of, is_anonymous, numel, rank_of, tensor, with_order

PAD_MODES = ("constant", "reflect", "edge", "wrap")
X_FORMAT = "$x attr-dict `:` functional-type(operands, results)"


def to_dims(values: Sequence[DimLike]) -> DimsAttr:
    """Ints, texts or expressions as one attribute."""
    return DimsAttr(tuple(DimExpr.of(v) for v in values))


class MovementOp(GraphOp):
    """An op that moves the elements of x."""

    x = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = X_FORMAT


@irdl_op_definition
class TransposeOp(MovementOp):
    """result.shape[i] = x.shape[perm[i]] (numpy.transpose)."""

    name = "graph.transpose"
    perm = prop_def(Ints)

    def __init__(self, x: Operand, perm: Sequence[int], result_type: Attribute | None = None):
        self.init_inferred([x], {"perm": perm}, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        perm, dims = ints(self.perm), dims_of(self.x)
        require(sorted(perm) == list(range(len(dims))), f"perm {list(perm)} is not a permutation of {len(dims)} dims")
        return [tensor(element_of(self.x), [dims[p] for p in perm])]


@irdl_op_definition
class ReshapeOp(MovementOp):
    """The elements of x in row-major order under the dims of the result type."""

    name = "graph.reshape"

    def __init__(self, x: Operand, result_type: Attribute):
        self.init_inferred([x], {}, [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        dims = _solve_unknown(numel(self.x), dims_of(self.result))
        require_equal(numel(self.x), product(dims), "reshape changes the number of elements")
        return [tensor(element_of(self.x), dims)]


def _solve_unknown(total: DimExpr, dims: Dims) -> Dims:
    """The dims, a single one that nothing is known of computed from the number of elements where that divides."""
    unknown = [i for i, d in enumerate(dims) if is_anonymous(d)]
    known = product(d for d in dims if not is_anonymous(d))
    quotient = exact_quotient(total, known) if len(unknown) == 1 and not is_anonymous(total) else None
    return dims if quotient is None else tuple(quotient if i in unknown else d for i, d in enumerate(dims))


@irdl_op_definition
class BroadcastOp(MovementOp):
    """x repeated to the dims of the result type by numpy's rules."""

    name = "graph.broadcast"

    def __init__(self, x: Operand, result_type: Attribute):
        self.init_inferred([x], {}, [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        dims = dims_of(self.result)
        require(broadcast_dims(dims_of(self.x), dims) == dims, "x does not broadcast to the result")
        return [tensor(element_of(self.x), dims)]


@irdl_op_definition
class StretchOp(MovementOp):
    """x repeated to the dims of the result type by numpy's rules, where a symbolic dim of x may turn out to be 1.

    A dim of x is 1, that of the result, or a symbol that is one of the two when the model runs.
    """

    name = "graph.stretch"

    def __init__(self, x: Operand, result_type: Attribute):
        self.init_inferred([x], {}, [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        before, after = dims_of(self.x), dims_of(self.result)
        require(len(before) <= len(after), f"x has rank {len(before)}, the result {len(after)}")
        for dim, wanted in zip(before[::-1], after[::-1], strict=False):
            fits = dim in (wanted, DimExpr.of(1)) or not (dim.is_static and wanted.is_static)
            require(fits, f"dim {dim} does not stretch to {wanted}")
        return [tensor(element_of(self.x), after)]


@irdl_op_definition
class SliceOp(MovementOp):
    """x[start : : step] along every dim, as many elements as the result type says; starts are not negative, steps may be."""

    name = "graph.slice"
    starts = prop_def(DimsAttr)
    steps = prop_def(DimsAttr)

    def __init__(self, x: Operand, starts: Sequence[DimLike], result_type: Attribute, steps: Sequence[DimLike] | None = None):
        """One start (and step, 1 by default) for each dim of x."""
        props = {"starts": to_dims(starts), "steps": to_dims(steps if steps is not None else [1] * len(starts))}
        self.init_inferred([x], props, [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        dims, sizes = dims_of(self.x), dims_of(self.result)
        for name, values in (("starts", self.starts.data), ("steps", self.steps.data), ("result", sizes)):
            require(len(values) == len(dims), f"{name} has {len(values)} dims, expected {len(dims)}")
        for axis, (dim, start, step, size) in enumerate(zip(dims, self.starts.data, self.steps.data, sizes, strict=True)):
            _check_range(axis, dim, start, step, size)
        return [tensor(element_of(self.x), sizes)]


def _check_range(axis: int, dim: DimExpr, start: DimExpr, step: DimExpr, size: DimExpr) -> None:
    """InferenceError when a slice is known to leave its dim."""
    require(step != DimExpr.of(0), f"step of dim {axis} is zero")
    if size == DimExpr.of(0):
        return
    for index in (start, start + (size - 1) * step):
        room = dim - 1 - index
        outside = (index.is_static and index.value < 0) or (room.is_static and room.value < 0)
        require(not outside, f"slice of dim {axis} reads index {index} of {dim}")


@irdl_op_definition
class ConcatOp(GraphOp):
    """The operands one after the other along an axis."""

    name = "graph.concat"
    xs = var_operand_def()
    axis = prop_def(IntegerAttr.constr(i64))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$xs attr-dict `:` functional-type(operands, results)"

    def __init__(self, xs: Sequence[Operand], axis: int, result_type: Attribute | None = None):
        axis = normalize_axis(axis, rank_of(SSAValue.get(xs[0])))
        self.init_inferred([xs], {"axis": axis}, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require(len(self.xs) >= 1, "concat of nothing")
        first, axis = list(dims_of(self.xs[0])), integer(self.axis)
        require_axis(axis, len(first))
        total = DimExpr.of(0)
        for x in self.xs:
            require(element_of(x) == element_of(self.xs[0]), "concat operands differ in element type")
            dims = dims_of(x)
            require(len(dims) == len(first), f"concat operands differ in rank: {len(first)} and {len(dims)}")
            for i, (a, b) in enumerate(zip(first, dims, strict=True)):
                if i != axis:
                    require_equal(a, b, f"concat operands differ in dim {i}")
            total = total + dims[axis]
        first[axis] = total
        return [tensor(element_of(self.xs[0]), first)]


@irdl_op_definition
class PadOp(GraphOp):
    """x with `low` elements before and `high` after along every dim (negative: cropped).

    Mode constant writes the scalar operand (0 when absent), reflect mirrors without the border, edge repeats it, wrap goes round.
    """

    name = "graph.pad"
    x = operand_def()
    value = opt_operand_def()
    low = prop_def(DimsAttr)
    high = prop_def(DimsAttr)
    mode = prop_def(StringAttr, default_value=StringAttr("constant"))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x (`,` $value^)? attr-dict `:` functional-type(operands, results)"

    def __init__(
        self,
        x: Operand,
        low: Sequence[DimLike],
        high: Sequence[DimLike],
        value: Operand | None = None,
        mode: str = "constant",
    ):
        self.init_inferred([x, value], {"low": to_dims(low), "high": to_dims(high), "mode": mode})

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.mode, PAD_MODES, "mode")
        dims = dims_of(self.x)
        for name, values in (("low", self.low.data), ("high", self.high.data)):
            require(len(values) == len(dims), f"{name} has {len(values)} dims, expected {len(dims)}")
        if self.value is not None:
            require(rank_of(self.value) == 0, "the pad value is a scalar")
            require(element_of(self.value) == element_of(self.x), "the pad value has another element type than x")
        sizes = [d + low + high for d, low, high in zip(dims, self.low.data, self.high.data, strict=True)]
        require(all(not s.is_static or s.value >= 0 for s in sizes), "padding crops more than there is")
        return [tensor(element_of(self.x), sizes)]


@irdl_op_definition
class RelayoutOp(MovementOp):
    """x stored in another memory order; the value does not change."""

    name = "graph.relayout"

    def __init__(self, x: Operand, order: Sequence[int] | None):
        """`order` lists the dims from outermost to innermost in memory; None: row-major."""
        self.init_inferred([x], {}, [with_order(SSAValue.get(x), order)])

    def infer(self) -> Sequence[AnyTensor]:
        return [tensor(element_of(self.x), dims_of(self.x))]


@irdl_op_definition
class TriluOp(MovementOp):
    """The upper or lower triangle of the last two dims, zero elsewhere; the diagonal moves right by `k` (ONNX Trilu)."""

    name = "graph.trilu"
    k = prop_def(IntegerAttr.constr(i64), default_value=IntegerAttr(0, i64))
    upper = prop_def(BoolAttr)

    def __init__(self, x: Operand, upper: bool = True, k: int = 0):
        self.init_inferred([x], {"upper": upper, "k": k})

    def infer(self) -> Sequence[AnyTensor]:
        require(rank_of(self.x) >= 2, "x has rank 2 or more")
        return [tensor(element_of(self.x), dims_of(self.x))]


MOVEMENT_OPS = [TransposeOp, ReshapeOp, BroadcastOp, StretchOp, SliceOp, ConcatOp, PadOp, RelayoutOp, TriluOp]
