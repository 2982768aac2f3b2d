"""`plan-memory`: give every value of the host program its memory; launches become destination-passing.

- A view (a reshape, transpose or relayout that moves nothing) shares the memory of what it views.
- A returned value is written where the caller wants it: its buffer is the output's.
- An elementwise kernel writes over an input that dies there and has the same shape and element size.
- All other values live in the arena. Static ones share one slot by offset: the largest first, each at the lowest offset that
  no value alive at the same time covers. Dynamic ones are coloured into slots of their own, a slot being as large as the
  largest of its members at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from ..dialects import graph
from ..dialects.graph.attrs import DimAttr, DimsAttr, WeightAttr
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.types import dims_of, element_of, numel, order_of
from ..dialects.kernel import LaunchOp
from ..dialects.program import AllocOp, InputOp, InvokeOp, OutputOp, ProgramOp, WeightOp
from ..errors import CompileError
from ..lowering.kernel_attrs import GRID, SCRATCH, body_ops, dim_attribute, kernels_of, sizes_of
from ..runtime.weights import Array
from .arena import Lifetime, Piece, assign_pieces
from .grouping import is_alias
from .session import current_session


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


def byte_size(value: SSAValue) -> DimExpr:
    """Bytes that a tensor value takes, booleans a byte each."""
    return numel(value) * numpy_dtype(element_of(value)).itemsize


@dataclass
class _Planner:
    function: func.FuncOp
    kernels: Mapping[str, func.FuncOp]
    storage: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """The value whose buffer each value uses."""
    last_use: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    outputs: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])

    def build(self) -> ProgramOp:
        ops = list(self.function.body.block.ops)
        self._share_views(ops)
        self._find_last_uses(ops)
        self._share_in_place(ops)
        pieces = self._assign(ops)
        return self._emit(ops, pieces)

    def root(self, value: SSAValue) -> SSAValue:
        while value in self.storage:
            value = self.storage[value]
        return value

    def _share_views(self, ops: list[Operation]) -> None:
        for op in ops:
            if is_alias(op):
                self.storage[op.results[0]] = op.operands[0]
        for index, value in enumerate(ops[-1].operands):
            self.outputs[self.root(value)] = index

    def _find_last_uses(self, ops: list[Operation]) -> None:
        for position, op in enumerate(ops):
            for operand in op.operands:
                self.last_use[self.root(operand)] = position

    def _share_in_place(self, ops: list[Operation]) -> None:
        for position, op in enumerate(ops):
            if not isinstance(op, LaunchOp) or len(op.results) != 1 or op.results[0] in self.outputs:
                continue
            kernel = self.kernels[op.callee.root_reference.data]
            for operand, argument in zip(op.operands, kernel.args, strict=True):
                readers = [v for v in op.operands if self.root(v) is self.root(operand)]
                if len(readers) == 1 and self._dies_at(operand, position) and overwrites(kernel, argument):
                    self.storage[op.results[0]] = operand
                    self.last_use[self.root(operand)] = self.last_use.get(op.results[0], position)
                    break

    def _dies_at(self, value: SSAValue, position: int) -> bool:
        root = self.root(value)
        computed = isinstance(root.owner, LaunchOp)
        return computed and root not in self.outputs and self.last_use.get(root) == position

    def _assign(self, ops: list[Operation]) -> dict[SSAValue, Piece]:
        lifetimes: dict[SSAValue, Lifetime] = {}
        for position, op in enumerate(ops):
            if not isinstance(op, LaunchOp):
                continue
            for result in op.results:
                if result in self.storage or result in self.outputs:
                    continue
                lifetimes[result] = Lifetime(position, self.last_use.get(result, position), byte_size(result))
        return assign_pieces(lifetimes)

    def _emit(self, ops: list[Operation], pieces: Mapping[SSAValue, Piece]) -> ProgramOp:
        program = self._program()
        block = program.body.block
        buffers: dict[SSAValue, SSAValue] = {}

        def buffer(value: SSAValue) -> SSAValue:
            root = self.root(value)
            if root not in buffers:
                made = self._buffer_op(root, pieces)
                made.result.name_hint = root.name_hint
                block.add_op(made)
                buffers[root] = made.result
            return buffers[root]

        for op in ops:
            if isinstance(op, LaunchOp):
                block.add_op(self._invoke(op, [buffer(v) for v in (*op.operands, *op.results)]))
        return program

    def _program(self) -> ProgramOp:
        names = {k: _names(self.function, f"graph.{k}_names") for k in ("input", "output")}
        types = [a.type for a in self.function.args]
        results = list(self.function.function_type.outputs.data)
        symbols = sorted({s for t in types for d in dims_of(t) for s in d.symbols})
        inputs = list(zip(_default(names["input"], "x", len(types)), types, strict=True))
        outputs = list(zip(_default(names["output"], "y", len(results)), results, strict=True))
        assumptions = self.function.attributes.get("graph.assumptions")
        checked = assumptions if isinstance(assumptions, DimsAttr) else None
        return ProgramOp(self.function.sym_name.data, symbols, inputs, outputs, checked)

    def _buffer_op(self, root: SSAValue, pieces: Mapping[SSAValue, Piece]) -> InputOp | OutputOp | WeightOp | AllocOp:
        if root in self.outputs:
            return OutputOp(self.outputs[root])
        owner = root.owner
        if not isinstance(owner, Operation):
            return InputOp(owner.args.index(root))  # pyright: ignore[reportArgumentType]  # a block argument by its owner
        if isinstance(owner, graph.ConstantOp) and isinstance(owner.value, WeightAttr):
            return WeightOp(_stored(owner.value, order_of(root)))
        if root not in pieces:
            raise CompileError(f"no memory for the result of '{owner.name}'", stage="plan-memory")
        piece = pieces[root]
        return AllocOp(piece.slot, piece.offset, DimAttr(byte_size(root)))

    def _invoke(self, launch: LaunchOp, buffers: list[SSAValue]) -> InvokeOp:
        name = launch.callee.root_reference.data
        kernel = self.kernels[name]
        sizes = launch.sizes or DimsAttr(())
        env = dict(zip(sizes_of(kernel), sizes.data, strict=True))
        grid, scratch = (DimAttr(dim_attribute(kernel, a).substitute(env)) for a in (GRID, SCRATCH))
        invoke = InvokeOp(name, buffers, sizes, grid, scratch)
        invoke.location = launch.location
        return invoke


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
