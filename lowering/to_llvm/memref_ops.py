"""`memref`: views are records at compile time, accesses are loads and stores that promise element alignment only."""

from collections.abc import Sequence

from xdsl.dialects import llvm, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerAttr, SymbolRefAttr, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects.memref import PrefetchOp
from ...dialects.narrowing import is_integer_array, is_memref
from . import polynomial
from .addressing import element_bytes, element_pointer, locate, pointer, view_of_type
from .context import POINTER, Handler, Lowering, View, llvm_type, unsupported
from .polynomial import Poly

_ALIGNMENTS = {size: IntegerAttr(size, i64) for size in (1, 2, 4, 8)}


def alignment(element: Attribute) -> IntegerAttr:
    """The alignment that an access to elements of this type promises."""
    return _ALIGNMENTS[element_bytes(element)]


def load(lowering: Lowering, address: SSAValue, element: Attribute, type: Attribute) -> SSAValue:
    """Load a value of `type` from elements of type `element`."""
    return lowering.emit(llvm.LoadOp, (address,), type, {"alignment": alignment(element)})


def store(lowering: Lowering, value: SSAValue, address: SSAValue, element: Attribute) -> None:
    """Store a scalar or vector to elements of type `element`."""
    lowering.emit_op(llvm.StoreOp.create(operands=(value, address), properties={"alignment": alignment(element)}))


def lower_load(lowering: Lowering, op: Operation) -> None:
    """`memref.load` and `vector.load`."""
    source, *indices = op.operands
    address, view = element_pointer(lowering, source, indices)
    result = op.results[0]
    lowering.bind(result, load(lowering, address, view.element, llvm_type(result.type)))


def lower_store(lowering: Lowering, op: Operation) -> None:
    """`memref.store` and `vector.store`."""
    value, target, *indices = op.operands
    address, view = element_pointer(lowering, target, indices)
    store(lowering, lowering.value(value), address, view.element)


def _mixed(lowering: Lowering, static: Attribute, dynamic: Sequence[SSAValue]) -> tuple[Poly, ...]:
    """Sizes, offsets or strides of which the dynamic ones are operands."""
    assert is_integer_array(static)
    operands = iter(dynamic)
    return tuple(
        lowering.polys[next(operands)] if value == DYNAMIC_INDEX else polynomial.constant(value) for value in static.get_values()
    )


def lower_reinterpret_cast(lowering: Lowering, op: Operation) -> None:
    """The offset counts from the start of the buffer, not from the source's own offset."""
    assert isinstance(op, memref.ReinterpretCastOp)
    source = _view(lowering, op, op.operands[0])
    offset = _mixed(lowering, op.static_offsets, op.offsets)
    strides = _mixed(lowering, op.static_strides, op.strides)
    lowering.views[op.results[0]] = source._replace(offset=offset[0] if offset else polynomial.ZERO, strides=strides)


def lower_subview(lowering: Lowering, op: Operation) -> None:
    """A subview of the source's rank: offsets and strides are relative to the source."""
    assert isinstance(op, memref.SubviewOp)
    source = _view(lowering, op, op.operands[0])
    offsets = _mixed(lowering, op.static_offsets, op.offsets)
    steps = _mixed(lowering, op.static_strides, op.strides)
    result = op.results[0].type
    if not is_memref(result) or len(result.shape) != len(steps):
        raise unsupported(op, "a subview that drops dimensions; use memref.reinterpret_cast")
    offset = source.offset
    for position, stride in zip(offsets, source.strides, strict=True):
        offset = polynomial.add(offset, lowering.multiply(position, stride))
    strides = tuple(map(lowering.multiply, source.strides, steps))
    lowering.views[op.results[0]] = source._replace(offset=offset, strides=strides)


def lower_view(lowering: Lowering, op: Operation) -> None:
    """`memref.view`: typed elements from a byte position of a buffer of bytes."""
    source, shift, *sizes = op.operands
    result = op.results[0]
    assert is_memref(result.type)
    view = _view(lowering, op, source)
    position = polynomial.add(view.offset, lowering.polys[shift])
    base, depth = locate(lowering, view, position)
    dynamic = [lowering.polys[size] for size in sizes]
    lowering.views[result] = view_of_type(lowering, result.type, base, depth, dynamic)


