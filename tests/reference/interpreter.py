"""Walks a function op by op; the table of evaluators; symbols of dynamic dims bind to the sizes of the arrays that come by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, StringAttr
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tilewright.dialects import graph
from tilewright.dialects.graph.attrs import DimsAttr, WeightAttr
from tilewright.dialects.graph.dims import DimExpr
from tilewright.dialects.graph.dtypes import dense_array, numpy_dtype
from tilewright.dialects.graph.types import dims_of, element_of
from tilewright.dialects.program_types import INPUT_DEFAULTS
from tilewright.runtime.host_calls import evaluator
from tilewright.runtime.weights import WeightStore

from . import contraction, movement, reduction, resize, sampling, selection
from .elementwise import ATTRIBUTED, BINARY, UNARY, bitcast_to, cast_to, mod, widen

Array = NDArray[Any]
Values = dict[SSAValue, Array]


class ReferenceError(Exception):
    """The interpreter met something that it can't evaluate, or a result that doesn't fit its type."""


class State:
    """The module, its weights and the sizes that symbols stand for."""

    def __init__(self, module: ModuleOp, store: WeightStore) -> None:
        self.functions = {op.sym_name.data: op for op in module.walk() if isinstance(op, FuncOp)}
        self.store = store
        self.symbols: dict[str, int] = {}

    def size(self, dim: DimExpr) -> int:
        try:
            return dim.evaluate(self.symbols)
        except KeyError as error:
            raise ReferenceError(f"symbol {error} of dim {dim} has no size yet") from error

    def sizes(self, dims: Iterable[DimExpr] | DimsAttr) -> tuple[int, ...]:
        return tuple(self.size(d) for d in (dims.data if isinstance(dims, DimsAttr) else dims))

    def bind(self, value: SSAValue, array: Array) -> None:
        """Check an array against the type of its value; symbols that are new take the sizes found."""
        dims = dims_of(value)
        if len(dims) != array.ndim or numpy_dtype(element_of(value)) != array.dtype:
            raise ReferenceError(f"got {array.dtype}{list(array.shape)} for a value of type {value.type}")
        for dim, size in zip(dims, array.shape, strict=True):
            if not dim.is_static and dim == DimExpr.symbol(str(dim)) and str(dim) not in self.symbols:
                self.symbols[str(dim)] = size
            if dim.symbols <= self.symbols.keys() and self.size(dim) != size:
                raise ReferenceError(f"got shape {list(array.shape)} for a value of type {value.type}")


def result_shape(op: Operation, state: State, x: Array | None = None) -> tuple[int, ...]:
    """The sizes of the first result; one unknown dim follows from the number of elements of `x`."""
    dims = dims_of(op.results[0])
    known = [state.size(d) if d.symbols <= state.symbols.keys() else -1 for d in dims]
    if known.count(-1) == 1 and x is not None:
        known[known.index(-1)] = x.size // int(np.prod([k for k in known if k >= 0], dtype=np.int64))
    return tuple(known) if -1 not in known else state.sizes(dims)


Evaluator = Callable[[Any, list[Array], State], Any]


def _constant(op: graph.ConstantOp, _: list[Array], state: State) -> Array:
    if op.weight is not None:
        return state.store[op.weight]
    assert op.dense is not None
    return np.broadcast_to(dense_array(op.dense), state.sizes(dims_of(op.result)))


def _dims(op: graph.DimsOp, _: list[Array], state: State) -> Array:
    sizes = np.array(state.sizes(op.value), np.int64)
    return sizes.reshape(()) if op.scalar.value.data else sizes


def _bind(op: graph.BindOp, operands: list[Array], state: State) -> Sequence[Array]:
    """The symbols of a bind stand for the elements of its operand from here on."""
    (x,) = operands
    if x.size and x.min() < 0:
        raise ReferenceError(f"a size is {x.min()}")
    state.symbols.update(zip(op.names, map(int, x.reshape(-1)), strict=True))
    return []


def _split(operands: list[Array], op: Any, name: str, before: int) -> Array | None:
    """An optional operand that stands after `before` others."""
    return operands[before] if getattr(op, name) is not None else None


EVALUATORS: dict[type[Operation], Evaluator] = {
    graph.ConstantOp: _constant,
    graph.DimsOp: _dims,
    graph.BindOp: _bind,
    graph.ShapeOp: lambda op, a, s: np.array(a[0].shape, np.int64),
    graph.RangeOp: lambda op, a, s: movement.range_(op, a[0], a[1], a[2], result_shape(op, s)),
    graph.MatmulOp: lambda op, a, s: contraction.matmul(op, *a),
    graph.AttentionOp: lambda op, a, s: contraction.attention(op, a, None if op.causal is None else s.size(op.causal.data)),
    graph.ConvOp: lambda op, a, s: contraction.conv(op, a[0], a[1], _split(a, op, "bias", 2), result_shape(op, s)),
    graph.ConvTransposeOp: lambda op, a, s: contraction.conv_transpose(
        op, a[0], a[1], _split(a, op, "bias", 2), result_shape(op, s)
    ),
    graph.PoolOp: lambda op, a, s: contraction.pool(op, a[0], result_shape(op, s)),
    graph.ArgPoolOp: lambda op, a, s: sampling.arg_pool(op, a[0], result_shape(op, s)),
    graph.LrnOp: lambda op, a, s: contraction.lrn(op, *a),
    graph.SampleOp: lambda op, a, s: sampling.sample(op, *a),
    graph.RoiAlignOp: lambda op, a, s: sampling.roi_align(op, *a),
    graph.RoiMaxPoolOp: lambda op, a, s: sampling.roi_max_pool(op, *a),
    graph.ReduceOp: lambda op, a, s: reduction.reduce(op, *a),
    graph.ArgReduceOp: lambda op, a, s: reduction.arg_reduce(op, *a),
    graph.SoftmaxOp: lambda op, a, s: reduction.softmax(op, *a),
    graph.LogSoftmaxOp: lambda op, a, s: reduction.log_softmax(op, *a),
    graph.CumsumOp: lambda op, a, s: reduction.cumsum(op, *a),
    graph.CumprodOp: lambda op, a, s: reduction.cumprod(op, *a),
    graph.TopKOp: lambda op, a, s: reduction.top_k(op, a[0], s.size(op.k.data)),
    graph.BatchNormOp: lambda op, a, s: reduction.batch_norm(op, *a),
    graph.LayerNormOp: lambda op, a, s: reduction.layer_norm(op, a[0], a[1], _split(a, op, "bias", 2)),
    graph.RmsNormOp: lambda op, a, s: reduction.rms_norm(op, *a),
    graph.InstanceNormOp: lambda op, a, s: reduction.instance_norm(op, *a),
    graph.GroupNormOp: lambda op, a, s: reduction.group_norm(op, *a),
    graph.LpNormalizeOp: lambda op, a, s: reduction.lp_normalize(op, *a),
    graph.TransposeOp: lambda op, a, s: np.transpose(a[0], op.perm.get_values()),
    graph.ReshapeOp: lambda op, a, s: a[0].reshape(result_shape(op, s, a[0])),
    graph.BroadcastOp: lambda op, a, s: movement.broadcast(op, a[0], result_shape(op, s)),
    graph.StretchOp: lambda op, a, s: movement.broadcast(op, a[0], result_shape(op, s)),
    graph.SliceOp: lambda op, a, s: movement.slice_(op, a[0], s.sizes(op.starts), s.sizes(op.steps), result_shape(op, s)),
    graph.ConcatOp: lambda op, a, s: np.concatenate(a, op.axis.value.data),
    graph.PadOp: lambda op, a, s: movement.pad(op.mode.data, a[0], _split(a, op, "value", 1), s.sizes(op.low), s.sizes(op.high)),
    graph.RelayoutOp: lambda op, a, s: a[0],
    graph.TriluOp: lambda op, a, s: movement.trilu(op, *a),
    graph.GatherOp: lambda op, a, s: np.take(a[0], a[1], op.axis.value.data),
    graph.GatherElementsOp: lambda op, a, s: np.take_along_axis(a[0], a[1], op.axis.value.data),
    graph.GatherNdOp: lambda op, a, s: movement.gather_nd(op, *a),
    graph.ScatterElementsOp: lambda op, a, s: movement.scatter_elements(op, *a),
    graph.ScatterNdOp: lambda op, a, s: movement.scatter_nd(op, *a),
    graph.OneHotOp: lambda op, a, s: movement.one_hot(op, a[0], a[1], a[2], result_shape(op, s)),
    graph.SortRowsOp: lambda op, a, s: selection.sort_rows(a[0]),
    graph.SuppressOp: lambda op, a, s: selection.suppress(op, *a),
    graph.ResizeOp: lambda op, a, s: resize.resize(op, a, result_shape(op, s)),
    graph.CastOp: lambda op, a, s: cast_to(op, a[0]),
    graph.BitcastOp: lambda op, a, s: bitcast_to(op, a[0]),
    graph.ModOp: lambda op, a, s: mod(op, *a),
    graph.WhereOp: lambda op, a, s: np.where(a[0], a[1], a[2]),
    **{kind: lambda op, a, s, f=f: f(*a) for kind, f in UNARY.items()},
    **{kind: lambda op, a, s, f=f: f(*a) for kind, f in BINARY.items()},
    **{kind: lambda op, a, s, f=f: f(op, *a) for kind, f in ATTRIBUTED.items()},
}

EXACT = (graph.CastOp, graph.BitcastOp, graph.ConstantOp)
"""Ops that see their operands in their own types, not in float64."""


def _round(value: SSAValue, array: Any) -> Array:
    """A computed array in the element type of its value."""
    return np.asarray(array).astype(numpy_dtype(element_of(value)))


def _region(block: Block, arguments: Sequence[Array], values: Values, state: State) -> list[Array]:
    """Evaluate a block; the operands of its terminator."""
    values = dict(values)
    for argument, array in zip(block.args, arguments, strict=True):
        if not graph.is_object(argument):
            state.bind(argument, array)
        values[argument] = array
    for op in block.ops:
        if isinstance(op, (graph.YieldOp, ReturnOp)):
            return [values[o] for o in op.operands]
        for result, array in zip(op.results, _run(op, values, state), strict=True):
            if graph.is_object(result):
                values[result] = array
                continue
            rounded = _round(result, array)
            state.bind(result, rounded)
            values[result] = rounded
    raise ReferenceError("a block has no terminator")


def _run(op: Operation, values: Values, state: State) -> Sequence[Any]:
    operands = [values[o] for o in op.operands]
    match op:
        case graph.IfOp():
            return _region((op.then_region if bool(operands[0]) else op.else_region).block, [], values, state)
        case graph.LoopOp():
            return _loop(op, values, state)
        case graph.ScanOp():
            return _scan(op, values, state)
        case graph.HostOp():
            return evaluator(op.node.data, tuple(o.data for o in op.opsets))(operands)
        case graph.UnboxOp():
            array = np.asarray(operands[0])
            state.symbols.update(zip(op.names, array.shape, strict=True))
            return [array]
        case CallOp():
            return _call(op.callee.string_value(), operands, state)
        case _ if op.name == "kernel.launch":
            return _call(op.attributes.get("callee", op.properties.get("callee")).string_value(), operands, state)  # pyright: ignore
        case _:
            pass
    rule = EVALUATORS.get(type(op))
    if rule is None:
        raise ReferenceError(f"no reference for {op.name}")
    with np.errstate(all="ignore"):
        result = rule(op, operands if isinstance(op, EXACT) else [widen(o) for o in operands], state)
    return [result] if len(op.results) == 1 else result


def _call(callee: str, operands: Sequence[Array], state: State) -> list[Array]:
    outer, state.symbols = state.symbols, {}
    try:
        return _region(state.functions[callee].body.block, operands, {}, state)
    finally:
        state.symbols = outer


def _loop(op: graph.LoopOp, values: Values, state: State) -> list[Array]:
    block = op.body.block
    limit = None if op.trip_count is None else int(values[op.trip_count].item())
    going = op.condition is None or bool(values[op.condition].item())
    carried = [values[v] for v in op.inits]
    scans: list[list[Array]] = [[] for _ in op.outs[len(op.inits) :]]
    iteration = 0
    while going and (limit is None or iteration < limit):
        counter, condition = (_filled(v, block.args[i]) for i, v in enumerate((iteration, going)))
        condition, *rest = _region(block, [counter, condition, *carried], values, state)
        going, carried = bool(condition.item()), rest[: len(carried)]
        for scan, value in zip(scans, rest[len(carried) :], strict=True):
            scan.append(value)
        iteration += 1
    return [*carried, *(_stack(scan, value) for scan, value in zip(scans, op.outs[len(carried) :], strict=True))]


def _filled(number: int | bool, like: SSAValue) -> Array:
    """A loop counter or condition, which may be a scalar or have one element."""
    return np.full([1] * len(dims_of(like)), number, numpy_dtype(element_of(like)))


def _stack(parts: list[Array], value: SSAValue) -> Array:
    if parts:
        return np.stack(parts)
    return np.zeros([0, *(d.value for d in dims_of(value)[1:])], numpy_dtype(element_of(value)))


def _scan(op: graph.ScanOp, values: Values, state: State) -> list[Array]:
    carried = [values[v] for v in op.inits]
    outputs: list[list[Array]] = [[] for _ in op.outs[len(op.inits) :]]
    inputs = [np.moveaxis(values[v], axis, 0) for v, axis in zip(op.inputs, op.input_axes.get_values(), strict=True)]
    inputs = [np.flip(x, 0) if back else x for x, back in zip(inputs, op.input_directions.get_values(), strict=True)]
    for slices in zip(*inputs, strict=True):
        rest = _region(op.body.block, [*carried, *(np.asarray(s) for s in slices)], values, state)
        carried = rest[: len(carried)]
        for output, value in zip(outputs, rest[len(carried) :], strict=True):
            output.append(value)
    stacked = [np.stack(o[::-1] if back else o) for o, back in zip(outputs, op.output_directions.get_values(), strict=True)]
    return [*carried, *(np.moveaxis(o, 0, axis) for o, axis in zip(stacked, op.output_axes.get_values(), strict=True))]


def _named(function: FuncOp, inputs: Mapping[str, Array], store: WeightStore) -> list[Array]:
    """The inputs in order; one that has a default may be left out."""
    names = function.attributes.get("graph.input_names")
    if names is None:
        raise ReferenceError("the function has no graph.input_names, give inputs by position")
    found = function.attributes.get(INPUT_DEFAULTS)
    defaults: Mapping[str, Attribute] = found.data if isinstance(found, DictionaryAttr) else {}
    keys = {name: weight.key.data for name, weight in defaults.items() if isinstance(weight, WeightAttr)}
    wanted = [name.data for name in cast(ArrayAttr[StringAttr], names)]
    return [inputs[name] if name in inputs else store[keys[name]] for name in wanted]


def evaluate(
    module: ModuleOp,
    inputs: Mapping[str, Array] | Sequence[Array],
    store: WeightStore | None = None,
    function: str = "main",
) -> list[Array]:
    """The outputs of a function for these inputs, by name (`graph.input_names`) or position; `store` holds the weights."""
    state = State(module, store if store is not None else WeightStore())
    main = state.functions[function]
    arrays = _named(main, inputs, state.store) if isinstance(inputs, Mapping) else list(inputs)
    return _region(main.body.block, arrays, {}, state)
