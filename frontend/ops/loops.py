"""Loop and Scan.

What a Loop carries may change its dims. Import finds out by importing the body more than once: first as if nothing changed; a
dim that comes out differently becomes a symbol, which the body binds from a vector of dims that is carried along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import AttributeProto
from xdsl.ir import Attribute, Block, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.base import i1, normalize_axis, si64
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.host import is_object
from ...dialects.graph.types import AnyTensor, Dims, dims_of, element_of, tensor, tensor_type
from ..host import boxed
from ..node import Node, UnsupportedError
from ..regions import (
    attempt,
    bind_symbols,
    changed_axes,
    dims_vector,
    fresh_dims,
    import_body,
    is_boxed,
    outside,
    picked,
    same_kind,
    settle,
)
from ..registry import op
from ..values import POISON, HostValue, Tensor, Value
from .movement import join
from .slicing import ONE
from .slicing import pieces as cut_pieces

MAX_ATTEMPTS = 16
"""A carried dim is found to change in one of the first; more are needed only where one such finding leads to the next."""


@dataclass
class Body:
    """A loop body under construction.

    Attributes:
        block: arguments are the iteration, the condition, the carried values, then dims vectors and a counter.
        outputs: what it gives: the condition, the carried values, what is stacked.
        dims: of the carried values at the start of an iteration.
        varying: for every carried value the axes on which these change.
    """

    block: Block
    outputs: list[Value]
    dims: list[Dims]
    varying: list[list[int]]


@op("Loop")
def loop(n: Node) -> Sequence[Value]:
    graph_ = n.attribute("body", AttributeProto.GRAPH, "g")
    inits = [_initial(n, i) for i in range(2, len(n.inputs))]
    if len(graph_.input) != len(inits) + 2:
        raise ValueError(f"the body has {len(graph_.input)} inputs, expected {len(inits) + 2}")
    if len(graph_.output) != len(n.proto.output) + 1 or len(graph_.output) < len(inits) + 1:
        raise ValueError(f"the body has {len(graph_.output)} outputs for a node of {len(n.proto.output)}")
    body = _settle(n, graph_, inits)
    if body is None:
        return [POISON for _ in n.proto.output]
    return _finish(n, inits, body)


def _initial(n: Node, index: int) -> SSAValue:
    """What a loop starts to carry."""
    value = n.inputs[index]
    return boxed(n.build, value).ssa if value is not None and is_boxed(value) else n.x(index)


def _dims(value: SSAValue | Attribute) -> Dims:
    """The dims of a tensor; none of an object."""
    return () if is_object(value) else dims_of(value)


def _typed(like: SSAValue, dims: Sequence[DimExpr]) -> Attribute:
    """The type of a tensor with these dims, or of an object."""
    return like.type if is_object(like) else tensor(element_of(like), dims)


def _settle(n: Node, body: onnx.GraphProto, inits: Sequence[SSAValue]) -> Body | None:
    """Import the body with as many symbols for carried dims as it takes."""
    varying: list[list[int]] = [[] for _ in inits]
    for _ in range(MAX_ATTEMPTS):
        with attempt(n):
            tried = _import(n, body, inits, varying)
            changed = None if tried is None else _changes(tried, inits)
        if changed is None or not any(changed):
            return _import(n, body, inits, varying)
        varying = [sorted({*v, *c}) for v, c in zip(varying, changed, strict=True)]
    raise UnsupportedError("the dims that it carries change in too many ways")


def _changes(body: Body, inits: Sequence[SSAValue]) -> list[list[int]]:
    """Axes on which what the body carries on has other dims than what it got, and which are not known to change."""
    found: list[list[int]] = []
    for index, (init, dims, axes) in enumerate(zip(inits, body.dims, body.varying, strict=True)):
        given = body.outputs[1 + index]
        if is_object(init):
            found.append([])
            continue
        if not isinstance(given, Tensor):
            raise UnsupportedError(f"carried value {index} becomes a sequence or optional")
        if element_of(given.type) != element_of(init):
            raise ValueError(f"carried value {index} starts as {element_of(init)} and becomes {element_of(given.type)}")
        found.append([axis for axis in changed_axes(dims, dims_of(given.type)) if axis not in axes])
    return found


def _import(n: Node, body: onnx.GraphProto, inits: Sequence[SSAValue], varying: list[list[int]]) -> Body | None:
    dims = [tuple(fresh_dims(n, _dims(init), axes)) for init, axes in zip(inits, varying, strict=True)]
    types = [tensor(si64, ()), tensor(i1, ()), *(_typed(i, d) for i, d in zip(inits, dims, strict=True))]
    block = Block(arg_types=[*types, *(tensor(si64, [len(axes)]) for axes in varying if axes)])
    vectors = iter(block.args[len(types) :])
    for own, axes in zip(dims, varying, strict=True):
        if axes:
            bind_symbols(n, block, next(vectors), picked(own, axes))
    with n.build.into(block):
        values = [_declared(n, v, a) for v, a in zip(body.input, block.args, strict=False)]
    outputs = import_body(n, body, block, dict(zip([v.name for v in body.input], values, strict=True)))
    return None if outputs is None else Body(block, outputs, dims, varying)


def _declared(n: Node, value: onnx.ValueInfoProto, argument: SSAValue) -> Value:
    """A body input; iteration and condition may be declared as vectors of one element."""
    if is_object(argument):
        return HostValue(argument, value.type)
    shape = value.type.tensor_type.shape.dim
    return Tensor.of(n.build.reshape(argument, [ONE]) if not dims_of(argument) and len(shape) == 1 else argument)


@dataclass
class Carry:
    """What a loop carries: the values before it and after each iteration, and the symbols bound to the last ones behind it.

    The first values are those of the model; the rest tells dims.
    """

    n: Node
    block: Block
    starts: list[SSAValue]
    nexts: list[SSAValue]
    bound: list[list[DimExpr]] = field(default_factory=list[list[DimExpr]])

    def dims(self, start: SSAValue, dims: Sequence[DimExpr], symbols: list[DimExpr]) -> None:
        """Carry a vector of dims, for which symbols stand behind the loop."""
        self.starts.append(start)
        self.nexts.append(dims_vector(self.n, self.block, dims))
        self.bound.append(symbols)

    def counter(self) -> DimExpr:
        """Carry the number of iterations; its symbol."""
        build = self.n.build
        count = DimExpr.symbol(build.fresh_symbol())
        self.starts.append(build.scalar(0, si64))
        argument = self.block.insert_arg(tensor(si64, ()), len(self.block.args))
        with build.into(self.block):
            self.nexts.append(self.n.emit(graph.AddOp(argument, build.scalar(1, si64))))
        self.bound.append([count])
        return count

    def stacked(self, value: SSAValue, count: DimExpr) -> AnyTensor:
        """The type of a stacked output; dims that only the body knows are carried out of it."""
        dims, inner = dims_of(value), _defined_in(self.block)
        axes = [axis for axis, dim in enumerate(dims) if dim.symbols & inner]
        outer = fresh_dims(self.n, dims, axes)
        if axes:
            self.block.insert_arg(tensor(si64, [len(axes)]), len(self.block.args))
            start = self.n.build.constant(np.zeros(len(axes), np.int64)).value()
            self.dims(start, picked(dims, axes), picked(outer, axes))
        return tensor(element_of(value), [count, *outer])


def _finish(n: Node, inits: Sequence[SSAValue], body: Body) -> Sequence[Value]:
    """Close the body, and bind the dims of the results behind the loop."""
    build, block, carried = n.build, body.block, len(inits)
    objects = [False, *map(is_object, inits), *map(is_boxed, body.outputs[1 + carried :])]
    values = [settle(n, block, v, as_object) for v, as_object in zip(body.outputs, objects, strict=True)]
    with build.into(block):
        condition = build.reshape(values[0], ())
    carry = Carry(n, block, list(inits), values[1 : 1 + carried])
    types = [_typed(i, fresh_dims(n, d, a)) for i, d, a in zip(inits, body.dims, body.varying, strict=True)]
    for init, axes, value, type_ in zip(inits, body.varying, list(carry.nexts), list(types), strict=True):
        if axes:
            start = dims_vector(n, build.block, picked(dims_of(init), axes))
            carry.dims(start, picked(dims_of(value), axes), picked(dims_of(type_), axes))
    pieces = values[1 + carried :]
    stacked: list[AnyTensor] = []
    if pieces:
        count = _trips(n, body) or carry.counter()
        stacked = [carry.stacked(value, count) for value in pieces]
    types += [tensor_type(v) for v in carry.starts[carried:]]
    block.add_op(graph.YieldOp([condition, *carry.nexts, *pieces]))
    node = graph.LoopOp(_limit(n), _scalar(n, 1), carry.starts, Region(block), [*types, *stacked])
    build.place(node)
    for vector, symbols in zip(node.outs[carried:], carry.bound, strict=False):
        bind_symbols(n, build.block, vector, symbols)
    results = (*node.outs[:carried], *node.outs[len(carry.starts) :])
    return [outside(v, inside) for v, inside in zip(results, body.outputs[1:], strict=True)]


def _limit(n: Node) -> SSAValue | None:
    """The trip count; one below 0 allows no iteration."""
    limit = _scalar(n, 0)
    if limit is None or n.tensor(0).known is not None:
        return limit
    return n.emit(graph.MaxOp(limit, n.build.scalar(0, si64)))


def _scalar(n: Node, index: int) -> SSAValue | None:
    return n.build.reshape(n.x(index), ()) if n.has(index) else None


def _trips(n: Node, body: Body) -> DimExpr | None:
    """The number of iterations where only the trip count decides it."""
    condition, start = body.outputs[0], n.array(1) if n.has(1) else np.array(True)
    assert isinstance(condition, Tensor)
    passed = condition.ssa is not None and condition.ssa is body.block.args[1]
    always = passed or (condition.array is not None and bool(condition.array.all()))
    if not n.has(0) or not always or start is None or not start.all():
        return None
    known = n.tensor(0).known
    if known is not None:
        (trips,) = known.dims()
        return DimExpr.of(max(trips.value, 0)) if trips.is_static else trips.max(0)
    limit = _limit(n)
    assert limit is not None
    return n.bind(limit)[0]


def _defined_in(block: Block) -> set[str]:
    """The symbols that get values in a block or in the regions in it."""
    return {name for op in block.walk() if isinstance(op, graph.BindOp | graph.UnboxOp) for name in op.names}


@op("Scan", since=9)
def scan(n: Node) -> Sequence[Value]:
    return _scan(n, [n.x(i) for i in range(len(n.inputs))])


@op("Scan", since=8)
def scan_8(n: Node) -> Sequence[Value]:
    """Each entry of the batch, axis 0 of all operands, on its own; `sequence_lens` would make each as long as it says."""
    if n.has(0):
        raise UnsupportedError("sequence_lens")
    operands = [n.x(i) for i in range(1, len(n.inputs))]
    batch = dims_of(operands[0])[0]
    if not batch.is_static:
        raise UnsupportedError("the batch is no number")
    rows = [_entries(n, x, batch.value) for x in operands]
    found = [_scan(n, [row[entry] for row in rows]) for entry in range(batch.value)]
    if any(v is POISON for outputs in found for v in outputs):
        return [POISON for _ in n.proto.output]
    columns = zip(*([v.value() for v in outputs if isinstance(v, Tensor)] for outputs in found), strict=True)
    return [Tensor.of(join(n, [n.build.reshape(v, [ONE, *dims_of(v)]) for v in column], 0)) for column in columns]


def _entries(n: Node, x: SSAValue, count: int) -> list[SSAValue]:
    """The slices of a tensor along axis 0, without it."""
    return [n.build.reshape(part, dims_of(part)[1:]) for part in cut_pieces(n, x, 0, [ONE] * count)]


def _scan(n: Node, operands: Sequence[SSAValue]) -> Sequence[Value]:
    body, inputs = n.attribute("body", AttributeProto.GRAPH, "g"), n.int_attr("num_scan_inputs")
    carried = len(operands) - inputs
    if not 0 < inputs <= len(operands) or len(body.input) != len(operands) or len(body.output) < carried:
        raise ValueError(f"{len(operands)} operands, {inputs} of them scanned, for a body of {len(body.input)} inputs")
    inits, scanned = operands[:carried], operands[carried:]
    wanted = n.ints_attr("scan_input_axes", [0] * inputs)
    axes = [normalize_axis(a, len(dims_of(x))) for a, x in zip(wanted, scanned, strict=True)]
    slices = [tensor(element_of(x), _without(dims_of(x), axis)) for x, axis in zip(scanned, axes, strict=True)]
    block = Block(arg_types=[*(v.type for v in inits), *slices])
    values = {v.name: Tensor.of(a) for v, a in zip(body.input, block.args, strict=True)}
    outputs = import_body(n, body, block, values)
    if outputs is None:
        return [POISON for _ in n.proto.output]
    if any(map(is_boxed, outputs)):
        raise UnsupportedError("its body gives a sequence or optional")
    results = [settle(n, block, o, False) for o in outputs]
    block.add_op(graph.YieldOp(results))
    _check_carried(n, inits, results)
    lengths = [dims_of(x)[axis] for x, axis in zip(scanned, axes, strict=True)]
    for length in lengths:
        n.build.assumptions.need_equal(length, lengths[0])
    return _emit_scan(n, inits, scanned, axes, Region(block), results[carried:], lengths[0])


def _check_carried(n: Node, inits: Sequence[SSAValue], results: Sequence[SSAValue]) -> None:
    """What a scan carries keeps its type."""
    for index, (init, value) in enumerate(zip(inits, results, strict=False)):
        same_kind("carried value", index, init, value)
        for before, after in zip(dims_of(init), dims_of(value), strict=True):
            n.build.assumptions.need_equal(before, after)


def _emit_scan(
    n: Node,
    inits: Sequence[SSAValue],
    scanned: Sequence[SSAValue],
    axes: Sequence[int],
    body: Region,
    stacked: Sequence[SSAValue],
    length: DimExpr,
) -> Sequence[Value]:
    wanted = n.ints_attr("scan_output_axes", [0] * len(stacked))
    output_axes = [normalize_axis(a, len(dims_of(v)) + 1) for a, v in zip(wanted, stacked, strict=True)]
    types = [v.type for v in inits]
    for value, axis in zip(stacked, output_axes, strict=True):
        dims = dims_of(value)
        types.append(tensor(element_of(value), (*dims[:axis], length, *dims[axis:])))
    input_turns = n.ints_attr("scan_input_directions", [0] * len(scanned))
    output_turns = n.ints_attr("scan_output_directions", [0] * len(stacked))
    node = graph.ScanOp(inits, scanned, body, types, axes, input_turns, output_axes, output_turns)
    n.emit(node)
    return [Tensor.of(v) for v in node.outs]


def _without(dims: Dims, axis: int) -> Dims:
    return (*dims[:axis], *dims[axis + 1 :])
