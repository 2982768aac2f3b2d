"""Bodies of control flow ops: imported into blocks of their own, again if the dims of what they carry turn out to change."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import onnx
from xdsl.ir import Block, SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.host import is_object
from ..dialects.graph.types import Dims, dims_of, element_of, rank_of
from .host import boxed
from .node import Node, UnsupportedError
from .onnx_types import type_of
from .values import HostValue, Poison, SequenceValue, Tensor, Value


@contextmanager
def attempt(n: Node) -> Generator[None]:
    """What is imported in here is imported once more: nothing is assumed or refused for it.

    Constants stay, since values from outside may have got theirs in here; those that nothing uses are erased later.
    """
    assumptions, unsupported = n.build.assumptions.copy(), list(n.context.unsupported)
    try:
        yield
    finally:
        n.build.assumptions = assumptions
        n.context.unsupported[:] = unsupported


def import_body(n: Node, body: onnx.GraphProto, block: Block, values: Mapping[str, Value | None]) -> list[Value] | None:
    """Import a subgraph into a block, with these values for its inputs; its outputs, None where something is unsupported."""
    scope = n.scope.subgraph()
    scope.values.update(values)
    with n.build.into(block):
        outputs = n.context.subgraph(body, scope)
    if any(isinstance(o, Poison) for o in outputs):
        return None
    return [o for o in outputs if o is not None]


def is_boxed(value: Value) -> bool:
    """Whether a value is a Python object at run time."""
    return isinstance(value, HostValue | SequenceValue)


def settle(n: Node, block: Block, value: Value, as_object: bool) -> SSAValue:
    """The value that a block gives, as a tensor or as an object."""
    with n.build.into(block):
        if as_object:
            return boxed(n.build, value).ssa
        assert isinstance(value, Tensor)
        return value.value()


def outside(ssa: SSAValue, inside: Value) -> Value:
    """The result of a control flow op that gives this value from its body."""
    return HostValue(ssa, type_of(inside)) if is_object(ssa) else Tensor.of(ssa)


def changed_axes(before: Dims, after: Dims) -> list[int]:
    """The axes on which dims differ; UnsupportedError where the rank does."""
    if len(before) != len(after):
        raise UnsupportedError(f"a value has rank {len(before)} here and {len(after)} there")
    return [axis for axis, (b, a) in enumerate(zip(before, after, strict=True)) if b != a]


def picked(dims: Sequence[DimExpr], axes: Sequence[int]) -> list[DimExpr]:
    return [dims[axis] for axis in axes]


def dims_vector(n: Node, block: Block, dims: Sequence[DimExpr]) -> SSAValue:
    """Dims as a tensor of si64, at the end of a block."""
    with n.build.into(block):
        return n.emit(graph.DimsOp(dims))


def fresh_dims(n: Node, dims: Sequence[DimExpr], axes: Sequence[int]) -> list[DimExpr]:
    """The dims with new symbols on some axes."""
    return [DimExpr.symbol(n.build.fresh_symbol()) if axis in axes else dim for axis, dim in enumerate(dims)]


def bind_symbols(n: Node, block: Block, vector: SSAValue, symbols: Sequence[DimExpr]) -> None:
    """Give the elements of a vector to symbols that have been in use in types already."""
    op = graph.BindOp(vector, [str(s) for s in symbols])
    op.location = n.build.location
    block.add_op(op)


def same_kind(what: str, index: int, first: SSAValue, second: SSAValue) -> None:
    """ValueError where two values for one result differ in element type, UnsupportedError where they do in rank."""
    if is_object(first) and is_object(second):
        return
    if element_of(first) != element_of(second):
        raise ValueError(f"{what} {index} is {element_of(first)} here and {element_of(second)} there")
    if rank_of(first) != rank_of(second):
        raise UnsupportedError(f"{what} {index} has rank {len(dims_of(first))} here and {len(dims_of(second))} there")
