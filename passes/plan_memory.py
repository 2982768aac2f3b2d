"""`plan-memory`: give every value of the host program its memory; launches become destination-passing.

- A view (a reshape, transpose or relayout that moves nothing) shares the memory of what it views.
- A returned value is written where the caller wants it: its buffer is the output's.
- An elementwise kernel writes over an input that dies there and has the same shape and element size.
- Other values whose sizes follow from the inputs' dims live in the arena. Static ones share one slot by offset, each at the
  lowest that no value alive at the same time covers: the largest first, or in another order where that takes less. Dynamic ones
  are coloured into slots of their own, a slot being as large as the largest of its members at run time.
- Values whose sizes depend on data are reserved where they are made, in slots that grow as needed. So are the values that a
  loop carries: each in a slot of its own, which changes places with the slot of its next value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from ..dialects import graph
from ..dialects.graph.attrs import DimAttr, DimsAttr, WeightAttr
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import dense_array, numpy_dtype
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.host import is_object
from ..dialects.graph.types import dims_of, element_of, numel, order_of
from ..dialects.kernel import LaunchOp
from ..dialects.program import AllocOp, InputOp, InvokeOp, OutputOp, ProgramOp, WeightOp
from ..dialects.program_control import BindOp, IfOp, LoopOp, ReserveOp, YieldOp
from ..dialects.program_host import A_BUFFER, GiveOp, HostCallOp, MoveOp, TakeOp, UnboxOp
from ..dialects.program_types import ASSUMPTION_NODES, BUFFER, INPUT_DEFAULTS
from ..errors import CompileError
from ..lowering.kernel_attrs import COST, GRID, SCRATCH, body_ops, dim_attribute, kernels_of, returned, sizes_of
from ..runtime.weights import Array
from .memory_assignment import Assignment
from .session import current_session


def _worth_a_run(launch: LaunchOp, grid: DimExpr) -> DimExpr:
    """The grid, but 0 where no result has an element: one dim of 0 beside a huge one would else be a huge grid of nothing.

    A single open dim is small where nothing is to do.
    """
    open_dims = {dim for result in launch.results for dim in dims_of(result) if not dim.is_static}
    elements = sum(map(numel, launch.results), DimExpr.of(0))
    return grid * elements.min(1) if len(open_dims) > 1 or elements == DimExpr.of(0) else grid


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """Turn `main` into a `kernel.program`."""

    name = "plan-memory"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {k.sym_name.data: k for k in kernels_of(op)}
        for function in [f for f in op.ops if isinstance(f, func.FuncOp) and f.sym_name.data not in kernels]:
            program = _Planner(function, kernels).build()
            op.body.block.insert_op_before(program, function)
            function.detach()
            function.erase()


class ObjectPlaces(dict[SSAValue, int]):
    """Where Python objects are: each value gets a place of its own when it is first asked for."""

    def __missing__(self, value: SSAValue) -> int:
        self[value] = len(self)
        return self[value]


def tensors(values: Iterable[SSAValue]) -> list[SSAValue]:
    """The values that are no objects."""
    return [v for v in values if not is_object(v)]


@dataclass
class _Planner:
    function: func.FuncOp
    kernels: Mapping[str, func.FuncOp]
    buffers: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    objects: ObjectPlaces = field(default_factory=ObjectPlaces)
    symbols: int = 0

    def build(self) -> ProgramOp:
        self.program = _program(self.function)
        self.top = self.program.body.block
        self.assignment = Assignment(self.function, self.kernels, input_symbols(self.function), overwrites)
        for index, argument in enumerate(self.function.args):
            if is_object(argument):
                self.top.add_op(TakeOp(index, self.objects[argument]))
        self._emit(self.function.body.block, self.top)
        for index, value in enumerate(returned(self.function)):
            if is_object(value):
                self.top.add_op(GiveOp(index, self.objects[value]))
        return self.program

    # -- ops ----------------------------------------------------------------------------------------------------------
    def _emit(self, source: Block, block: Block) -> None:
        for op in source.ops:
            match op:
                case LaunchOp():
                    self._reserve(op, block)
                    block.add_op(self._invoke(op))
                case graph.BindOp():
                    self._bind(op, self.buffer(op.x), op.names, 8, block)
                case graph.HostOp():
                    self._host(op, block)
                case graph.UnboxOp():
                    self._unbox(op, block)
                case graph.IfOp():
                    self._if(op, block)
                case graph.LoopOp():
                    self._loop(op, block)
                case _:
                    pass

    def _invoke(self, launch: LaunchOp) -> InvokeOp:
        name = launch.callee.root_reference.data
        kernel = self.kernels[name]
        sizes = launch.sizes or DimsAttr(())
        env = dict(zip(sizes_of(kernel), sizes.data, strict=True))
        grid, scratch = (dim_attribute(kernel, a).substitute(env) for a in (GRID, SCRATCH))
        buffers = [self.buffer(v) for v in (*launch.operands, *launch.results)]
        cost = kernel.attributes.get(COST)
        known = DimAttr(cost.data.substitute(env)) if isinstance(cost, DimAttr) else None
        invoke = InvokeOp(name, buffers, sizes, DimAttr(_worth_a_run(launch, grid)), DimAttr(scratch), known)
        invoke.location = launch.location
        return invoke

    def _bind(self, op: Operation, buffer: SSAValue, names: tuple[str, ...], width: int, block: Block) -> None:
        bind = BindOp(buffer, names, width)
        bind.location = op.location
        block.add_op(bind)

    def _host(self, op: graph.HostOp, block: Block) -> None:
        operands = [A_BUFFER if not is_object(v) else self.objects[v] for v in op.inputs]
        buffers = [(self.buffer(v), v.type) for v in op.inputs if not is_object(v)]
        results = [self.objects[v] for v in op.outs]
        call = HostCallOp(op.op_type, op.node, op.opsets, buffers, operands, results)
        call.location = op.location
        block.add_op(call)

    def _unbox(self, op: graph.UnboxOp, block: Block) -> None:
        unbox = UnboxOp(self.objects[op.x], self.assignment.places[op.result].slot, op.names, op.result.type)
        unbox.location, unbox.result.name_hint = op.location, op.result.name_hint
        block.add_op(unbox)
        self.buffers[op.result] = unbox.result

    def _move(self, sources: Sequence[SSAValue], targets: Sequence[SSAValue], block: Block) -> None:
        """Let objects become others, where there are any among these values."""
        pairs = [(self.objects[s], self.objects[t]) for s, t in zip(sources, targets, strict=False) if is_object(s)]
        if pairs:
            block.add_op(MoveOp(pairs))

    def _fresh(self, what: str) -> str:
        """A symbol that stands for where control is; no name of a model's dim begins like that."""
        self.symbols += 1
        return f"at.{what}{self.symbols}"

    def _known(self, op: Operation, value: SSAValue, block: Block, what: str) -> DimExpr:
        """The one element of a boolean or integer value as an expression, bound to a symbol where it is not known."""
        owner = value.owner
        if isinstance(owner, graph.DimsOp):
            return owner.value.data[0]
        if isinstance(owner, graph.ConstantOp) and owner.dense is not None:
            return DimExpr.of(int(dense_array(owner.dense).item()))
        name = self._fresh(what)
        self._bind(op, self.buffer(value), (name,), numpy_dtype(element_of(value)).itemsize, block)
        return DimExpr.symbol(name)

    def _if(self, op: graph.IfOp, block: Block) -> None:
        condition = self._known(op, op.condition, block, "condition")
        regions = [Region(self._branch(r.block, op.outs)) for r in (op.then_region, op.else_region)]
        node = IfOp(condition, regions[0], regions[1], len(tensors(op.outs)))
        self._add_control(op, node, block)

    def _branch(self, source: Block, results: Sequence[SSAValue]) -> Block:
        block = Block()
        self._emit(source, block)
        last = source.last_op
        assert isinstance(last, graph.YieldOp)
        self._move(last.values, results, block)
        block.add_op(YieldOp([self.buffer(v) for v in tensors(last.values)]))
        return block

    def _loop(self, op: graph.LoopOp, block: Block) -> None:
        trip = None if op.trip_count is None else self._known(op, op.trip_count, block, "trip")
        start = DimExpr.of(1) if op.condition is None else self._known(op, op.condition, block, "start")
        symbols = self._fresh("iteration"), self._fresh("going")
        inits = [self.buffer(v) for v in tensors(op.inits)]
        source = op.body.block
        carried = source.args[2:]
        self._move(op.inits, carried, block)
        body = Block(arg_types=[BUFFER] * len(tensors(source.args)))
        self.buffers |= dict(zip(tensors(source.args), body.args, strict=True))
        for appended in self.assignment.appended(op):
            self.assignment.places[appended].append = symbols[0]
        self._emit(source, body)
        last = source.last_op
        assert isinstance(last, graph.YieldOp)
        goes_on = last.values[0]
        condition = DimExpr.symbol(symbols[1]) if goes_on is source.args[1] else self._known(op, goes_on, body, "next")
        self._move(last.values[1:], carried, body)
        body.add_op(YieldOp([self.buffer(v) for v in tensors(last.values[1:])], condition))
        slots = [self.assignment.carried_slot(op, index) for index, v in enumerate(op.inits) if not is_object(v)]
        self._add_control(op, LoopOp(symbols, trip, start, slots, inits, Region(body), len(tensors(op.outs))), block)
        self._move(carried, op.outs, block)

    def _add_control(self, op: graph.IfOp | graph.LoopOp, node: IfOp | LoopOp, block: Block) -> None:
        node.location = op.location
        block.add_op(node)
        for old, new in zip(tensors(op.outs), node.outs, strict=True):
            new.name_hint = old.name_hint
            self.buffers[old] = new

    # -- buffers ------------------------------------------------------------------------------------------------------
    def buffer(self, value: SSAValue) -> SSAValue:
        """The buffer of a value. Those that are there before the program runs are declared at its top level."""
        root = self.assignment.root(value)
        if root not in self.buffers:
            made = self._buffer_op(root)
            made.result.name_hint = root.name_hint
            self.top.add_op(made)
            self.buffers[root] = made.result
        return self.buffers[root]

    def _reserve(self, launch: LaunchOp, block: Block) -> None:
        """Memory for the results whose size this point of the program decides."""
        for result in launch.results:
            place = self.assignment.places.get(result)
            if place is None:
                continue
            size = numpy_dtype(element_of(result)).itemsize
            output = self.assignment.outputs.get(result)
            reserve = ReserveOp(place.slot, dims_of(result), size, place.append, output)
            reserve.location, reserve.result.name_hint = launch.location, result.name_hint
            block.add_op(reserve)
            self.buffers[result] = reserve.result

    def _buffer_op(self, root: SSAValue) -> InputOp | OutputOp | WeightOp | AllocOp:
        if root in self.assignment.outputs:
            return OutputOp(self.assignment.outputs[root])
        owner = root.owner
        if not isinstance(owner, Operation):
            return InputOp(owner.args.index(root))  # pyright: ignore[reportArgumentType]  # a block argument by its owner
        if isinstance(owner, graph.ConstantOp) and isinstance(owner.value, WeightAttr):
            return WeightOp(_stored(owner.value, order_of(root)))
        piece = self.assignment.pieces.get(root)
        if piece is None:
            raise CompileError(f"no memory for the result of '{owner.name}'", stage="plan-memory")
        return AllocOp(piece.slot, piece.offset, DimAttr(self.assignment.size(root)))


