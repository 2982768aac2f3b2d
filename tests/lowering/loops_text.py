"""Kernels of the loops stage as MLIR text, parsed and compiled. Imported by the tests beside it."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from tilewright.backends.llvm_printer import print_llvm_ir
from tilewright.backends.targets import TARGETS, TargetModel, runs_here
from tilewright.lowering.native import NativeKernel, compile_kernel
from tilewright.lowering.to_llvm import lower_function
from tilewright.passes.verify import check_dominance
from tilewright.universe import TOOL_DIALECTS

LOCAL_TARGETS = [target for target in TARGETS.values() if runs_here(target)]
"""Every target whose code this machine can run."""


def parse(text: str) -> ModuleOp:
    """Parse and verify a module of the standard and our own dialects."""
    from xdsl.dialects import get_all_dialects

    context = Context()
    for name, factory in (get_all_dialects() | TOOL_DIALECTS).items():
        context.register_dialect(name, factory)
    module = Parser(context, text).parse_module()
    module.verify()
    check_dominance(module)
    return module


def kernel(arguments: str, body: str) -> func.FuncOp:
    """The function `@tw_k` with these arguments before the scratch pointer and the bounds, and this body."""
    tail = "%scratch: memref<?xi8>, %lo: index, %hi: index"
    head = ", ".join(part for part in (arguments, tail) if part)
    constants = "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n%ok = arith.constant 0 : i32"
    module = parse(f"func.func @tw_k({head}) -> i32 {{\n{constants}\n{body}\nfunc.return %ok : i32\n}}")
    function = module.body.block.first_op
    assert isinstance(function, func.FuncOp)
    return function


def compiled(arguments: str, body: str, target: TargetModel) -> NativeKernel:
    """That kernel in memory."""
    return compile_kernel(kernel(arguments, body), target)


def checked(arguments: str, body: str, target: TargetModel) -> NativeKernel:
    """That kernel in memory; its llvm stage verifies, and gives the same code when it is printed and parsed."""
    function = kernel(arguments, body)
    module = ModuleOp([lower_function(function, target)])
    module.verify()
    check_dominance(module)
    native = compile_kernel(function, target)
    assert print_llvm_ir(parse(str(module)), target) == native.ir_text
    return native
