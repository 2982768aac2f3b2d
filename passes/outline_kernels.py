"""`outline-kernels`: every fused group of graph ops becomes a function, and the host program launches it.

What stays in `main` is the host program: constants, views (`graph.reshape` of row-major tensors) and `kernel.launch`. Each
returned value is the result of a launch of its own (or a view of one), because outputs own their memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ..backends.targets import TargetModel, get_target
from ..dialects import graph
from ..dialects.graph.dtypes import dense_array
from ..dialects.graph.elementwise import ElementwiseOp
from ..dialects.graph.location import union
from ..dialects.kernel import LaunchOp
from ..errors import CompileError
from ..lowering.rules import RULES
from .grouping import Group, group_inputs, group_ops, is_alias, is_inline, is_source
from .ownership import is_control, own_results
from .session import current_session
from .target_attr import target_of

MAX_NAMED_OPS = 4
HOST_OPS = (LaunchOp, func.ReturnOp, graph.BindOp, graph.IfOp, graph.LoopOp, graph.YieldOp, graph.HostOp, graph.UnboxOp)
"""What the host program is made of, beside constants and views."""


@dataclass(frozen=True)
class OutlineKernelsPass(ModulePass):
    """Outline fused groups. `fuse=false` makes one kernel an op."""

    name = "outline-kernels"
    fuse: bool = True
    target: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = get_target(self.target) if self.target else target_of(op)
        op.attributes["kernel.target"] = StringAttr(target.name)
        counter = 0
        for function in [f for f in op.ops if isinstance(f, func.FuncOp) and "kernel.kind" not in f.attributes]:
            blocks = list(blocks_of(function.body.block))
            for block in blocks:
                _store_tables(block)
                own_results(block)
            for block in blocks:
                for group in group_ops(block, lambda ops: self.fuse and accepts(ops, target)):
                    op.body.block.add_op(_outline(group, kernel_name(group.ordered(), counter)))
                    counter += 1
            for block in reversed(blocks):
                _check_host(block)


def accepts(ops: Sequence[Operation], target: TargetModel) -> bool:
    """Whether some rule runs these ops as one kernel."""
    return any(rule.accepts(ops, target) for rule in RULES)


def kernel_name(ops: Sequence[Operation], number: int) -> str:
    """`tw_k3_conv_add_relu`: the prefix of all emitted symbols, a number, and what the kernel does."""
    kinds = [op.name.split(".")[1] for op in ops if not is_alias(op)]
    shown = kinds if len(kinds) <= MAX_NAMED_OPS else [*kinds[: MAX_NAMED_OPS - 1], kinds[-1]]
    return "_".join([f"tw_k{number}", *shown])


def blocks_of(block: Block) -> Iterator[Block]:
    """A block, then the blocks of the control flow ops in it."""
    yield block
    for op in block.ops:
        for region in op.regions:
            yield from blocks_of(region.block)


def _store_tables(block: Block) -> None:
    """Make weights of the inline constants that a kernel must read from memory.

    Those are constants of several numbers, and operands of ops that are not pointwise: only a pointwise op takes a number where
    others index a tensor. A repeated number takes no memory in the store either.
    """
    for op in [o for o in block.ops if isinstance(o, graph.ConstantOp)]:
        if op.dense is None:
            continue
        indexed = [u for u in op.result.uses if not (is_inline(op) and (isinstance(u.operation, ElementwiseOp) or is_control(u)))]
        if not indexed:
            continue
        store = current_session().weights
        weight = store.add(store.unique("inline"), dense_array(op.dense))
        stored = graph.ConstantOp(weight, op.result.type)
        stored.location = op.location
        block.insert_op_after(stored, op)
        for use in indexed:
            use.operation.operands[use.index] = stored.result


def _outline(group: Group, name: str) -> func.FuncOp:
    ops = group.ordered()
    inputs = group_inputs(ops)
    root = group.root
    kernel = _kernel_func(name, ops, inputs)
    launch = LaunchOp(name, inputs, [r.type for r in root.results])
    launch.location = union(ops)
    kernel.location = launch.location
    assert root.parent is not None
    root.parent.insert_op_before(launch, root)
    for old, new in zip(root.results, launch.results, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    for op in group.ops:
        op.detach()
        op.erase()
    return kernel


def _kernel_func(name: str, ops: Sequence[Operation], inputs: Sequence[SSAValue]) -> func.FuncOp:
    block = Block(arg_types=[v.type for v in inputs])
    mapping: dict[SSAValue, SSAValue] = dict(zip(inputs, block.args, strict=True))
    for op in ops:
        for operand in op.operands:
            owner = operand.owner
            if operand not in mapping and isinstance(owner, Operation) and is_inline(owner):
                constant = owner.clone()
                block.add_op(constant)
                mapping[operand] = constant.results[0]
        block.add_op(op.clone(mapping))
    results = [mapping[r] for r in ops[-1].results]
    block.add_op(func.ReturnOp(*results))
    type_ = FunctionType.from_lists([v.type for v in inputs], [r.type for r in results])
    kernel = func.FuncOp(name, type_, Region(block), visibility="private")
    kernel.attributes["kernel.kind"] = StringAttr("kernel")
    return kernel


def _check_host(block: Block) -> None:
    for op in list(block.ops)[::-1]:
        unused = not any(True for r in op.results for _ in r.uses)
        if is_source(op) and unused:
            op.detach()
            op.erase()
        elif not (is_source(op) or is_alias(op) or isinstance(op, HOST_OPS)):
            raise CompileError("no kernel takes this op", op=op.name, stage="outline-kernels")
