"""Functions, globals and the module header as LLVM IR text."""

from collections.abc import Callable, Iterable

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from ...dialects.narrowing import is_dense
from ...errors import CompileError
from ..targets import TargetModel
from .instructions import INSTRUCTIONS, Names
from .literals import constant_text, dense_text, type_text

_STAGE = "print-llvm-ir"
_VISIBILITIES = ("", "hidden ", "protected ")


def print_llvm_ir(ops: ModuleOp | Iterable[Operation], target: TargetModel) -> str:
    """The functions and globals in `ops`, or in a module, as one LLVM IR module for `target`.

    Raises CompileError for an op that is not in the llvm dialect or has no text.
    """
    listed = list(ops.body.block.ops if isinstance(ops, ModuleOp) else ops)
    parts = [f'target datalayout = "{target.data_layout}"\ntarget triple = "{target.triple}"\n']
    parts += [_top_level(op) for op in listed]
    parts.append(_attributes(target))
    return "\n".join(parts)


def _attributes(target: TargetModel) -> str:
    """What holds for every function: the processor, and that nothing may become a library call."""
    words = ["nounwind", '"no-builtins"', f'"target-cpu"="{target.cpu}"']
    if target.tune:
        words.append(f'"tune-cpu"="{target.tune}"')
    if target.features:
        words.append(f'"target-features"="{target.features}"')
    if target.vector_bytes == 64:
        words.append('"prefer-vector-width"="512"')
    return f"attributes #0 = {{ {' '.join(words)} }}\n"


def _top_level(op: Operation) -> str:
    match op:
        case llvm.FuncOp():
            return _function(op) if op.body.blocks else _declaration(op)
        case llvm.GlobalOp():
            return _global(op)
        case _:
            raise CompileError("not in the llvm dialect", op=op.name, stage=_STAGE)


def _global(op: llvm.GlobalOp) -> str:
    """A constant or variable; without a value it is defined in another part of the same program."""
    value = op.value
    kind = "constant" if op.constant is not None else "global"
    alignment = f", align {op.alignment.value.data}" if op.alignment is not None else ""
    if value is None:
        return f"@{op.sym_name.data} = external hidden {kind} {type_text(op.global_type)}{alignment}\n"
    if not is_dense(value):
        raise CompileError("a global needs a dense value", op=op.name, stage=_STAGE)
    text = f"{type_text(op.global_type)} {dense_text(value, '[]')}{alignment}"
    return f"@{op.sym_name.data} = {_linkage(op.linkage)}unnamed_addr {kind} {text}\n"


def _linkage(linkage: llvm.LinkageAttr) -> str:
    name = linkage.linkage.data
    return "" if name == "external" else f"{name} "


def _declaration(op: llvm.FuncOp) -> str:
    type = op.function_type
    inputs = [type_text(each) for each in type.inputs] + ["..."] * type.is_variadic
    return f"declare {type_text(type.output)} @{op.sym_name.data}({', '.join(inputs)}) #0\n"


def _function(op: llvm.FuncOp) -> str:
    names = _name_all(op)
    entry, *_ = blocks = list(op.body.blocks)
    visibility = _VISIBILITIES[op.visibility_.value.data]
    head = f"define {_linkage(op.linkage)}dso_local {visibility}{type_text(op.function_type.output)} @{op.sym_name.data}"
    lines = [f"{head}({names.all_typed(entry.args)}) #0 {{"]
    incoming = _incoming(blocks)
    for block in blocks:
        lines.append(f"{names.blocks[block]}:")
        if block is not entry:
            lines += [_phi(names, argument, incoming[block]) for argument in block.args]
        for ops in block.ops:
            _append(lines, names, ops)
    lines.append("}\n")
    return "\n".join(lines)


def _append(lines: list[str], names: Names, op: Operation) -> None:
    """Add the instruction of `op`; constants are written where they are used."""
    text = INSTRUCTIONS.get(op.__class__)
    if text is None:
        if op.__class__ in _INLINE:
            return
        raise CompileError("no LLVM instruction for this op", op=op.name, stage=_STAGE)
    result = f"  {names.values[op.results[0]]} = " if op.results else "  "
    lines.append(result + text(names, op))


def _zero(op: Operation) -> str:
    return "null" if isinstance(op.results[0].type, llvm.LLVMPointerType) else "zeroinitializer"


def _global_name(op: Operation) -> str:
    name = op.properties["global_name"]
    assert isinstance(name, SymbolRefAttr)
    return f"@{name.root_reference.data}"


_INLINE: dict[type[Operation], Callable[[Operation], str]] = {
    llvm.ConstantOp: lambda op: constant_text(op.properties["value"]),
    llvm.UndefOp: lambda op: "undef",
    llvm.ZeroOp: _zero,
    llvm.AddressOfOp: _global_name,
}
"""Ops that are no instruction: their text stands wherever their result is used."""


def _name_all(op: llvm.FuncOp) -> Names:
    """Number values in the order LLVM itself would, which it reads faster than names; constants are their text."""
    names = Names()
    count = 0
    for number, block in enumerate(op.body.blocks):
        names.blocks[block] = f"b{number}"
        for argument in block.args:
            names.values[argument] = f"%{count}"
            count += 1
        for inner in block.ops:
            inline = _INLINE.get(inner.__class__)
            for result in inner.results:
                if inline is None:
                    names.values[result] = f"%{count}"
                    count += 1
                else:
                    names.values[result] = inline(inner)
    return names


_Incoming = dict[Block, list[tuple[Block, tuple[SSAValue, ...]]]]


def _incoming(blocks: list[Block]) -> _Incoming:
    """For each block its predecessors with the values that they pass."""
    incoming: _Incoming = {block: [] for block in blocks}
    for block in blocks:
        terminator = block.last_op
        if isinstance(terminator, llvm.BrOp):
            incoming[terminator.successors[0]].append((block, tuple(terminator.operands)))
        elif isinstance(terminator, llvm.CondBrOp):
            incoming[terminator.then_block].append((block, tuple(terminator.then_arguments)))
            incoming[terminator.else_block].append((block, tuple(terminator.else_arguments)))
    return incoming


def _phi(names: Names, argument: BlockArgument, incoming: list[tuple[Block, tuple[SSAValue, ...]]]) -> str:
    pairs = [f"[ {names.values[values[argument.index]]}, %{names.blocks[block]} ]" for block, values in incoming]
    return f"  {names.values[argument]} = phi {names.type(argument.type)} {', '.join(pairs)}"
