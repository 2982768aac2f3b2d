"""Which values must have memory of their own: copies of those that share it, before kernels are outlined.

- A function returns what it owns: not an argument or a constant, and no value twice.
- So does the body of a loop, whose values change places with those of the next iteration. Its first value, the condition, is
  only read.
- A branch yields values as they are, but those that exist in no memory: dims.
- Sizes are bound from memory, and loops start from it.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue, Use

from ..dialects import graph
from ..dialects.graph.base import GraphOp
from ..dialects.graph.host import is_object
from .grouping import is_alias, is_source


def own_results(block: Block) -> None:
    """Copy what must be owned and is not, in one block."""
    terminator = block.last_op
    match terminator:
        case func.ReturnOp():
            _own(terminator, range(len(terminator.operands)))
        case graph.YieldOp() if isinstance(terminator.parent_op(), graph.LoopOp):
            _own(terminator, range(1, len(terminator.operands)))
        case graph.YieldOp():
            _copy_dims(terminator, range(len(terminator.operands)))
        case _:
            pass
    for op in block.ops:
        if isinstance(op, graph.BindOp | graph.HostOp):
            _copy_dims(op, range(len(op.operands)))
        elif isinstance(op, graph.LoopOp):
            _copy_dims(op, range(len(op.operands) - len(op.inits), len(op.operands)))


def is_control(use: Use) -> bool:
    """Whether a value decides where control goes, rather than being computed with: the host program reads it."""
    op, index = use.operation, use.index
    match op:
        case graph.IfOp():
            return True
        case graph.LoopOp():
            return index < len(op.operands) - len(op.inits)
        case graph.YieldOp():
            return index == 0 and isinstance(op.parent_op(), graph.LoopOp)
        case _:
            return False


def _own(terminator: Operation, indices: Iterable[int]) -> None:
    seen: set[SSAValue] = set()
    for index in indices:
        value = terminator.operands[index]
        if is_object(value):
            continue
        storage = storage_of(value)
        owner = storage.owner
        computed = isinstance(owner, GraphOp) and not is_source(owner) and owner.parent is terminator.parent
        if computed and storage not in seen:
            seen.add(storage)
        else:
            _copy(terminator, index)


def _copy_dims(op: Operation, indices: Iterable[int]) -> None:
    for index in indices:
        if isinstance(storage_of(op.operands[index]).owner, graph.DimsOp):
            _copy(op, index)


def _copy(op: Operation, index: int) -> None:
    copy = graph.IdentityOp(op.operands[index])
    block = op.parent
    assert block is not None
    block.insert_op_before(copy, op)
    op.operands[index] = copy.results[0]


def storage_of(value: SSAValue) -> SSAValue:
    """The value whose memory a chain of views shows."""
    while isinstance(value.owner, Operation) and is_alias(value.owner):
        value = value.owner.operands[0]
    return value
