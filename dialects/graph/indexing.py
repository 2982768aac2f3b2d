"""Ops that address elements by index tensors: gathers, scatters, one-hot; indices may be negative, as in numpy."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .base import GraphOp, Operand, integer, normalize_axis, require, require_kind
from .dims import DimExpr
from .elementwise import is_integer
from .linalg import require_equal
from .reduction import require_axis
from .types import AnyTensor, Dims, dims_of, element_of, rank_of, tensor

REDUCTIONS = ("none", "add", "mul", "max", "min")
AXIS = IntegerAttr.constr(i64)
ZERO = IntegerAttr(0, i64)


def require_indices(indices: SSAValue) -> None:
    """InferenceError unless the tensor holds integers."""
    require(is_integer(element_of(indices)), f"indices are integers, got {element_of(indices)}")


class _GatherOp(GraphOp):
    x = operand_def()
    indices = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $indices attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class GatherOp(_GatherOp):
    """x.take(indices, axis): dims of x with those of indices in place of the axis."""

    name = "graph.gather"
    axis = prop_def(AXIS, default_value=ZERO)

    def __init__(self, x: Operand, indices: Operand, axis: int = 0, result_type: Attribute | None = None):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        self.init_inferred([x, indices], {"axis": axis}, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require_indices(self.indices)
        dims, axis = dims_of(self.x), integer(self.axis)
        require_axis(axis, len(dims))
        return [tensor(element_of(self.x), (*dims[:axis], *dims_of(self.indices), *dims[axis + 1 :]))]


@irdl_op_definition
class GatherElementsOp(_GatherOp):
    """result[i][j].. = x[indices[i][j]..][j].. for axis 0, and so on (numpy.take_along_axis)."""

    name = "graph.gather_elements"
    axis = prop_def(AXIS, default_value=ZERO)

    def __init__(self, x: Operand, indices: Operand, axis: int = 0):
        self.init_inferred([x, indices], {"axis": normalize_axis(axis, rank_of(SSAValue.get(x)))})

    def infer(self) -> Sequence[AnyTensor]:
        require_indices(self.indices)
        require_axis(integer(self.axis), rank_of(self.x))
        require(rank_of(self.indices) == rank_of(self.x), "indices have the rank of x")
        return [tensor(element_of(self.x), dims_of(self.indices))]


@irdl_op_definition
class GatherNdOp(_GatherOp):
    """Slices of x addressed by index tuples in the last dim of indices, after `batch_dims` leading dims that both share."""

    name = "graph.gather_nd"
    batch_dims = prop_def(AXIS, default_value=ZERO)

    def __init__(self, x: Operand, indices: Operand, batch_dims: int = 0):
        self.init_inferred([x, indices], {"batch_dims": batch_dims})

    def infer(self) -> Sequence[AnyTensor]:
        require_indices(self.indices)
        dims, batch = dims_of(self.x), integer(self.batch_dims)
        outer, depth = _index_tuples(self.indices)
        require(0 <= batch <= len(outer), f"batch_dims is {batch}, indices have rank {len(outer) + 1}")
        require(batch + depth <= len(dims), f"index tuples of {depth} after {batch} batch dims address rank {len(dims)}")
        for i in range(batch):
            require_equal(dims[i], outer[i], f"x and indices differ in batch dim {i}")
        return [tensor(element_of(self.x), (*outer, *dims[batch + depth :]))]


def _index_tuples(indices: SSAValue) -> tuple[Dims, int]:
    """Leading dims of indices and the (static) length of the tuples in its last dim."""
    dims = dims_of(indices)
    require(len(dims) >= 1, "indices have rank 1 or more")
    *outer, depth = dims
    require(depth.is_static, "the last dim of indices is the static length of the index tuples")
    return tuple(outer), depth.value


class _ScatterOp(GraphOp):
    x = operand_def()
    indices = operand_def()
    updates = operand_def()
    reduction = prop_def(StringAttr, default_value=StringAttr("none"))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)"

    def check_common(self) -> None:
        require_indices(self.indices)
        require_kind(self.reduction, REDUCTIONS, "reduction")
        require(element_of(self.updates) == element_of(self.x), "updates have another element type than x")

    def same(self) -> Sequence[AnyTensor]:
        return [tensor(element_of(self.x), dims_of(self.x))]


@irdl_op_definition
class ScatterElementsOp(_ScatterOp):
    """A copy of x with result[indices[i][j]..][j].. = updates[i][j].. for axis 0, and so on, or combined by `reduction`."""

    name = "graph.scatter_elements"
    axis = prop_def(AXIS, default_value=ZERO)

    def __init__(self, x: Operand, indices: Operand, updates: Operand, axis: int = 0, reduction: str = "none"):
        axis = normalize_axis(axis, rank_of(SSAValue.get(x)))
        self.init_inferred([x, indices, updates], {"axis": axis, "reduction": reduction})

    def infer(self) -> Sequence[AnyTensor]:
        self.check_common()
        require_axis(integer(self.axis), rank_of(self.x))
        require(rank_of(self.indices) == rank_of(self.x), "indices have the rank of x")
        require(rank_of(self.updates) == rank_of(self.x), "updates have the rank of x")
        for axis, (i, u) in enumerate(zip(dims_of(self.indices), dims_of(self.updates), strict=True)):
            require_equal(i, u, f"indices and updates differ in dim {axis}")
        return self.same()


@irdl_op_definition
class ScatterNdOp(_ScatterOp):
    """A copy of x with the slices that index tuples (last dim of indices) address written, or combined by `reduction`."""

    name = "graph.scatter_nd"

    def __init__(self, x: Operand, indices: Operand, updates: Operand, reduction: str = "none"):
        self.init_inferred([x, indices, updates], {"reduction": reduction})

    def infer(self) -> Sequence[AnyTensor]:
        self.check_common()
        outer, depth = _index_tuples(self.indices)
        dims, updates = dims_of(self.x), dims_of(self.updates)
        require(depth <= len(dims), f"index tuples of {depth} address rank {len(dims)}")
        expected = (*outer, *dims[depth:])
        require(len(updates) == len(expected), f"updates have rank {len(updates)}, expected {len(expected)}")
        for axis, (found, wanted) in enumerate(zip(updates, expected, strict=True)):
            require_equal(found, wanted, f"updates differ in dim {axis}")
        return self.same()


@irdl_op_definition
class OneHotOp(GraphOp):
    """values[1] where the index along the new axis equals indices, values[0] elsewhere; the result type says the depth."""

    name = "graph.one_hot"
    indices = operand_def()
    depth = operand_def()
    values = operand_def()
    axis = prop_def(AXIS)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$indices `,` $depth `,` $values attr-dict `:` functional-type(operands, results)"

    def __init__(self, indices: Operand, depth: Operand, values: Operand, axis: int, result_type: Attribute):
        axis = normalize_axis(axis, rank_of(SSAValue.get(indices)) + 1)
        self.init_inferred([indices, depth, values], {"axis": axis}, [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        dims, axis = dims_of(self.indices), integer(self.axis)
        require_axis(axis, len(dims) + 1)
        require(rank_of(self.result) == len(dims) + 1, f"result has rank {rank_of(self.result)}, expected {len(dims) + 1}")
        require(rank_of(self.values) == 1, "values holds off and on")
        require_equal(dims_of(self.values)[0], DimExpr.of(2), "values holds off and on")
        return [tensor(element_of(self.values), (*dims[:axis], dims_of(self.result)[axis], *dims[axis:]))]


INDEXING_OPS = [GatherOp, GatherElementsOp, GatherNdOp, ScatterElementsOp, ScatterNdOp, OneHotOp]
