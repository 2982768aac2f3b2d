"""The state of one function's walk from the loops stage to the llvm dialect.

The walk keeps a stack of scopes, one for each region it is inside. Integer arithmetic on `index` values is not emitted
where it stands: it is kept as a polynomial and emitted where a value is needed, in the outermost scope that leaves every
loop the value does not depend on. That is loop-invariant code motion, constant folding and common subexpressions in
one, and no later pass has to redo it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from xdsl.dialects import llvm
from xdsl.dialects.builtin import BFloat16Type, IndexType, IntegerAttr, VectorType, i16, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ...backends.targets import TargetModel
from ...dialects.narrowing import is_memref, is_vector
from ...errors import CompileError
from . import polynomial
from .polynomial import Monomial, Poly

STAGE = "lower-to-llvm"
POINTER = llvm.LLVMPointerType()
INDEX_BITS = 64

_TERMINATORS = frozenset({"func.return", "scf.yield", "scf.condition"})
_NO_PROPERTIES: Mapping[str, Attribute] = {}


def unsupported(op: Operation, why: str = "no lowering to the llvm dialect") -> CompileError:
    """The error for an op that the walk cannot lower."""
    return CompileError(why, op=op.name, stage=STAGE)


def llvm_type(type: Attribute) -> Attribute:
    """The type in the llvm dialect of a value of the loops stage: index is i64, a memref is a pointer, bf16 is i16.

    LLVM calls a library function wherever it has to move a bfloat in a way that the processor has no instruction for.
    """
    if isinstance(type, IndexType):
        return i64
    if isinstance(type, BFloat16Type):
        return i16
    if is_memref(type):
        return POINTER
    if is_vector(type):
        if len(type.shape) != 1:
            raise CompileError(f"{type}: vectors must be of rank 1", stage=STAGE)
        if isinstance(type.element_type, IndexType | BFloat16Type):
            return VectorType(llvm_type(type.element_type), type.shape)
    return type


class View(NamedTuple):
    """A memref at compile time: element [i, j, ...] is at `base + offset + i * strides[0] + j * strides[1] + ...`."""

    base: SSAValue
    """A pointer in the llvm dialect."""
    depth: int
    """The scope that defines the base."""
    offset: Poly
    """In elements, like the strides."""
    strides: tuple[Poly, ...]
    element: Attribute


@dataclass(slots=True)
class Scope:
    """A region that the walk is inside."""

    block: Block
    """The block that code of this scope is appended to; it has no terminator yet."""
    is_loop: bool
    cache: dict[object, SSAValue] = field(default_factory=dict[object, SSAValue])
    """What is already computed in this scope, by a key that says what."""


class Lowering:
    """Lowers the ops of one function into `region` for `target`."""

    def __init__(self, region: Region, target: TargetModel, handlers: Mapping[str, Handler]) -> None:
        self.region = region
        self.target = target
        self._handlers = handlers
        self.values: dict[SSAValue, SSAValue] = {}
        """Loops stage -> llvm dialect, for everything that is neither an index nor a memref."""
        self.polys: dict[SSAValue, Poly] = {}
        self.views: dict[SSAValue, View] = {}
        self.scopes: list[Scope] = []
        self.level = -1
        """Index of the scope that `emit` appends to."""
        self._constants: dict[Attribute, SSAValue] = {}
        self._integers: dict[int, SSAValue] = {}
        self._entry_ops: list[Operation] = []
        self._leaves: list[SSAValue] = []
        self._leaf_of: dict[SSAValue, Poly] = {}

    # Walking

    def lower_block(self, block: Block) -> Operation | None:
        """Lower every op of a block up to its terminator, which is returned."""
        for op in block.ops:
            if op.name in _TERMINATORS:
                return op
            handler = self._handlers.get(op.name)
            if handler is None:
                raise unsupported(op)
            handler(self, op)
        return None

    def push(self, block: Block, *, is_loop: bool) -> None:
        """Enter a scope whose code begins in `block`."""
        self.region.add_block(block)
        self.scopes.append(Scope(block, is_loop))
        self.level = len(self.scopes) - 1

    def pop(self) -> None:
        """Leave the innermost scope."""
        self.scopes.pop()
        self.level = len(self.scopes) - 1

    def resume(self, block: Block) -> None:
        """Let the code of the current scope go on in `block`."""
        self.region.add_block(block)
        self.scopes[-1].block = block

    # Emission

    def emit(
        self,
        op: type[Operation],
        operands: Sequence[SSAValue],
        result: Attribute,
        properties: Mapping[str, Attribute] = _NO_PROPERTIES,
    ) -> SSAValue:
        """Append an op with one result to the current scope."""
        made = op.create(operands=operands, result_types=(result,), properties=properties)
        self.scopes[self.level].block.add_op(made)
        return made.results[0]

    def emit_op(self, op: Operation) -> None:
        """Append any op to the current scope."""
        self.scopes[self.level].block.add_op(op)

    def constant(self, value: Attribute, type: Attribute) -> SSAValue:
        """A scalar or vector constant of an llvm dialect type, made once a function and placed at its start."""
        known = self._constants.get(value)
        if known is None:
            known = self._constants[value] = self._new_constant(value, type)
        return known

    def integer(self, value: int) -> SSAValue:
        """An i64 constant, modulo 2**64."""
        known = self._integers.get(value)
        if known is None:
            half = 1 << (INDEX_BITS - 1)
            wrapped = (value + half) % (2 * half) - half
            known = self._new_constant(IntegerAttr(wrapped, i64), i64)
            self._integers[value] = known
        return known

    def _new_constant(self, value: Attribute, type: Attribute) -> SSAValue:
        op = llvm.ConstantOp.create(result_types=(type,), properties={"value": value})
        self._entry_ops.append(op)
        return op.results[0]

    def allocate(self, element: Attribute, count: int, alignment: Attribute) -> SSAValue:
        """An array on the stack, allocated at the start of the function."""
        size = self.integer(count)
        properties = {"alignment": alignment, "elem_type": element}
        op = llvm.AllocaOp.create(operands=(size,), result_types=(POINTER,), properties=properties)
        self._entry_ops.append(op)
        return op.results[0]

    def finish(self) -> None:
        """Put the constants and stack arrays at the start of the function."""
        entry = self.region.blocks.first
        assert entry is not None
        if entry.first_op is None:
            entry.add_ops(self._entry_ops)
        else:
            entry.insert_ops_before(self._entry_ops, entry.first_op)

    # Values

    def value(self, value: SSAValue) -> SSAValue:
        """What stands for a value of the loops stage, usable at the current place."""
        known = self.values.get(value)
        if known is not None:
            return known
        poly = self.polys.get(value)
        if poly is None:
            raise CompileError(f"a value of type {value.type} cannot be used here", stage=STAGE)
        return self.materialise(poly)

    def bind(self, value: SSAValue, to: SSAValue) -> None:
        """Let a value of the loops stage stand for one of the llvm dialect, defined in the current scope."""
        if isinstance(value.type, IndexType):
            self.polys[value] = self.leaf(to, self.level)
        else:
            self.values[value] = to

    def alias(self, value: SSAValue, source: SSAValue) -> None:
        """Let a value of the loops stage stand for what another one stands for."""
        if source in self.polys:
            self.polys[value] = self.polys[source]
        elif source in self.views:
            self.views[value] = self.views[source]
        else:
            self.values[value] = self.values[source]

    def leaf(self, value: SSAValue, depth: int) -> Poly:
        """The polynomial that is just this i64, defined in the scope at `depth`."""
        known = self._leaf_of.get(value)
        if known is None:
            known = polynomial.leaf(polynomial.leaf_number(depth, len(self._leaves)))
            self._leaves.append(value)
            self._leaf_of[value] = known
        return known

    def multiply(self, a: Poly, b: Poly) -> Poly:
        """The product; a leaf of its own where multiplying out would have too many terms."""
        product = polynomial.multiply(a, b)
        if product is not None:
            return product
        key = ("llvm.mul", a, b)
        build = lambda: self.emit(llvm.MulOp, (self.materialise(a), self.materialise(b)), i64)  # noqa: E731
        return self.leaf(*self.hoisted(key, max(a.depth, b.depth), build))

    # Hoisting

    def _home(self, depth: int) -> int:
        """The scope in which to compute what is known at `depth`: outside every loop that is deeper, but no further."""
        home = self.level
        for index in range(self.level, depth, -1):
            if self.scopes[index].is_loop:
                home = index - 1
        return home

    def hoisted(self, key: object, depth: int, build: Callable[[], SSAValue]) -> tuple[SSAValue, int]:
        """The value called `key` and its scope: a known one, or what `build` emits in the outermost useful scope."""
        home = self._home(depth)
        for index in range(home, depth - 1, -1):
            known = self.scopes[index].cache.get(key)
            if known is not None:
                return known, index
        level, self.level = self.level, home
        try:
            value = build()
        finally:
            self.level = level
        self.scopes[home].cache[key] = value
        return value, home

    def materialise(self, poly: Poly) -> SSAValue:
        """The i64 with the value of `poly`, usable at the current place."""
        if not poly.terms:
            return self.integer(poly.constant)
        if not poly.constant and len(poly.terms) == 1:
            return self._product(*poly.terms[0])
        return self.hoisted(poly, poly.depth, lambda: self._sum(poly))[0]

    def _sum(self, poly: Poly) -> SSAValue:
        """Emit `poly`, the constant last and deeper terms after shallower ones, so that prefixes are shared."""
        rest = Poly(0, poly.terms if poly.constant else poly.terms[:-1])
        last = self.integer(poly.constant) if poly.constant else self._product(*poly.terms[-1])
        return self.emit(llvm.AddOp, (self.materialise(rest), last), i64)

    def _product(self, monomial: Monomial, factor: int) -> SSAValue:
        """The product, with the factor and the shallow leaves multiplied first."""
        last = self._leaves[monomial[-1] & polynomial.SERIAL_MASK]
        if len(monomial) == 1:
            if factor == 1:
                return last
            head = self.integer(factor)
        else:
            head = self._product(monomial[:-1], factor)
        depth = polynomial.monomial_depth(monomial)
        key = (monomial, factor)
        return self.hoisted(key, depth, lambda: self.emit(llvm.MulOp, (last, head), i64))[0]


Handler = Callable[[Lowering, Operation], None]
"""Lowers one op of the loops stage."""