def lower_cast(lowering: Lowering, op: Operation) -> None:
    """`memref.cast` changes what the type says, not the view."""
    lowering.alias(op.results[0], op.operands[0])


def lower_dim(lowering: Lowering, op: Operation) -> None:
    """`memref.dim` of a size that the type states."""
    source, position = op.operands
    which = lowering.polys[position]
    assert is_memref(source.type)
    size = source.type.get_shape()[which.constant] if not which.terms else -1
    if size < 0:
        raise unsupported(op, "sizes that the type does not state are operands of the kernel")
    lowering.polys[op.results[0]] = polynomial.constant(size)


def lower_alloca(lowering: Lowering, op: Operation) -> None:
    """A small array of known size on the stack, allocated once at the start of the function."""
    result = op.results[0]
    assert is_memref(result.type)
    if op.operands:
        raise unsupported(op, "the size of a stack array must be known")
    count = 1
    for size in result.type.get_shape():
        count *= size
    stated = op.properties.get("alignment")
    element = llvm_type(result.type.element_type)
    align = stated if stated is not None else alignment(element)
    base = lowering.allocate(element, count, align)
    lowering.views[result] = view_of_type(lowering, result.type, base, 0)


def lower_get_global(lowering: Lowering, op: Operation) -> None:
    """A constant table, addressed from the start of the function."""
    result, name = op.results[0], op.properties["name"]
    assert is_memref(result.type) and isinstance(name, SymbolRefAttr)
    properties = {"global_name": name}
    base, depth = lowering.hoisted(name, 0, lambda: lowering.emit(llvm.AddressOfOp, (), POINTER, properties))
    lowering.views[result] = view_of_type(lowering, result.type, base, depth)


def address_of(lowering: Lowering, memref_value: SSAValue) -> SSAValue:
    """The address of the first element of a memref, as an argument of a call."""
    view = lowering.views[memref_value]
    return pointer(lowering, view, view.offset)


def lower_pointer_as_index(lowering: Lowering, op: Operation) -> None:
    """`memref.extract_aligned_pointer_as_index`: the address of the buffer, without the view's offset."""
    view = _view(lowering, op, op.operands[0])
    lowering.bind(op.results[0], lowering.emit(llvm.PtrToIntOp, (view.base,), i64))


def lower_unrealized_cast(lowering: Lowering, op: Operation) -> None:
    """`builtin.unrealized_conversion_cast %address : index to memref<?xT>`: the buffer at an address in a table."""
    if len(op.operands) != 1 or len(op.results) != 1 or not is_memref(op.results[0].type):
        raise unsupported(op, "only casts of an address to a memref have a meaning here")
    result = op.results[0]
    assert is_memref(result.type)
    base = lowering.emit(llvm.IntToPtrOp, (lowering.value(op.operands[0]),), POINTER)
    lowering.views[result] = view_of_type(lowering, result.type, base, lowering.level)


def _view(lowering: Lowering, op: Operation, source: SSAValue) -> View:
    view = lowering.views.get(source)
    if view is None:
        raise unsupported(op, f"a value of type {source.type} is no view that is known at compile time")
    return view


def lower_prefetch(lowering: Lowering, op: Operation) -> None:
    """A hint: the address need not be inside the memref."""
    assert isinstance(op, PrefetchOp)
    address, _ = element_pointer(lowering, op.memref, op.indices)
    flags = (abs(op.is_write.value.data), op.locality.value.data, abs(op.is_data.value.data))
    hints = [lowering.constant(IntegerAttr(flag, i32), i32) for flag in flags]
    lowering.emit_op(llvm.CallIntrinsicOp("llvm.prefetch", [address, *hints], []))


HANDLERS: dict[str, Handler] = {
    "memref.load": lower_load,
    "memref.store": lower_store,
    "memref.reinterpret_cast": lower_reinterpret_cast,
    "memref.subview": lower_subview,
    "memref.view": lower_view,
    "memref.cast": lower_cast,
    "memref.dim": lower_dim,
    "memref.prefetch": lower_prefetch,
    "memref.alloca": lower_alloca,
    "memref.get_global": lower_get_global,
    "memref.extract_aligned_pointer_as_index": lower_pointer_as_index,
    "builtin.unrealized_conversion_cast": lower_unrealized_cast,
}
