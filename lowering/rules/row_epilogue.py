"""A pointwise epilogue on vectors of channels: what a channels-last anchor does with its sums before it stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Operation, SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.elementwise import ElementwiseOp
from ...dialects.graph.types import dims_of, element_of, order_of, physical_strides
from ...dialects.kernel import UnpackOp
from ..builder import Index, LoopBuilder
from ..casts import to_register, to_storage
from ..loop_types import vector_type
from ..pointwise import emit_pointwise
from ..values import Value, register_type

ONE = DimExpr.of(1)


def accepts_epilogue(ops: Sequence[Operation], anchor: Operation) -> bool:
    """Whether all ops but the anchor follow it pointwise, each operand a scalar constant or readable along channels."""
    members = set(ops)
    shape, order = dims_of(anchor.results[0]), order_of(anchor.results[0])
    for op in ops:
        if op is anchor or isinstance(op, graph.ConstantOp | UnpackOp):
            continue
        if not isinstance(op, ElementwiseOp) or dims_of(op.results[0]) != shape or order_of(op.results[0]) != order:
            return False
        outside = [o for o in op.operands if not (isinstance(o.owner, Operation) and o.owner in members)]
        if len(outside) == len(op.operands) or not all(_readable(o, shape, order) for o in outside):
            return False
    return True


def _readable(operand: SSAValue, shape: Sequence[DimExpr], order: Sequence[int]) -> bool:
    """A scalar, one vector over channels, or a whole tensor in the order of the result."""
    dims = dims_of(operand)
    if all(d == ONE for d in dims):
        return True
    if isinstance(operand.owner, Operation) and isinstance(operand.owner, graph.ConstantOp) and operand.owner.dense is not None:
        return False
    if tuple(dims) == tuple(shape):
        return order_of(operand) == tuple(order)
    missing = len(shape) - len(dims)
    padded = [ONE] * missing + list(dims)
    return padded[1] == shape[1] and all(d == ONE for axis, d in enumerate(padded) if axis != 1)


class RowEpilogue:
    """Emits the epilogue ops for a vector of results and stores it."""

    def __init__(
        self,
        b: LoopBuilder,
        ops: Sequence[Operation],
        anchor: Operation,
        buffers: Mapping[SSAValue, SSAValue],
        out: SSAValue,
    ) -> None:
        self.b, self.anchor, self.buffers, self.out = b, anchor, buffers, out
        self.ops = [op for op in ops if isinstance(op, ElementwiseOp)]
        self.result = ops[-1].results[0]
        self.out_strides = [b.dim(s) for s in physical_strides(self.result)]

    def store(self, value: SSAValue, position: Sequence[Index], channel: Index, lanes: int, mask: SSAValue | None) -> None:
        """Finish the anchor's results at `position` (its channel entry is not read), channels from `channel` on."""
        known: dict[SSAValue, SSAValue] = {self.anchor.results[0]: value}
        for op in self.ops:
            operands = [known[o] if o in known else self._operand(o, position, channel, lanes, mask) for o in op.operands]
            known[op.results[0]] = emit_pointwise(self.b, op, operands)
        stored = to_storage(Value(self.b, known[self.result], element_of(self.result)))
        at = self._offset(position, channel, self.out_strides)
        self.b.vstore(stored, self.out, [at], mask)

    def _offset(self, position: Sequence[Index], channel: Index, strides: Sequence[Index]) -> Index:
        at = [channel if axis == 1 else p for axis, p in enumerate(position)]
        return self.b.linear(at, strides)

    def _operand(
        self, operand: SSAValue, position: Sequence[Index], channel: Index, lanes: int, mask: SSAValue | None
    ) -> SSAValue:
        element = element_of(operand)
        owner = operand.owner
        if isinstance(owner, graph.ConstantOp) and owner.dense is not None:
            number = next(iter(owner.dense.get_values()))
            assert not isinstance(number, tuple)
            return self.b.const(number, vector_type(register_type(element), lanes))
        buffer, dims = self.buffers[operand], dims_of(operand)
        if all(d == ONE for d in dims):
            return self.b.broadcast(to_register(self.b, self.b.load(buffer, [0]), element).ssa, lanes)
        missing = len(position) - len(dims)
        own = [0 if d == ONE else self.b.dim(s) for d, s in zip(dims, physical_strides(operand), strict=True)]
        at = self._offset(position, channel, [*([0] * missing), *own])
        return to_register(self.b, self.b.vload(buffer, [at], lanes, mask), element).ssa
