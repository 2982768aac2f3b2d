"""Fusion: which graph ops become one kernel.

Ops are visited from the last to the first. An op joins the group of its users when all its users are in one group and some
schedule rule accepts the larger group; otherwise it starts a group of its own. A group so grown has one result (its root's),
and no path leaves it and comes back, because an op joins only when nothing outside reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Block, Operation, SSAValue

from ..dialects import graph
from ..dialects.graph.base import GraphOp
from ..dialects.graph.dtypes import dense_array
from .orders import moves_nothing

MAX_GROUP_OPS = 48
"""A kernel stays small: code generation time grows with it."""
MAX_GROUP_INPUTS = 16

Accepts = Callable[[Sequence[Operation]], bool]


@dataclass
class Group:
    """Ops of one kernel-to-be, in reverse program order; the first is the root."""

    ops: list[Operation] = field(default_factory=list[Operation])

    @property
    def root(self) -> Operation:
        return self.ops[0]

    def ordered(self) -> list[Operation]:
        return list(reversed(self.ops))


def is_source(op: Operation) -> bool:
    """Constants: weights stay operands of kernels, inline values are copied into them."""
    return isinstance(op, graph.ConstantOp | graph.DimsOp)


def is_inline(op: Operation) -> bool:
    """A constant that is copied into every kernel that reads it: one number, however often repeated, or symbolic dims."""
    if isinstance(op, graph.DimsOp):
        return True
    if not isinstance(op, graph.ConstantOp) or op.dense is None:
        return False
    array = dense_array(op.dense)
    return array.size == 1 or len({element.tobytes() for element in array.flat}) == 1


def is_alias(op: Operation) -> bool:
    """A reshape, transpose or relayout that moves nothing is another view of the same memory."""
    return moves_nothing(op)


def group_ops(block: Block, accepts: Accepts) -> list[Group]:
    """The groups of a block of graph ops in program order of their roots; sources and lone aliases are in none."""
    group_of: dict[Operation, Group] = {}
    groups: list[Group] = []
    for op in reversed(list(block.ops)):
        if not isinstance(op, GraphOp) or is_source(op):
            continue
        target = _group_of_users(op, group_of)
        if target is not None and _may_join(op, target, accepts):
            target.ops.append(op)
            group_of[op] = target
        else:
            group = Group([op])
            groups.append(group)
            group_of[op] = group
    for group in groups:
        _release_input_aliases(group)
    kept = [g for g in groups if g.ops and not (len(g.ops) == 1 and is_alias(g.root))]
    return list(reversed(kept))


def _group_of_users(op: Operation, group_of: dict[Operation, Group]) -> Group | None:
    users = {use.operation for result in op.results for use in result.uses}
    owners = {id(group_of[u]): group_of[u] for u in users if u in group_of}
    if len(owners) != 1 or any(u not in group_of for u in users):
        return None
    return next(iter(owners.values()))


def _may_join(op: Operation, group: Group, accepts: Accepts) -> bool:
    if len(op.results) != 1 or len(group.ops) >= MAX_GROUP_OPS or all(is_alias(o) for o in group.ops):
        return False
    candidate = [op, *group.ordered()]
    return len(group_inputs(candidate)) <= MAX_GROUP_INPUTS and accepts(candidate)


def _release_input_aliases(group: Group) -> None:
    """Reshapes that only read kernel inputs are done by the host, for nothing."""
    changed = True
    while changed:
        members = set(group.ops)
        free = [op for op in group.ops if is_alias(op) and op.operands[0].owner not in members and op is not group.root]
        changed = bool(free)
        group.ops = [op for op in group.ops if op not in free]


def group_inputs(ops: Sequence[Operation]) -> list[SSAValue]:
    """Values that the ops read from outside, each once, in order of first use; inline constants are not among them."""
    members = set(ops)
    seen: dict[SSAValue, None] = {}
    for op in ops:
        for operand in op.operands:
            owner = operand.owner
            if isinstance(owner, Operation) and (owner in members or is_inline(owner)):
                continue
            seen[operand] = None
    return list(seen)
