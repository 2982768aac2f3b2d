"""Verification of a module: xDSL's verifier, and the rule it leaves out, that a value is defined before it is used.

Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001), for regions with several blocks.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.exceptions import VerifyException


def verify_module(module: ModuleOp) -> None:
    """Raise VerifyException unless every op is well-formed and every operand is defined where it is used."""
    module.verify()
    check_dominance(module)


def check_dominance(top: Operation) -> None:
    """Raise VerifyException, at the op, for an operand whose definition doesn't dominate it.

    Blocks that can't be reached from their region's entry are not looked at.
    """
    position: dict[Operation, int] = {}
    dominators: dict[Block, Block | None] = {}
    for region in _regions(top):
        dominators |= immediate_dominators(region)
        for block in region.blocks:
            position |= {op: index for index, op in enumerate(block.ops)}
    for block in dominators:
        for op in block.ops:
            for index, operand in enumerate(op.operands):
                if not _dominates(operand, op, position, dominators):
                    name = f" '%{operand.name_hint}'" if operand.name_hint else ""
                    message = f"operand {index}{name} is not defined before this use"
                    op.emit_error(message, VerifyException(message))


def _regions(top: Operation) -> Iterable[Region]:
    return (region for op in top.walk() for region in op.regions)


def _dominates(value: SSAValue, user: Operation, position: dict[Operation, int], dominators: dict[Block, Block | None]) -> bool:
    """Whether ``value`` is defined before the ancestor of ``user`` that is in the region of the definition."""
    owner = value.owner
    defining = owner if isinstance(owner, Block) else owner.parent
    block = user.parent
    while block is not None and defining is not None and block.parent is not defining.parent:
        enclosing = block.parent_op()
        if enclosing is None or enclosing.has_trait(IsolatedFromAbove):
            return False
        user, block = enclosing, enclosing.parent
    if block is defining and defining is not None:
        return isinstance(owner, Block) or position[owner] < position[user]
    while block is not None and block is not defining:
        block = dominators.get(block)
    return block is not None


def immediate_dominators(region: Region) -> dict[Block, Block | None]:
    """The immediate dominator of every block that can be reached from the entry; None for the entry."""
    entry = region.blocks.first
    if entry is None:
        return {}
    if entry is region.blocks.last:
        return {entry: None}
    order = _postorder(entry)
    number = {block: index for index, block in enumerate(order)}
    predecessors: dict[Block, list[Block]] = {block: [] for block in order}
    for block in order:
        for successor in _successors(block):
            predecessors[successor].append(block)
    found: dict[Block, Block] = {entry: entry}
    changed = True
    while changed:
        changed = False
        for block in reversed(order[:-1]):
            candidates = [p for p in predecessors[block] if p in found]
            best = candidates[0]
            for candidate in candidates[1:]:
                best = _intersect(best, candidate, found, number)
            changed |= found.get(block) is not best
            found[block] = best
    return {block: None if block is entry else found[block] for block in order}


def _intersect(a: Block, b: Block, dominators: dict[Block, Block], number: dict[Block, int]) -> Block:
    """The nearest block that dominates both."""
    while a is not b:
        if number[a] < number[b]:
            a = dominators[a]
        else:
            b = dominators[b]
    return a


def _successors(block: Block) -> tuple[Block, ...]:
    return tuple(block.last_op.successors) if block.last_op is not None else ()


def _postorder(entry: Block) -> list[Block]:
    """Blocks that can be reached from ``entry``, each after its successors but for loops; the entry comes last."""
    order: list[Block] = []
    seen = {entry}
    stack = [(entry, iter(_successors(entry)))]
    while stack:
        block, successors = stack[-1]
        following = next((block for block in successors if block not in seen), None)
        if following is None:
            order.append(block)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(_successors(following))))
    return order
