"""Making graph ops during import: where they go, their location and names, constants."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count

import numpy as np
from xdsl.dialects.builtin import LocationAttr, UnknownLoc
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.base import GraphOp, si64
from ..dialects.graph.dims import DimExpr, DimLike, product
from ..dialects.graph.dtypes import dense_array, dense_attribute, element_type, numpy_dtype
from ..dialects.graph.elementwise import is_integer
from ..dialects.graph.linalg import open_equalities
from ..dialects.graph.location import names_of
from ..dialects.graph.types import Dims, dims_of, element_of, is_static, rank_of, stretched_dims, tensor, tensor_type
from ..errors import ShapeError
from ..runtime.weights import Array, WeightStore
from .shape_values import MAX_ELEMENTS, Assumptions, Known, UndecidedError
from .tensors import MAX_BYTES
from .values import Tensor

ONE = DimExpr.of(1)

INLINE_ELEMENTS = 16
"""Integer constants up to this size, and scalars, stand in the IR; the rest goes to the weight store."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_$.-]")


class Builder:
    """Appends ops to a block; constants go to the head of the function, so that every region sees them.

    Attributes:
        store: receives constants that are too big for the IR.
        block: where ops go.
        location: provenance of the node at work.
        assumptions: what sizes must satisfy when the model runs.
        taken: symbols that stand for something already.
        bound: those among them that get their values during the run.
    """

    def __init__(self, store: WeightStore) -> None:
        self.store = store
        self.entry = self.block = Block()
        self.location: LocationAttr = UnknownLoc()
        self.assumptions = Assumptions(lambda: names_of(self.location))
        self.taken: set[str] = set()
        self.bound: set[str] = set()
        self._head: list[Operation] = []

    # -- ops ----------------------------------------------------------------------------------------------------------
    def emit(self, op: Operation) -> SSAValue:
        """Append an op; its first result. What it takes to be equal is assumed (by `reshape` for reshapes).

        ShapeError if a result is too large to address.
        """
        op.location = self.location
        self.block.add_op(op)
        for result in op.results:
            check_size(result.type)
        if isinstance(op, GraphOp) and not isinstance(op, graph.ReshapeOp) and not all(is_static(o) for o in op.operands):
            for lhs, rhs in open_equalities(op):
                self.assumptions.need_equal(lhs, rhs)
        return op.results[0]

    def place(self, op: Operation) -> None:
        """Append an op that may give objects."""
        op.location = self.location
        self.block.add_op(op)

    @contextmanager
    def into(self, block: Block) -> Generator[None]:
        """Append to another block for a while."""
        outer, self.block = self.block, block
        try:
            yield
        finally:
            self.block = outer

    def finish(self) -> None:
        """Put the constants at the head of the function."""
        if not self._head:
            return
        if self.entry.first_op is None:
            self.entry.add_ops(self._head)
        else:
            self.entry.insert_ops_before(self._head, self.entry.first_op)
        self._head = []

    def _at_head(self, op: Operation, where: LocationAttr) -> SSAValue:
        """A constant, located at the node that made it, or else at the first that uses it."""
        op.location = self.location if isinstance(where, UnknownLoc) else where
        self._head.append(op)
        return op.results[0]

    # -- constants ----------------------------------------------------------------------------------------------------
    def constant(self, array: Array, name: str = "constant") -> Tensor:
        """A constant, with an op for it once that is used. TypeError if the graph dialect can't hold its elements."""
        type_ = tensor(element_type(array.dtype), array.shape)
        known = Known(array, array.dtype) if array.size <= MAX_ELEMENTS else None
        where = self.location
        return Tensor(type_, make=lambda: self._make_constant(array, name, where), known=known, array=array)

    def _make_constant(self, array: Array, name: str, where: LocationAttr) -> SSAValue:
        small = array.size <= (INLINE_ELEMENTS if array.dtype.kind in "iub" else 1)
        if small and array.size:
            return self._at_head(graph.ConstantOp(dense_attribute(array)), where)
        weight = self.store.add(self.store.unique(name), array)
        value = self._at_head(graph.ConstantOp(weight, tensor(element_type(array.dtype), array.shape)), where)
        name_value(value, name)
        return value

    def scalar(self, value: float | int | bool, like: SSAValue | Attribute) -> SSAValue:
        """A rank-0 constant of the element type of `like`."""
        element = element_of(like) if isinstance(like, SSAValue) else like
        return self.constant(np.array(value).astype(numpy_dtype(element))).value()

    def known(self, known: Known, name: str = "constant") -> Tensor:
        """A value whose elements are known (and expressible), with an op for it once that is used."""
        if known.concrete:
            return self.constant(known.data, name)
        type_ = tensor(element_type(known.dtype), known.data.shape)
        where = self.location
        fixed = not any(dim.symbols & self.bound for dim in known.dims())
        put: Callable[[Operation], SSAValue] = partial(self._at_head, where=where) if fixed else self.emit
        return Tensor(type_, make=lambda: self._make_dims(known, name, put), known=known, shared=fixed)

    def _make_dims(self, known: Known, name: str, put: Callable[[Operation], SSAValue]) -> SSAValue:
        """Dims at the head of the function; where they get their values during the run, at each use."""
        value = put(graph.DimsOp(known.dims(), scalar=known.data.ndim == 0))
        if known.data.ndim > 1:
            value = put(graph.ReshapeOp(value, tensor(element_of(value), known.data.shape)))
        element = element_type(known.dtype)
        if element != element_of(value):
            value = put(graph.CastOp(value, element))
        name_value(value, name)
        return value

    # -- sizes that depend on data --------------------------------------------------------------------------------------
    def fresh_symbol(self) -> str:
        """A symbol that nothing is called by yet."""
        name = next(name for name in (f"s{i}" for i in count(len(self.taken))) if name not in self.taken)
        self.taken.add(name)
        self.bound.add(name)
        return name

    def bind(self, x: SSAValue) -> Dims:
        """Symbols for the elements of an integer tensor of rank 0 or 1: sizes that are known once the model runs, never negative.

        Elements that are constants in the IR stay what they are. UndecidedError if their number isn't known.
        """
        parts = _parts_of(x)
        if parts is not None:
            return tuple(d for part in parts for d in (part if isinstance(part, tuple) else self.bind(part)))
        if rank_of(x) > 1:
            raise ValueError(f"sizes form a vector, got {x.type}")
        number = product(dims_of(x))
        if not number.is_static:
            raise UndecidedError("the number of its elements is not known")
        names = [self.fresh_symbol() for _ in range(number.value)]
        if names:
            op = graph.BindOp(self.cast(x, si64), names)
            op.location = self.location
            self.block.add_op(op)
        return tuple(DimExpr.symbol(name) for name in names)

    def is_here(self, x: SSAValue) -> bool:
        """Whether a value is defined in the block at work, not in one around it."""
        return (x.owner if isinstance(x.owner, Block) else x.owner.parent) is self.block

    # -- data movement ------------------------------------------------------------------------------------------------
    def reshape(self, x: SSAValue, dims: Sequence[DimLike]) -> SSAValue:
        """`x` under other dims of the same product; assumes so where symbols leave it open."""
        dims = tuple(DimExpr.of(d) for d in dims)
        if dims == dims_of(x):
            return x
        before, after = product(dims_of(x)), product(dims)
        if before != after:
            if before.is_static and after.is_static:
                raise ValueError(f"can't reshape {before} elements to {list(map(str, dims))}")
            self.assumptions.need_equal(before, after)
        return self.emit(graph.ReshapeOp(x, tensor(element_of(x), dims)))

    def broadcast(self, x: SSAValue, dims: Sequence[DimLike]) -> SSAValue:
        """`x` and a tensor of `dims` broadcast to each other, x being the value (ONNX Expand)."""
        target = self.stretched(dims_of(x), tuple(DimExpr.of(d) for d in dims))
        return self.stretch(x, target)

    def stretched(self, *shapes: Dims) -> Dims:
        """What shapes broadcast to; assumes that they do where symbols leave it open."""
        target, conditions = stretched_dims(*shapes)
        for condition in conditions:
            self.assumptions.need(condition)
        return target

    def stretch(self, x: SSAValue, dims: Dims) -> SSAValue:
        """`x` repeated to dims that it is known, or assumed, to broadcast to."""
        own = dims_of(x)
        if own == dims:
            return x
        exact = all(d in (ONE, whole) for d, whole in zip(own[::-1], dims[::-1], strict=False))
        return self.emit((graph.BroadcastOp if exact else graph.StretchOp)(x, tensor(element_of(x), dims)))

    def pair(self, lhs: SSAValue, rhs: SSAValue, fixed: int = 0) -> tuple[SSAValue, SSAValue]:
        """Two operands as `together` gives them."""
        lhs, rhs = self.together(lhs, rhs, fixed=fixed)
        return lhs, rhs

    def together(self, *xs: SSAValue, fixed: int = 0) -> list[SSAValue]:
        """Operands that broadcast to each other, but for the last `fixed` dims, as ops that broadcast take them.

        Those ops know only dims that are equal or 1; where symbols leave it open, operands are stretched before.
        """
        shapes = [dims_of(x)[: rank_of(x) - fixed] for x in xs]
        if all(s == shapes[0] for s in shapes):
            return list(xs)
        try:
            target = self.stretched(*shapes)
        except ValueError:  # the op says it, or something else that is wrong
            return list(xs)
        return [self._stretch_open(x, shape, target) for x, shape in zip(xs, shapes, strict=True)]

    def _stretch_open(self, x: SSAValue, shape: Dims, target: Dims) -> SSAValue:
        if all(d in (ONE, whole) for d, whole in zip(shape[::-1], target[::-1], strict=False)):
            return x
        return self.stretch(x, (*target, *dims_of(x)[len(shape) :]))

    def narrowed(self, x: SSAValue, dims: Dims) -> SSAValue:
        """`x`, with the numbers above 1 among `dims` in place of symbols in its last dims: sizes of a parameter that fits it."""
        own = dims_of(x)
        pairs = zip(own[::-1], dims[::-1], strict=False)
        found = [d if d.is_static or not p.is_static or p == ONE else p for d, p in pairs][::-1]
        return self._equal(x, (*own[: len(own) - len(found)], *found))

    def fitted(self, parameter: SSAValue, dims: Dims) -> SSAValue:
        """A parameter, its dims those of the last of `dims`, or 1."""
        own = dims_of(parameter)
        if len(own) > len(dims):
            return parameter
        pairs = zip(own, dims[len(dims) - len(own) :], strict=True)
        return self._equal(parameter, tuple(d if d == ONE or (d.is_static and w.is_static) else w for d, w in pairs))

    def _equal(self, x: SSAValue, dims: Dims) -> SSAValue:
        """`x` under dims that are assumed to be its own."""
        for found, wanted in zip(dims_of(x), dims, strict=True):
            self.assumptions.need_equal(found, wanted)
        return x if dims == dims_of(x) else self.emit(graph.ReshapeOp(x, tensor(element_of(x), dims)))

    def transpose(self, x: SSAValue, perm: Sequence[int]) -> SSAValue:
        return self.emit(graph.TransposeOp(x, perm))

    def cast(self, x: SSAValue, element: Attribute) -> SSAValue:
        return x if element_of(x) == element else self.emit(graph.CastOp(x, element))