def input_symbols(function: func.FuncOp) -> list[str]:
    """The symbols in the dims of the arguments, sorted."""
    return sorted({s for a in tensors(function.args) for d in dims_of(a) for s in d.symbols})


def _program(function: func.FuncOp) -> ProgramOp:
    names = {k: _names(function, f"graph.{k}_names") for k in ("input", "output")}
    types = [a.type for a in function.args]
    results = list(function.function_type.outputs.data)
    inputs = list(zip(_default(names["input"], "x", len(types)), types, strict=True))
    outputs = list(zip(_default(names["output"], "y", len(results)), results, strict=True))
    assumptions = function.attributes.get("graph.assumptions")
    checked = assumptions if isinstance(assumptions, DimsAttr) else None
    program = ProgramOp(function.sym_name.data, input_symbols(function), inputs, outputs, checked)
    for name in {INPUT_DEFAULTS, ASSUMPTION_NODES} & set(function.attributes):
        program.attributes[name] = function.attributes[name]
    return program


def _stored(weight: WeightAttr, order: tuple[int, ...]) -> WeightAttr:
    """The weight as its bytes lie in memory: arrays of the store are logical, row-major."""
    store, key = current_session().weights, weight.key.data
    if order == tuple(range(len(order))):
        return weight
    name = f"{key}:order{''.join(map(str, order))}"
    if name in store:
        return store.attribute(name)
    shape = [store.shape(key)[axis] for axis in order]

    def reorder(array: Array) -> Array:
        return np.ascontiguousarray(np.transpose(array, order))

    return store.derive(name, reorder, [key], shape, store.dtype(key))


def overwrites(kernel: func.FuncOp, argument: SSAValue) -> bool:
    """Whether the kernel may write its result over this argument: only elementwise ops, and the same place read and written."""
    ops = body_ops(kernel)
    result = ops[-1].results[0]
    same_place = dims_of(argument) == dims_of(result) and order_of(argument) == order_of(result)
    same_size = numpy_dtype(element_of(argument)).itemsize == numpy_dtype(element_of(result)).itemsize
    inline = (ElementwiseOp, graph.ConstantOp)
    return same_place and same_size and all(isinstance(op, inline) for op in ops)


def _names(function: func.FuncOp, attribute: str) -> list[str]:
    found = function.attributes.get(attribute)
    return [e.data for e in found] if isa(found, ArrayAttr[StringAttr]) else []


def _default(names: list[str], prefix: str, count: int) -> list[str]:
    return names if len(names) == count else [f"{prefix}{i}" for i in range(count)]
