"""Evaluating access trees at a point of the iteration space: loads, pointwise ops and stores on scalars or vectors.

A point gives an index for each iteration dim; with lanes, one dim runs through a vector. What does not depend on that dim is
computed as a scalar and broadcast, and everything is emitted outside the loops that it does not depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from xdsl.ir import SSAValue

from ..dialects import arith, graph
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import dense_array, numbers_of
from ..dialects.graph.types import element_of
from .access import ONE, ZERO, Apply, Bound, Leaf, Node, Splat
from .builder import Index, KernelBuilder
from .casts import stored_number, to_register, to_storage
from .loop_types import storage_type, vector_type
from .pointwise import emit_pointwise
from .shuffles import extract, insert, pick, reverse
from .values import Value, register_type

MAX_PICKED_STRIDE = 4
"""Strides up to this one are loaded as whole vectors, of which the elements are picked."""


@dataclass(frozen=True)
class Point:
    """Where to evaluate: an index for each iteration dim; dim `axis` runs over `lanes` consecutive indices from there."""

    indices: tuple[Index, ...]
    axis: int = -1
    lanes: int = 0
    mask: SSAValue | None = None
    """The lanes that exist (None: all). Others are not read or written."""

    def at(self, axis: int, index: Index) -> Point:
        """The point with another index in one dim."""
        indices = (*self.indices[:axis], index, *self.indices[axis + 1 :])
        return replace(self, indices=indices)

    def scalar(self) -> Point:
        return Point(self.indices)


Producer = Callable[[Point], SSAValue]


class Evaluator:
    """Evaluates nodes in one kernel. `raw` moves elements in their storage types, for trees without arithmetic."""

    def __init__(self, b: KernelBuilder, buffers: Mapping[SSAValue, SSAValue], raw: bool = False) -> None:
        self.b = b
        self.buffers = dict(buffers)
        self.raw = raw
        self.bound: dict[SSAValue, Producer] = {}
        """What the values of `Bound` nodes are at a point, in register types."""
        self.preset: dict[int, SSAValue] = {}
        """Leaves, by `id`, whose value at the current point is there already."""
        self._least = 0

    @contextmanager
    def guarded(self) -> Generator[None]:
        """Nothing is read outside the current block: it may be there to keep reads inside the buffers."""
        saved, self._least = self._least, self.b.level
        try:
            yield
        finally:
            self._least = saved

    # -- values -----------------------------------------------------------------------------------------------------------
    def value(self, node: Node, point: Point) -> SSAValue:
        """The node at a point, in its register type: a vector when the point has lanes."""
        if point.lanes and not node.varies[point.axis]:
            return self.b.broadcast(self.value(node, point.scalar()), point.lanes)
        match node:
            case Leaf():
                return self.preset.get(id(node)) or self._load(node, point)
            case Splat():
                if self.raw:
                    return self.b.const(stored_number(node.value, node.element), storage_type(node.element))
                return self.b.const(node.value, register_type(node.element))
            case Apply():
                return self._apply(node, point)
            case Bound():
                return self.bound[node.value](point)
            case _:
                raise TypeError(f"unknown node {node}")

    def typed(self, node: Node, point: Point) -> Value:
        """The same with its element type."""
        return Value(self.b, self.value(node, point), node.element)

    def _apply(self, node: Apply, point: Point) -> SSAValue:
        key = (id(node), point)
        found = self.b.recall(key)
        if found is None:
            operands = [self.value(child, point) for child in node.children]
            found = emit_pointwise(self.b, node.op, operands)
            self.b.remember(key, found)
        return found

    # -- memory -----------------------------------------------------------------------------------------------------------
    def offset(self, leaf: Leaf, point: Point) -> Index:
        """The element offset of the point's first lane; terms of outer loops are added first, so that they leave inner ones."""
        b = self.b
        terms = [b.mul(i, b.dim(s)) for i, s in zip(point.indices, leaf.strides, strict=True) if s != ZERO]
        terms.append(b.dim(leaf.offset))
        total: Index = 0
        for term in sorted(terms, key=lambda t: -1 if isinstance(t, int) else b.depth(t)):
            total = b.add(total, term)
        return total

    def _load(self, leaf: Leaf, point: Point) -> SSAValue:
        b, buffer = self.b, self.buffers[leaf.source]
        offset = self.offset(leaf, point)
        known = [b.index(offset), *([point.mask] if point.mask is not None else [])]
        key = (leaf.source, offset, point.lanes, point.mask, leaf.strides[point.axis] if point.lanes else None)
        with b.outside(known, self._least) as memory:
            found = memory.get(key)
            if found is None:
                stored = self._fetch(leaf, buffer, offset, point)
                found = memory[key] = stored if self.raw else to_register(b, stored, leaf.element).ssa
        return found

    def _fetch(self, leaf: Leaf, buffer: SSAValue, offset: Index, point: Point) -> SSAValue:
        b = self.b
        if not point.lanes:
            return b.load(buffer, [offset])
        stride = leaf.strides[point.axis]
        if stride == ONE:
            return b.vload(buffer, [offset], point.lanes, point.mask)
        assert point.mask is None, "a strided access has no masked form"
        if stride.is_static and (stride.value == -1 or 2 <= stride.value <= MAX_PICKED_STRIDE):
            return self._pick(buffer, offset, point.lanes, stride.value)
        step, result = b.dim(stride), b.const(0, vector_type(storage_type(leaf.element), point.lanes))
        for lane in range(point.lanes):
            element = b.load(buffer, [b.add(offset, b.mul(lane, step))])
            result = insert(b, element, result, lane)
        return result

    def _pick(self, buffer: SSAValue, offset: Index, lanes: int, stride: int) -> SSAValue:
        """Every so-many-th element, out of whole vectors; the last one ends where the last element is."""
        b = self.b
        if stride == -1:
            return reverse(b, b.vload(buffer, [b.sub(offset, lanes - 1)], lanes))
        starts = [k * lanes for k in range(stride - 1)] + [(lanes - 1) * stride + 1 - lanes]
        return pick(b, [(s, b.vload(buffer, [b.add(offset, s)], lanes)) for s in starts], lanes, stride)

    def store(self, value: SSAValue, leaf: Leaf, point: Point) -> None:
        """Write a value in its register type (storage type when raw)."""
        b, buffer = self.b, self.buffers[leaf.source]
        stored = value if self.raw else to_storage(Value(b, value, leaf.element))
        offset = self.offset(leaf, point)
        if not point.lanes:
            b.store(stored, buffer, [offset])
        elif leaf.strides[point.axis] == ONE:
            b.vstore(stored, buffer, [offset], point.mask)
        else:
            assert point.mask is None, "a strided access has no masked form"
            step = b.dim(leaf.strides[point.axis])
            for lane in range(point.lanes):
                b.store(extract(b, stored, lane), buffer, [b.add(offset, b.mul(lane, step))])

    # -- constants that need memory -------------------------------------------------------------------------------------------
    def fill_tables(self, tables: Iterable[SSAValue], byte_offset: Index = 0) -> None:
        """Write inline constants to scratch memory, from which leaves read them."""
        for value in tables:
            numbers = table_numbers(value)
            element = storage_type(element_of(value))
            self.buffers[value] = self.b.scratch_view(self.b.scratch, byte_offset, len(numbers), element)
            for position, number in enumerate(numbers):
                self.b.store(self._number(number, value), self.buffers[value], [position])
            byte_offset = self.b.add(byte_offset, table_bytes(value))

    def _number(self, number: DimExpr | float | int, table: SSAValue) -> SSAValue:
        element = storage_type(element_of(table))
        if not isinstance(number, DimExpr):
            return self.b.const(stored_number(number, element_of(table)), element)
        return self.b.pure(arith.IndexCastOp, [self.b.index(self.b.dim(number))], element)


def table_numbers(value: SSAValue) -> Sequence[DimExpr | float | int]:
    """The elements of an inline constant in row-major order."""
    op = value.owner
    if isinstance(op, graph.DimsOp):
        return op.value.data
    dense = cast(graph.ConstantOp, op).dense
    assert dense is not None
    return numbers_of(dense_array(dense))


def table_bytes(value: SSAValue) -> int:
    """Scratch bytes that a table takes, padded to a cache line."""
    return -(-len(table_numbers(value)) * 8 // 64) * 64
