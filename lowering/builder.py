"""Building loops-stage IR: a thin layer over xDSL ops with folded index arithmetic and structured loops.

`KernelBuilder` makes the function frame of the kernel ABI; `LoopBuilder` emits ops at its insertion point. Index values may be
Python ints; arithmetic on ints is done at once, so strides and offsets that are known leave no code behind.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

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
from ..dialects.graph.dims import Atom, DimExpr
from ..dialects.memref import PrefetchOp
from .loop_types import (
    INDEX,
    constant_attr,
    element_type,
    flat_memref,
    iota_attr,
    is_vector,
    prints_as_bits,
    scalar_type,
    storage_type,
    type_of,
    vector_type,
    view_type,
)
from .loop_types import compute_type as compute_type

Index = SSAValue | int


class LoopBuilder:
    """Emits ops at the end of `block`; nested bodies are built by callbacks that receive their block arguments.

    The blocks being built form a stack: a loop is appended to its block when its body is finished. So until then, what a body
    needs can still be put before the loop, and `pure` does: it emits an op once, in the outermost block where its operands are
    known. Index arithmetic goes that way.
    """

    def __init__(self, block: Block, entry: Block | None = None) -> None:
        self.block = block
        self.entry = entry or block
        self._constants: dict[tuple[Attribute, float | int | str], SSAValue] = {}
        self._dims: dict[DimExpr, Index] = {}
        self._last_constant: Operation | None = None
        self._open: list[Block] = [block]
        self._known: list[dict[object, SSAValue]] = [{}]
        self._floor = 0

    # -- emission -----------------------------------------------------------------------------------------------------
    def emit(self, op: Operation) -> SSAValue:
        """Append an op with at most one result and return that result."""
        self.block.add_op(op)
        return op.results[0] if op.results else SSAValue.get(op.operands[0])

    def op(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result: Attribute,
        properties: Mapping[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an op built the fast way, bypassing its constructor."""
        return self.emit(cls.create(operands=operands, result_types=[result], properties=dict(properties or {})))

    @contextmanager
    def at(self, block: Block) -> Generator[None]:
        """Emit into another block for the duration: a new one inside the current block, or one that encloses it."""
        saved, self.block = (self.block, self._floor), block
        enclosing = block in self._open
        if not enclosing:
            self._open.append(block)
            self._known.append({})
        if block.parent is not None and not enclosing:
            # It stands in the program already: what is appended outside from now on would come too late.
            self._floor = len(self._open) - 1
        try:
            yield
        finally:
            self.block, self._floor = saved
            if not enclosing:
                self._open.pop()
                self._known.pop()

    # -- emission once, outside the loops that do not matter -------------------------------------------------------------
    def depth(self, value: SSAValue) -> int:
        """Which of the open blocks defines a value, counted from the outermost."""
        owner = value.owner
        block = owner if isinstance(owner, Block) else owner.parent
        return next((d for d in range(len(self._open) - 1, -1, -1) if self._open[d] is block), 0)

    @property
    def level(self) -> int:
        """The depth of the current block."""
        return self._open.index(self.block)

    @contextmanager
    def outside(self, operands: Sequence[SSAValue], least: int = 0) -> Generator[dict[object, SSAValue]]:
        """Emit in the outermost open block, from depth `least` on, where the operands are known.

        Gives what is remembered there, by key: values that stay the same as long as that block is being built.
        """
        depth = max(self._floor, least, *map(self.depth, operands)) if operands else max(self._floor, least)
        with self.at(self._open[depth]):
            yield self._known[depth]

    def recall(self, key: object) -> SSAValue | None:
        """What `remember` was told under this key in a block that is still open."""
        return next((k[key] for k in reversed(self._known) if key in k), None)

    def remember(self, key: object, value: SSAValue) -> None:
        """Keep a value that stays the same as long as the block that defines it is being built."""
        self._known[max(self._floor, self.depth(value))][key] = value

    def pure(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result: Attribute,
        properties: Mapping[str, Attribute] | None = None,
    ) -> SSAValue:
        """An op without effects that cannot trap, emitted once and as far outside as its operands allow."""
        key = (cls, *operands, result, *(properties or {}).values())
        with self.outside(operands) as known:
            found = known.get(key)
            if found is None:
                found = known[key] = self.op(cls, operands, result, properties)
        return found

    # -- constants (kept at the top of the function, one of each) ---------------------------------------------------------
    def _constant(self, type_: Attribute, value: float | int) -> SSAValue:
        key = (type_, _bits(value))
        found = self._constants.get(key)
        if found is not None:
            return found
        element = scalar_type(type_)
        if element is not type_ and prints_as_bits(value, element):
            scalar = self._constant(element, value)
            op = vector.BroadcastOp.create(operands=[scalar], result_types=[type_])
        else:
            op = arith.ConstantOp.create(result_types=[type_], properties={"value": constant_attr(type_, value)})
        return self._place_constant(key, op)

    def _place_constant(self, key: tuple[Attribute, float | int | str], op: Operation) -> SSAValue:
        if self._last_constant is None:
            first = self.entry.first_op
            if first is None:
                self.entry.add_op(op)
            else:
                self.entry.insert_op_before(op, first)
        else:
            self.entry.insert_op_after(op, self._last_constant)
        self._last_constant = op
        self._constants[key] = op.results[0]
        return op.results[0]

    def const(self, value: float | int, type_: Attribute) -> SSAValue:
        """A scalar constant, or a splat for a vector type."""
        return self._constant(type_, value)

    def iota(self, element: Attribute, lanes: int) -> SSAValue:
        """The integer vector 0, 1, 2, ..."""
        key = (vector_type(element, lanes), "iota")
        found = self._constants.get(key)
        if found is not None:
            return found
        numbers = {"value": iota_attr(key[0], lanes)}
        return self._place_constant(key, arith.ConstantOp.create(result_types=[key[0]], properties=numbers))

    def index(self, value: Index) -> SSAValue:
        return self._constant(INDEX, value) if isinstance(value, int) else value

    # -- index arithmetic -----------------------------------------------------------------------------------------------
    def add(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0 and isinstance(a, int):
            return b
        if b == 0 and isinstance(b, int):
            return a
        return self.pure(arith.AddiOp, [self.index(a), self.index(b)], INDEX, _NO_OVERFLOW)

    def sub(self, a: Index, b: Index) -> Index:
        if isinstance(b, int):
            return a - b if isinstance(a, int) else self.add(a, -b)
        return 0 if a is b else self.pure(arith.SubiOp, [self.index(a), b], INDEX, _NO_OVERFLOW)

    def mul(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int) and b in (0, 1):
            return a if b else 0
        return self.pure(arith.MuliOp, [self.index(a), self.index(b)], INDEX, _NO_OVERFLOW)

    def floordiv(self, a: Index, b: Index) -> Index:
        """Quotient of non-negative a by positive b."""
        if isinstance(a, int) and isinstance(b, int):
            return a // b
        if isinstance(b, int) and b == 1:
            return a
        return self._divide(arith.DivUIOp, a, b)

    def mod(self, a: Index, b: Index) -> Index:
        """Remainder of non-negative a by positive b."""
        if isinstance(a, int) and isinstance(b, int):
            return a % b
        if isinstance(b, int) and b == 1:
            return 0
        return self._divide(arith.RemUIOp, a, b)

    def _divide(self, cls: type[Operation], a: Index, b: Index) -> SSAValue:
        # A divisor that is 0 where a loop does not run must not be divided by before that loop.
        emit = self.pure if isinstance(b, int) else self.op
        return emit(cls, [self.index(a), self.index(b)], INDEX)

    def ceildiv(self, a: Index, b: Index) -> Index:
        return self.floordiv(self.add(a, self.sub(b, 1)), b)

    def min(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.pure(arith.MinSIOp, [self.index(a), self.index(b)], INDEX)

    def max(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        return self.pure(arith.MaxSIOp, [self.index(a), self.index(b)], INDEX)

    def linear(self, indices: Sequence[Index], strides: Sequence[Index], offset: Index = 0) -> Index:
        """`offset + sum(index * stride)`."""
        total = offset
        for i, s in zip(indices, strides, strict=True):
            total = self.add(total, self.mul(i, s))
        return total

    def delinearize(self, linear: Index, extents: Sequence[Index]) -> list[Index]:
        """The multi-index of a row-major linear index; the outermost extent is not needed and not read."""
        result: list[Index] = []
        for extent in reversed(extents[1:]):
            result.append(self.mod(linear, extent))
            linear = self.floordiv(linear, extent)
        return [linear, *reversed(result)] if extents else []

    def cmp(self, predicate: str, a: Index, b: Index) -> SSAValue:
        """Signed integer comparison: eq ne slt sle sgt sge ult ule ugt uge."""
        return self.emit(arith.CmpiOp(self.index(a), self.index(b), predicate))

    def select(self, condition: SSAValue, then: Index, otherwise: Index) -> SSAValue:
        """One of two indices."""
        return self.pure(arith.SelectOp, [condition, self.index(then), self.index(otherwise)], INDEX)

    # -- symbolic dims --------------------------------------------------------------------------------------------------
    def bind_dim(self, dim: DimExpr, value: Index) -> None:
        """Say which value a dim expression (a symbol, mostly) has; the value must dominate all uses."""
        self._dims[dim] = value

    def dim(self, expr: DimExpr) -> Index:
        """The value of a dim expression: an int when static, else index arithmetic emitted in the entry block's scope."""
        if expr.is_static:
            return expr.value
        found = self._dims.get(expr)
        if found is not None:
            return found
        total: Index = 0
        for mono, coefficient in expr.terms:
            term: Index = coefficient
            for atom, power in mono:
                for _ in range(power):
                    term = self.mul(self._atom(atom), term)
            total = self.add(total, term)
        if isinstance(total, int) or self.depth(total) == 0:
            self._dims[expr] = total
        return total

    def _atom(self, atom: Atom) -> Index:
        if not atom.args:
            return self._dims[DimExpr.symbol(atom.name)]
        lhs, rhs = (self.dim(a) for a in atom.args)
        return {"floordiv": self.floordiv, "mod": self.mod, "max": self.max, "min": self.min}[atom.name](lhs, rhs)

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


def _bits(value: float | int) -> float | int | str:
    # 0.0 == -0.0 and nan != nan as dict keys; their text tells them apart.
    return value if isinstance(value, int) else repr(value)


def _static(values: Sequence[Index]) -> tuple[int, ...]:
    return tuple(v if isinstance(v, int) else DYNAMIC_INDEX for v in values)


_FASTMATH_NONE = {"fastmath": arith.FastMathFlagsAttr("none")}
_NO_OVERFLOW = {"overflowFlags": arith.IntegerOverflowAttr("none")}
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
    **dict.fromkeys((arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.ShLIOp), _NO_OVERFLOW),
}
