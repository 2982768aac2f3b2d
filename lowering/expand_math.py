"""The pass `expand-math`."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region
from xdsl.passes import ModulePass

from .builder import LoopBuilder
from .vmath import expand, has_formula


def _replace(op: Operation, builder: LoopBuilder) -> None:
    """Build the formula in a block of its own, then put its ops in the place of `op`."""
    draft, home = Block(), op.parent
    assert home is not None
    Region(draft)  # a block with a parent counts as finished outside: nothing may be hoisted out of it
    with builder.at(draft):
        result = expand(builder, op)
    ops = list(draft.ops)
    for new in ops:
        new.detach()
    home.insert_ops_before(ops, op)
    op.results[0].replace_all_uses_with(result)
    op.detach()
    op.erase()


def expand_function(function: func.FuncOp) -> None:
    """Expand the math ops of one function, in place; constants go to the top of its first block."""
    if function.is_declaration:
        return
    builder = LoopBuilder(function.body.blocks[0])
    for op in list(function.walk()):
        if has_formula(op):
            _replace(op, builder)


class ExpandMathPass(ModulePass):
    """`math.exp` and the like -> arith and the `math` ops that every target has (sqrt, fma, floor, ...).

    One walk; the formulas contain nothing that expands further.
    """

    name = "expand-math"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in op.walk():
            if isinstance(inner, func.FuncOp):
                expand_function(inner)
