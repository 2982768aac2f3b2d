"""Building loops-stage IR: a thin layer over xDSL ops with folded index arithmetic and structured loops.

`KernelBuilder` makes the function frame of the kernel ABI; `LoopBuilder` emits ops at its insertion point. Where ops go, and what
is emitted only once, is in `emitter.py`; arithmetic on indices, which may be Python ints, in `index_builder.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects import arith, func, math, memref, scf, vector
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    FunctionType,
    MemRefType,
    i8,
    i32,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ..dialects.graph.base import i1
from ..dialects.graph.dims import DimExpr
from ..dialects.memref import PrefetchOp
from .emitter import Index as Index
from .index_builder import NO_OVERFLOW, IndexBuilder
from .loop_types import (
    INDEX,
    element_type,
    flat_memref,
    is_vector,
    storage_type,
    type_of,
    vector_type,
    view_type,
)
from .loop_types import compute_type as compute_type


class LoopBuilder(IndexBuilder):
    """Loops, memory and arithmetic; nested bodies are built by callbacks that receive their block arguments."""

    # -- structured control flow ----------------------------------------------------------------------------------------
    def for_(
        self,
        lower: Index,
        upper: Index,
        body: Callable[[SSAValue, Sequence[SSAValue]], Sequence[SSAValue] | None],
        step: Index = 1,
        inits: Sequence[SSAValue] = (),
    ) -> list[SSAValue]:
        """`scf.for`; `body(iv, carried)` emits the body and returns the values to carry on. Returns the loop's results."""
        first, last, stride = self.index(lower), self.index(upper), self.index(step)
        block = Block(arg_types=[INDEX, *(v.type for v in inits)])
        with self.at(block):
            carried = body(block.args[0], block.args[1:]) or ()
            block.add_op(scf.YieldOp(*carried))
        loop = scf.ForOp(first, last, stride, list(inits), Region(block))
        self.block.add_op(loop)
        return list(loop.results)

    def if_(
        self,
        condition: SSAValue,
        then: Callable[[], Sequence[SSAValue] | None],
        otherwise: Callable[[], Sequence[SSAValue] | None] | None = None,
        result_types: Sequence[Attribute] = (),
    ) -> list[SSAValue]:
        """`scf.if`; the callbacks emit the branches and return their results."""
        blocks: list[Block] = []
        for branch in (then, otherwise):
            if branch is None:
                continue
            block = Block()
            with self.at(block):
                block.add_op(scf.YieldOp(*(branch() or ())))
            blocks.append(block)
        regions = [Region(b) for b in blocks]
        op = scf.IfOp(condition, list(result_types), regions[0], regions[1] if len(regions) > 1 else None)
        self.block.add_op(op)
        return list(op.results)

    # -- memory -----------------------------------------------------------------------------------------------------------
    def view(self, buffer: SSAValue, sizes: Sequence[Index], strides: Sequence[Index], offset: Index = 0) -> SSAValue:
        """`memref.reinterpret_cast`: a strided view of a flat buffer (element units).

        The stride of a dim of size 1 is never used; where it is 0 it becomes 1, since upstream refuses strides of 0.
        """
        strides = [1 if isinstance(n, int) and n == 1 else s for n, s in zip(sizes, strides, strict=True)]
        static = [_static(sizes), _static(strides), _static([offset])]
        result = view_type(element_type(buffer), static[0], static[1], static[2][0])
        dynamic = [[v for v in values if not isinstance(v, int)] for values in ([offset], sizes, strides)]
        return self.emit(
            memref.ReinterpretCastOp(buffer, dynamic[0], dynamic[1], dynamic[2], static[2], static[0], static[1], result)
        )

    def scratch_view(self, scratch: SSAValue, byte_offset: Index, count: Index, element: Attribute) -> SSAValue:
        """`memref.view`: `count` elements of scratch memory starting at a byte offset, as a flat memref."""
        dynamic = [] if isinstance(count, int) else [count]
        result = MemRefType(element, [count if isinstance(count, int) else DYNAMIC_INDEX])
        return self.emit(memref.ViewOp.create(operands=[scratch, self.index(byte_offset), *dynamic], result_types=[result]))

    def load(self, view: SSAValue, indices: Sequence[Index]) -> SSAValue:
        """One element in its storage type."""
        return self.op(memref.LoadOp, [view, *map(self.index, indices)], element_type(view))

    def store(self, value: SSAValue, view: SSAValue, indices: Sequence[Index]) -> None:
        self.block.add_op(memref.StoreOp.create(operands=[value, view, *map(self.index, indices)]))

    def vload(self, view: SSAValue, indices: Sequence[Index], lanes: int, mask: SSAValue | None = None) -> SSAValue:
        """`lanes` consecutive elements along the last (unit-stride) dim; masked-off lanes read as zero."""
        result = vector_type(element_type(view), lanes)
        operands = [view, *map(self.index, indices)]
        if mask is None:
            return self.op(vector.LoadOp, operands, result)
        return self.op(vector.MaskedLoadOp, [*operands, mask, self.const(0, result)], result)

    def vstore(self, value: SSAValue, view: SSAValue, indices: Sequence[Index], mask: SSAValue | None = None) -> None:
        """Store a vector along the last (unit-stride) dim; masked-off lanes are left alone."""
        where = [view, *map(self.index, indices)]
        if mask is None:
            self.block.add_op(vector.StoreOp.create(operands=[value, *where]))
        else:
            self.block.add_op(vector.MaskedStoreOp.create(operands=[*where, mask, value]))

    def prefetch(self, view: SSAValue, indices: Sequence[Index], locality: int = 3) -> None:
        """Bring the line of an element near, which may lie outside the view; 3: to L1, 2: to L2."""
        self.block.add_op(PrefetchOp(view, [self.index(i) for i in indices], locality))

    def lane_mask(self, count: Index, lanes: int) -> SSAValue:
        """`vector<lanes x i1>` with the first `count` lanes set (all of them when count >= lanes)."""
        return self.pure(vector.CreateMaskOp, [self.index(count)], vector_type(i1, lanes))

    # -- scalar and vector arithmetic ---------------------------------------------------------------------------------------
    def binary(self, cls: type[Operation], a: SSAValue, b: SSAValue) -> SSAValue:
        """A float or integer op whose result has the type of its first operand."""
        return self.op(cls, [a, b], type_of(a), DEFAULT_PROPERTIES.get(cls))

    def addf(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.binary(arith.AddfOp, a, b)

    def mulf(self, a: SSAValue, b: SSAValue) -> SSAValue:
        return self.binary(arith.MulfOp, a, b)

    def fma(self, a: SSAValue, b: SSAValue, c: SSAValue) -> SSAValue:
        """`a * b + c`, fused where the target can (vectors: `vector.fma`; scalars: `math.fma`)."""
        cls = vector.FMAOp if is_vector(a) else math.FmaOp
        properties = None if cls is vector.FMAOp else _FASTMATH_NONE
        return self.pure(cls, [a, b, c], type_of(a), properties)

    def broadcast(self, scalar: SSAValue, lanes: int) -> SSAValue:
        return self.pure(vector.BroadcastOp, [scalar], vector_type(type_of(scalar), lanes))


class KernelBuilder(LoopBuilder):
    """The frame of a kernel: a function with the ABI's arguments, its views of `buffers`, and the closing return."""

    def __init__(self, name: str, buffers: Sequence[Attribute], sizes: Sequence[str]) -> None:
        """`buffers` are the graph element types of inputs then outputs; `sizes` the symbols bound to index arguments."""
        types: list[Attribute] = [flat_memref(storage_type(b)) for b in buffers]
        types += [INDEX] * len(sizes) + [flat_memref(i8), INDEX, INDEX]
        block = Block(arg_types=types)
        super().__init__(block)
        self.func = func.FuncOp(name, FunctionType.from_lists(types, [i32]), Region(block))
        count = len(buffers)
        self.buffers: list[SSAValue] = list(block.args[:count])
        self.scratch, self.lo, self.hi = block.args[-3:]
        for argument, hint in zip(block.args[count:], [*sizes, "scratch", "lo", "hi"], strict=True):
            argument.name_hint = hint
        for symbol, argument in zip(sizes, block.args[count : count + len(sizes)], strict=True):
            self.bind_dim(DimExpr.symbol(symbol), argument)

    def finish(self, code: SSAValue | None = None) -> func.FuncOp:
        """Return an error code (0: none) and hand the function over."""
        self.block.add_op(func.ReturnOp(self.const(0, i32) if code is None else code))
        return self.func


def _static(values: Sequence[Index]) -> tuple[int, ...]:
    return tuple(v if isinstance(v, int) else DYNAMIC_INDEX for v in values)


_FASTMATH_NONE = {"fastmath": arith.FastMathFlagsAttr("none")}
DEFAULT_PROPERTIES: dict[type[Operation], Mapping[str, Attribute]] = {
    **dict.fromkeys(
        (
            arith.AddfOp,
            arith.SubfOp,
            arith.MulfOp,
            arith.DivfOp,
            arith.MaximumfOp,
            arith.MinimumfOp,
            arith.MaxnumfOp,
            arith.MinnumfOp,
        ),
        _FASTMATH_NONE,
    ),
    **dict.fromkeys((arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.ShLIOp), NO_OVERFLOW),
}
