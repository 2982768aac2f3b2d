"""Functions, calls and the kernel ABI.

A kernel of the loops stage takes its buffers as memrefs, its sizes as indices, then `%scratch: memref<?xi8>` and
`%lo, %hi: index`, and gives an i32. It becomes `i32 k(ptr ctx, ptr bufs, ptr sizes, ptr scratch, i64 lo, i64 hi)`, which
reads the i-th buffer from `bufs[i]` and the i-th size from `sizes[i]`. Every other function, and every declaration, keeps
its arguments: a memref is passed as a pointer, an index as an i64.
"""

from collections.abc import Sequence

from xdsl.dialects import func, llvm
from xdsl.dialects.builtin import IndexType, SymbolRefAttr, i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ...backends.targets import TargetModel
from ...dialects.narrowing import is_memref
from . import arith_ops, masked, math_ops, memref_ops, scf_ops, vector_ops
from .addressing import pointer, view_of_type
from .context import POINTER, Handler, Lowering, View, llvm_type, unsupported
from .polynomial import ONE, ZERO, constant

KERNEL_TYPE = llvm.LLVMFunctionType([POINTER, POINTER, POINTER, POINTER, i64, i64], i32)
_EXTERNAL = llvm.LinkageAttr("external")


def is_kernel(function: func.FuncOp) -> bool:
    """Whether the arguments are those of a kernel: memrefs, indices, memref<?xi8>, index, index; and the result i32."""
    inputs, outputs = function.function_type.inputs.data, function.function_type.outputs.data
    if not function.body.blocks or len(inputs) < 3 or outputs != (i32,):
        return False
    *leading, scratch, low, high = inputs
    if not (isinstance(low, IndexType) and isinstance(high, IndexType) and is_memref(scratch)):
        return False
    buffers = sum(is_memref(type) for type in leading)
    in_order = all(is_memref(type) for type in leading[:buffers])
    return scratch.element_type == i8 and in_order and all(isinstance(type, IndexType) for type in leading[buffers:])


def lower_function(function: func.FuncOp, target: TargetModel) -> llvm.FuncOp:
    """A function of the llvm dialect that does what `function` of the loops stage does, on `target`.

    Raises CompileError for an op, a type or a form that has no lowering.
    """
    if not function.body.blocks:
        return llvm.FuncOp(function.sym_name, _function_type(function), _EXTERNAL)
    body = Region()
    lowering = Lowering(body, target, HANDLERS)
    arguments = function.body.block.args
    if is_kernel(function):
        type = KERNEL_TYPE
        lowering.push(Block(arg_types=type.inputs.data), is_loop=False)
        _bind_kernel(lowering, arguments)
    else:
        type = _function_type(function)
        lowering.push(Block(arg_types=type.inputs.data), is_loop=False)
        for argument, value in zip(arguments, lowering.scopes[0].block.args, strict=True):
            _bind_argument(lowering, argument, value)
    terminator = lowering.lower_block(function.body.block)
    results = [lowering.value(value) for value in terminator.operands] if terminator is not None else []
    lowering.emit_op(llvm.ReturnOp.create(operands=results))
    lowering.finish()
    return llvm.FuncOp(function.sym_name, type, _EXTERNAL, body=body)


def _function_type(function: func.FuncOp) -> llvm.LLVMFunctionType:
    """The C function type. Raises CompileError for more than one result."""
    outputs = function.function_type.outputs.data
    if len(outputs) > 1:
        raise unsupported(function, "a function has at most one result")
    inputs = [llvm_type(type) for type in function.function_type.inputs.data]
    return llvm.LLVMFunctionType(inputs, llvm_type(outputs[0]) if outputs else None)


def _bind_argument(lowering: Lowering, argument: SSAValue, value: SSAValue) -> None:
    if is_memref(argument.type):
        lowering.views[argument] = view_of_type(lowering, argument.type, value, 0)
    else:
        lowering.bind(argument, value)


def _bind_kernel(lowering: Lowering, arguments: Sequence[SSAValue]) -> None:
    """Let a kernel's arguments stand for what the entry block loads from the two tables."""
    _, buffers, sizes, scratch, low, high = lowering.scopes[0].block.args
    memrefs = [argument for argument in arguments[:-3] if is_memref(argument.type)]
    indices = arguments[len(memrefs) : -3]
    for table, type, group in ((buffers, POINTER, memrefs), (sizes, i64, indices)):
        words = View(table, 0, ZERO, (ONE,), i64)
        for position, argument in enumerate(group):
            if argument.first_use is not None:
                _bind_argument(lowering, argument, _load_word(lowering, words, position, type))
    for argument, value in zip(arguments[-3:], (scratch, low, high), strict=True):
        _bind_argument(lowering, argument, value)


def _load_word(lowering: Lowering, table: View, position: int, type: Attribute) -> SSAValue:
    address = pointer(lowering, table, constant(position))
    return memref_ops.load(lowering, address, table.element, type)


def lower_call(lowering: Lowering, op: Operation) -> None:
    """A call by name with C arguments; a memref is passed as the address of its first element."""
    callee = op.properties["callee"]
    assert isinstance(callee, SymbolRefAttr)
    if len(op.results) > 1:
        raise unsupported(op, "a function has at most one result")
    operands = [
        memref_ops.address_of(lowering, operand) if is_memref(operand.type) else lowering.value(operand)
        for operand in op.operands
    ]
    call = llvm.CallOp.create(
        operands=operands,
        result_types=[llvm_type(result.type) for result in op.results],
        properties={"callee": callee, "operandSegmentSizes": scf_ops.segments(len(operands), 0)},
    )
    lowering.emit_op(call)
    for result, value in zip(op.results, call.results, strict=True):
        lowering.bind(result, value)


def lower_verbatim(lowering: Lowering, op: Operation) -> None:
    """An op of the llvm dialect inside the loops stage, such as a machine intrinsic: copied as it is."""
    copy = op.create(
        operands=[lowering.value(operand) for operand in op.operands],
        result_types=[llvm_type(result.type) for result in op.results],
        properties=op.properties,
        attributes=op.attributes,
    )
    lowering.emit_op(copy)
    for result, value in zip(op.results, copy.results, strict=True):
        lowering.bind(result, value)


HANDLERS: dict[str, Handler] = {
    **arith_ops.HANDLERS,
    **math_ops.HANDLERS,
    **memref_ops.HANDLERS,
    **scf_ops.HANDLERS,
    **vector_ops.HANDLERS,
    **masked.HANDLERS,
    "func.call": lower_call,
    "llvm.call_intrinsic": lower_verbatim,
    "llvm.inttoptr": lower_verbatim,
    "llvm.inline_asm": lower_verbatim,
}
"""Every op of the loops stage that has a lowering, by its name."""
