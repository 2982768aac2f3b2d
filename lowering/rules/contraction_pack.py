"""Asking for an argument of a kernel in packed form."""

from __future__ import annotations

from xdsl.dialects import func
from xdsl.ir import BlockArgument, SSAValue
from xdsl.rewriter import Rewriter

from ...dialects.kernel import PackingAttr, UnpackOp
from ..packing import packed_type


def unpack_argument(kernel: func.FuncOp, argument: SSAValue, packing: PackingAttr) -> None:
    """Give the argument its packed type and put `kernel.unpack` behind it."""
    assert isinstance(argument, BlockArgument)
    logical = argument.type
    unpack = UnpackOp(argument, packing, logical)
    argument.replace_all_uses_with(unpack.result)
    unpack.operands[0] = argument
    Rewriter.replace_value_with_new_type(argument, packed_type(packing, logical))
    first = kernel.body.block.first_op
    assert first is not None
    kernel.body.block.insert_op_before(unpack, first)
    kernel.update_function_type()
