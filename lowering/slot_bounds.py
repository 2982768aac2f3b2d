"""How large memory that grows during a run can get, where that is known before: then ahead-of-time code has it from the start."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, StringAttr, i64
from xdsl.ir import Attribute, Operation

from ..dialects.graph.location import location_of
from ..dialects.program import InvokeOp, ProgramOp
from ..dialects.program_control import LoopOp, ReserveOp, YieldOp

_NO_BOUND = 1 << 62


def slot_attributes(program: ProgramOp, slots: int) -> dict[str, Attribute]:
    """`slot_bytes`: the most that each slot holds, -1 for one without a bound; `unbounded`: the nodes that need such memory."""
    sizes = [0] * slots
    unbounded: dict[str, None] = {}
    for op in program.walk():
        size = _bytes(op)
        if size is None:
            unbounded |= dict.fromkeys(location_of(op) or ("(made by the compiler)",))
        if isinstance(op, ReserveOp):
            slot = op.slot.value.data
            sizes[slot] = max(sizes[slot], _NO_BOUND if size is None else size)
    for group in _exchanged(program, slots):
        largest = max(sizes[slot] for slot in group)
        for slot in group:
            sizes[slot] = largest
    return {
        "slot_bytes": DenseArrayBase.from_list(i64, [-1 if size == _NO_BOUND else size for size in sizes]),
        "unbounded": ArrayAttr([StringAttr(name) for name in unbounded]),
    }


def _bytes(op: Operation) -> int | None:
    """What a reservation takes, all iterations of its loop together; None where an op needs memory that data decides about."""
    match op:
        case InvokeOp():
            inputs = {symbol.data for symbol in _program(op).symbols}
            return 0 if op.scratch.data.symbols <= inputs else None
        case ReserveOp():
            total = op.itemsize.value.data * (1 if op.append is None else _trips(op, op.append.data))
            for dim in op.dims.data:
                total *= dim.value if dim.is_static else -1
            return total if total >= 0 and all(dim.is_static for dim in op.dims.data) else None
        case _:
            return 0


def _program(op: Operation) -> ProgramOp:
    while not isinstance(op, ProgramOp):
        parent = op.parent_op()
        assert parent is not None
        op = parent
    return op


def _trips(op: Operation, iteration: str) -> int:
    """How often the loop around `op` that counts with this symbol runs at most; -1 where nobody knows."""
    parent = op.parent_op()
    while parent is not None and not (isinstance(parent, LoopOp) and parent.iteration.data == iteration):
        parent = parent.parent_op()
    if parent is None or parent.trip is None or not parent.trip.data.is_static:
        return -1
    return max(parent.trip.data.value, 0)


def _exchanged(program: ProgramOp, slots: int) -> Iterator[set[int]]:
    """Groups of slots that change places in loops: each may hold what any of them does."""
    group = {slot: {slot} for slot in range(slots)}
    for loop in (op for op in program.walk() if isinstance(op, LoopOp)):
        last = loop.body.block.last_op
        assert isinstance(last, YieldOp)
        for kept, value in zip(loop.slots.data, last.values, strict=False):
            assert isinstance(value.owner, ReserveOp)
            merged = group[kept.value] | group[value.owner.slot.value.data]
            for slot in merged:
                group[slot] = merged
    yield from group.values()
