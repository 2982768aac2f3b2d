"""Addresses of memref elements as getelementptr chains, one link for each loop level, the constant last.

For an element at `i*ld + k*32 + 7` in loops i and k the walk emits `p0 = base + i*ld` in loop i, `p1 = p0 + k*32` in
loop k, and `p1 + 28 bytes` at the access, where it becomes the displacement of the machine's addressing mode. Links are
shared: fourteen rows with constant distances need one pointer.
"""

from collections.abc import Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseArrayBase,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    i32,
)
from xdsl.ir import Attribute, SSAValue

from ...dialects.narrowing import is_integer
from ...errors import CompileError
from . import polynomial
from .context import POINTER, STAGE, Lowering, View, llvm_type
from .polynomial import ONE, Poly

_NO_WRAP_FLAGS = IntegerAttr(0, 32)
_DYNAMIC_INDEX = DenseArrayBase.from_list(i32, [llvm.GEP_USE_SSA_VAL])
_FLOAT_BYTES: dict[type[Attribute], int] = {Float16Type: 2, BFloat16Type: 2, Float32Type: 4, Float64Type: 8}
_CONSTANT_INDICES: dict[int, DenseArrayBase[IntegerType]] = {}


def element_bytes(type: Attribute) -> int:
    """Size and alignment of a memory element: 1, 2, 4 or 8.

    Raises CompileError for types that have no place in memory; a bool is stored as i8.
    """
    if is_integer(type) and type.width.data in (8, 16, 32, 64):
        return type.width.data // 8
    size = _FLOAT_BYTES.get(type.__class__)
    if size is None:
        raise CompileError(f"no memory element of type {type}", stage=STAGE)
    return size


def _constant_index(value: int) -> DenseArrayBase[IntegerType]:
    known = _CONSTANT_INDICES.get(value)
    if known is None:
        known = _CONSTANT_INDICES[value] = DenseArrayBase.from_list(i32, [value])
    return known


def step(lowering: Lowering, base: SSAValue, element: Attribute, offset: SSAValue | int) -> SSAValue:
    """`base + offset` elements."""
    indices = _DYNAMIC_INDEX if isinstance(offset, SSAValue) else _constant_index(offset)
    operands = (base, offset) if isinstance(offset, SSAValue) else (base,)
    properties = {"elem_type": element, "rawConstantIndices": indices, "noWrapFlags": _NO_WRAP_FLAGS}
    return lowering.emit(llvm.GEPOp, operands, POINTER, properties)


def _fits_displacement(offset: int) -> bool:
    return -(2**31) < offset < 2**31


def pointer(lowering: Lowering, view: View, offset: Poly) -> SSAValue:
    """The address `offset` elements from the base of `view`, usable at the current place."""
    return locate(lowering, view, offset)[0]


def locate(lowering: Lowering, view: View, offset: Poly) -> tuple[SSAValue, int]:
    """That address, and the scope in which it is computed."""
    if not offset.terms and not offset.constant:
        return view.base, view.depth
    key = (view.base, view.element, offset)
    return lowering.hoisted(key, max(view.depth, offset.depth), lambda: _chain(lowering, view, offset))


def _chain(lowering: Lowering, view: View, offset: Poly) -> SSAValue:
    """Emit the last link: the constant if there is one, else the terms of the deepest scope."""
    if offset.constant and _fits_displacement(offset.constant):
        return step(lowering, pointer(lowering, view, Poly(0, offset.terms)), view.element, offset.constant)
    if not offset.terms:
        return step(lowering, view.base, view.element, lowering.integer(offset.constant))
    shallow = 0
    while polynomial.monomial_depth(offset.terms[shallow][0]) < offset.depth > view.depth:
        shallow += 1
    previous = pointer(lowering, view, Poly(0, offset.terms[:shallow]))
    group = lowering.materialise(Poly(offset.constant, offset.terms[shallow:]))
    return step(lowering, previous, view.element, group)


def element_offset(lowering: Lowering, view: View, indices: Sequence[Poly]) -> Poly:
    """The position of element [indices] of `view`, in elements from its base."""
    offset = view.offset
    for index, stride in zip(indices, view.strides, strict=True):
        offset = polynomial.add(offset, lowering.multiply(index, stride))
    return offset


def element_pointer(lowering: Lowering, memref: SSAValue, indices: Sequence[SSAValue]) -> tuple[SSAValue, View]:
    """The address of element [indices] of a memref of the loops stage, and its view."""
    view = lowering.views.get(memref)
    if view is None:
        raise CompileError(f"a value of type {memref.type} is no view that is known at compile time", stage=STAGE)
    polys = [lowering.polys[index] for index in indices]
    return pointer(lowering, view, element_offset(lowering, view, polys)), view


def row_major(lowering: Lowering, sizes: Sequence[Poly]) -> tuple[Poly, ...]:
    """The strides of a dense array with these sizes."""
    strides = [ONE]
    for size in reversed(sizes[1:]):
        strides.append(lowering.multiply(strides[-1], size))
    return tuple(reversed(strides[: len(sizes)]))


def view_of_type(lowering: Lowering, type: MemRefType, base: SSAValue, depth: int, dynamic: Sequence[Poly] = ()) -> View:
    """The view of a dense memref at `base`; `dynamic` gives its unknown sizes, of which the first needs none.

    Raises CompileError for a layout other than the identity.
    """
    if not isinstance(type.layout, NoneAttr):
        raise CompileError(f"{type}: only dense memrefs can be arguments, globals or views", stage=STAGE)
    unknown = iter(dynamic)
    sizes: list[Poly] = []
    for position, size in enumerate(type.get_shape()):
        known = polynomial.constant(size) if size >= 0 else next(unknown, None)
        if known is None and position > 0:
            raise CompileError(f"{type}: only the first size of an argument can be unknown", stage=STAGE)
        sizes.append(known or ONE)
    return View(base, depth, polynomial.ZERO, row_major(lowering, sizes), llvm_type(type.element_type))
