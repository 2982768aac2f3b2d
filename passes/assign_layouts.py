"""assign-layouts: networks of convolutions and pools run channels last (REWRITES L1).

Convolution, pooling and resampling want `order [0, 2, .., 1]`: their inner loops run over channels. The order spreads from them
through ops that work in any order (elementwise, concat, slice, pad, reductions) and through transposes and reshapes that then
move nothing. `graph.relayout` stands at the borders: before ops that read row-major tensors, and at the arguments and results
of functions. A module without such ops stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ..dialects.graph.base import flag, integer, ints
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.linalg import ConvOp, ConvTransposeOp
from ..dialects.graph.location import location_of, set_location
from ..dialects.graph.movement import ConcatOp, PadOp, RelayoutOp, ReshapeOp, SliceOp, TransposeOp
from ..dialects.graph.normalization import GroupNormOp, InstanceNormOp
from ..dialects.graph.pool import LrnOp, PoolOp
from ..dialects.graph.reduction import LogSoftmaxOp, ReduceOp, SoftmaxOp
from ..dialects.graph.resize import ResizeOp
from ..dialects.graph.types import dims_of, element_of, is_static, numel, order_of, rank_of, retype, static_shape, with_order
from .orders import Order, canonical, channels_last, lies_as, reshaped, row_major, spread, transposed
from .session import current_session
from .weight_math import Array, fold, is_known

ANCHORS = (ConvOp, ConvTransposeOp, PoolOp, ResizeOp, LrnOp)
FOLLOWERS = (ElementwiseOp, ConcatOp, PadOp, SliceOp, InstanceNormOp, GroupNormOp)
ALONG_AXIS = (SoftmaxOp, LogSoftmaxOp)


@dataclass(frozen=True)
class AssignLayoutsPass(ModulePass):
    """Channels-last memory orders for convolutional regions."""

    name = "assign-layouts"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, FuncOp) and any(_is_anchor(inner) for inner in function.walk()):
                _Assigner(_wanted(function)).visit(function.body.blocks)


def _is_anchor(op: Operation) -> bool:
    return isinstance(op, ANCHORS) and rank_of(op.results[0]) >= 3


def _wanted(function: FuncOp) -> set[SSAValue]:
    """Values that an anchor reads, directly or through ops that keep the order."""
    wanted: set[SSAValue] = set()
    for op in reversed(list(function.walk())):
        if _is_anchor(op):
            wanted.add(op.operands[0])
        elif isinstance(op, FOLLOWERS) and op.results[0] in wanted:
            wanted.update(o for o in op.operands if rank_of(o) == rank_of(op.results[0]))
    return wanted


@dataclass
class _Assigner:
    """Goes through the ops in program order; the operands of an op have their final order when it is visited."""

    wanted: set[SSAValue]
    copies: dict[tuple[SSAValue, Order, Block], SSAValue] = field(default_factory=dict[tuple[SSAValue, Order, Block], SSAValue])

    def visit(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            for op in list(block.ops):
                self.assign(op)
                for region in op.regions:
                    self.visit(region.blocks)

    def assign(self, op: Operation) -> None:
        match op:
            case _ if _is_anchor(op):
                order = channels_last(rank_of(op.results[0]))
                self.read(op, 0, order)
                self.write(op, order)
            case ElementwiseOp() | ConcatOp() | PadOp() | SliceOp() | InstanceNormOp() | GroupNormOp():
                self.follow(op)
            case SoftmaxOp() | LogSoftmaxOp() if spread(dims_of(op.x), order_of(op.x))[-1:] == (integer(op.axis),):
                self.follow(op)
            case ReduceOp():
                self.reduce(op)
            case TransposeOp():
                self.transpose(op)
            case ReshapeOp():
                self.reshape(op)
            case _:
                for index in range(len(op.operands)):
                    self.read(op, index, None)

    def follow(self, op: Operation) -> None:
        """Result and whole operands in the order most of the operands' bytes have; small operands are read as they lie."""
        result = op.results[0]
        whole = [i for i, o in enumerate(op.operands) if rank_of(o) == rank_of(result)]
        order = _majority([op.operands[i] for i in whole])
        for index in whole:
            if isinstance(op, ConcatOp) or dims_of(op.operands[index]) == dims_of(result):
                self.read(op, index, order)
        if order is not None:
            self.write(op, order)

    def transpose(self, op: TransposeOp) -> None:
        """Nothing moves where the operand or the result is channels last; else the transpose does what it says."""
        perm, rank = ints(op.perm), rank_of(op.x)
        order = transposed(order_of(op.x), perm)
        if not lies_as(op.x, row_major(rank)):
            self.write_moved(op, order)
            return
        wanted = channels_last(rank)
        stays = spread(dims_of(op.result), order) == spread(dims_of(op.result), wanted)
        if stays and (op.result in self.wanted or _meets_order(op.result)):
            self.write(op, wanted)

    def reduce(self, op: ReduceOp) -> None:
        """The operand's order without the reduced dims, or with them where they were."""
        order, axes = order_of(op.x), ints(op.axes)
        if flag(op.keepdims):
            self.write(op, order)
            return
        kept = [axis for axis in range(len(order)) if axis not in axes]
        self.write_moved(op, tuple(kept.index(axis) for axis in order if axis in kept))

    def reshape(self, op: ReshapeOp) -> None:
        """Nothing moves where the order allows it; else the operand is copied to where nothing moves any more."""
        old, new = dims_of(op.x), dims_of(op.result)
        order = reshaped(old, order_of(op.x), new)
        if order is not None:
            self.write_moved(op, order)
            return
        wanted = channels_last(len(new))
        source = reshaped(new, wanted, old) if op.result in self.wanted else None
        self.read(op, 0, source)
        self.write(op, wanted if source is not None else row_major(len(new)))

    def write(self, op: Operation, order: Order) -> None:
        retype(op.results[0], with_order(op.results[0], order))

    def write_moved(self, op: Operation, order: Order) -> None:
        """The result of an op that only renames dims: where those of size 1 stand in the order is free."""
        result, rank = op.results[0], len(order)
        first, second = channels_last(rank), row_major(rank)
        preferred = (first, second) if result in self.wanted else (second, first)
        self.write(op, canonical(dims_of(result), order, preferred))

    def read(self, op: Operation, index: int, order: Order | None) -> None:
        """Let the op read an operand in this order (None: row-major), through a relayout where it lies otherwise."""
        value = op.operands[index]
        wanted = row_major(rank_of(value)) if order is None else order
        if order_of(value) != wanted:
            op.operands[index] = self.relayout(value, wanted, op)

    def relayout(self, value: SSAValue, order: Order, user: Operation) -> SSAValue:
        """The value in another order, made once a block."""
        block = user.parent
        assert block is not None
        key = (value, order, block)
        if key not in self.copies:
            source = value.owner
            if isinstance(source, RelayoutOp) and order_of(source.x) == order:
                return source.x
            made = _constant_in_order(value, order) or [RelayoutOp(value, order)]
            block.insert_ops_before(made, user)
            names = location_of(source) if isinstance(source, Operation) else location_of(user)
            for op in made:
                set_location(op, names)
            self.copies[key] = made[-1].results[0]
        return self.copies[key]