def _parts_of(x: SSAValue) -> Sequence[SSAValue | Dims] | None:
    """The values and known elements that a vector was put together from; None for one that can only be bound as a whole."""
    match x.owner:
        case graph.DimsOp() as op:
            return [op.value.data]
        case graph.ConstantOp() as op if op.dense is not None and is_integer(element_of(x)):
            return [tuple(DimExpr.of(int(v)) for v in dense_array(op.dense).reshape(-1))]
        case graph.ConcatOp() as op if rank_of(x) == 1:
            return list(op.operands)
        case graph.ReshapeOp() as op if max(rank_of(x), rank_of(op.x)) <= 1:
            return [op.x]
        case _:
            return None


def check_size(type_: Attribute) -> None:
    """ShapeError if the static part of a tensor type is beyond what 64-bit offsets can address safely."""
    shape = tensor_type(type_).get_shape()
    if math.prod(d for d in shape if d > 0) * 8 > MAX_BYTES:
        raise ShapeError(f"a tensor of dims {list(map(str, dims_of(type_)))} is too large")


def name_value(value: SSAValue, name: str) -> None:
    """Let the printed IR call a value as ONNX does, as far as MLIR's identifiers go."""
    hint = _UNSAFE.sub("_", name)
    if hint and not hint[0].isdigit() and value.name_hint is None:
        value.name_hint = hint