def _meets_order(value: SSAValue, depth: int = 4) -> bool:
    """Whether the value is combined, a few ops on, with one that is not row-major."""
    for user in (use.operation for use in value.uses):
        if not isinstance(user, FOLLOWERS) or depth == 0:
            continue
        others = (o for o in user.operands if rank_of(o) == rank_of(value))
        if any(not lies_as(o, row_major(rank_of(o))) for o in others) or _meets_order(user.results[0], depth - 1):
            return True
    return False


def _majority(values: list[SSAValue]) -> Order | None:
    """The order of most elements; channels last before row-major where both have as many. None for no values."""
    sizes: dict[Order, int] = {}
    for value in values:
        dims = dims_of(value)
        if len(spread(dims, order_of(value))) >= 2:
            size = numel(value).value if is_static(value) else 1
            sizes[order_of(value)] = sizes.get(order_of(value), 0) + size
    if not sizes:
        return order_of(values[0]) if values else None
    return max(sizes, key=lambda order: (sizes[order], order != row_major(len(order))))


def _constant_in_order(value: SSAValue, order: Order) -> list[Operation] | None:
    """A constant in another order: its transpose in the store, and a transpose back that moves nothing."""
    store = current_session().weights
    if not is_known(value, store) or not is_static(value) or not lies_as(value, row_major(rank_of(value))):
        return None
    shape = [static_shape(value)[axis] for axis in order]

    def transposed_array(array: Array) -> Array:
        return np.transpose(array, order)

    moved = fold(transposed_array, (value,), shape, element_of(value), store)
    back = [order.index(axis) for axis in range(len(order))]
    return [moved, TransposeOp(moved, back, with_order(value, order))]
