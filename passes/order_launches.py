"""`order-launches`: run the kernels of a block in the order that keeps the fewest bytes alive at its worst step.

Two orders are tried beside the one that is there: depth first from the results, and greedily by what a launch frees. What is
kept alive at the worst step decides, so that no order takes more memory than before, and ties keep the order of the model. Ops
that act on the world (binds, control flow, host calls) stay where they are; launches move between two of them only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ..dialects.kernel import LaunchOp
from ..lowering.kernel_attrs import kernels_of
from .arena import nominal, round_up, worst_step
from .grouping import is_alias, is_source
from .memory_assignment import Assignment, byte_size
from .plan_memory import input_symbols, overwrites

MAX_ATTEMPTS = 8
"""Times that the peak is lowered: each costs a few milliseconds."""


@dataclass(frozen=True)
class OrderLaunchesPass(ModulePass):
    """Reorder launches where that lowers the peak of live bytes."""

    name = "order-launches"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {k.sym_name.data: k for k in kernels_of(op)}
        for function in [f for f in op.ops if isinstance(f, func.FuncOp) and f.sym_name.data not in kernels]:
            attempts = 0
            while attempts < MAX_ATTEMPTS and _lower_peak(function, kernels):
                attempts += 1


def _lower_peak(function: func.FuncOp, kernels: Mapping[str, func.FuncOp]) -> bool:
    """Reorder the launches around the worst step, whether that helped. The order of any others can't lower the peak."""

    def measure() -> tuple[int, int, Assignment]:
        assignment = Assignment(function, kernels, input_symbols(function), overwrites)
        return *worst_step(assignment.planned.values()), assignment

    step, lowest, assignment = measure()
    worst = assignment.life.ops[step]
    if lowest <= own_bytes(worst, assignment):
        return False
    best = segment = _segment_of(worst)
    for order in _Flow(segment).orders():
        _place(order)
        found = measure()[1]
        if found < lowest:
            best, lowest = order, found
    _place(best)
    return best is not segment


def own_bytes(op: Operation, assignment: Assignment) -> int:
    """What is alive at an op in every order: what it reads and writes."""
    roots = {assignment.root(value) for value in (*op.operands, *op.results)}
    return sum(round_up(nominal([assignment.planned[root].size])) for root in roots if root in assignment.planned)


def _segment_of(op: Operation) -> list[Operation]:
    """The ops around an op that may change places: up to the next one on either side that acts on the world."""
    ops = list(op.parent.ops) if op.parent is not None else []
    fixed = [i for i, o in enumerate(ops) if not (isinstance(o, LaunchOp) or is_alias(o) or is_source(o))]
    here = ops.index(op)
    start = max((i + 1 for i in fixed if i < here), default=0)
    return ops[start : min((i for i in fixed if i >= here), default=len(ops))]


def _place(order: Sequence[Operation]) -> None:
    """Put ops of one block in this order, where the first of them in the block stands."""
    block = order[0].parent
    assert block is not None
    members = set(order)
    after = next(op for op in reversed(list(block.ops)) if op in members).next_op
    assert after is not None, "a block ends with its terminator"
    for op in order:
        op.detach()
        block.insert_op_before(op, after)


class _Flow:
    """Which launch of a segment reads what another one makes, and how many bytes that keeps alive."""

    def __init__(self, segment: Sequence[Operation]) -> None:
        self.segment = segment
        self.members = set(segment)
        self.launches = [op for op in segment if isinstance(op, LaunchOp)]
        self.reads = {op: self._sources(op) for op in self.launches}
        self.readers: dict[LaunchOp, set[LaunchOp]] = {op: set() for op in self.launches}
        for op, sources in self.reads.items():
            for source in sources:
                self.readers[source].add(op)
        self.bytes = {op: sum(nominal([byte_size(r)]) for r in op.results) for op in self.launches}
        self.kept = {op for op in self.launches if any(map(self._leaves, op.results))}

    def _sources(self, op: LaunchOp) -> list[LaunchOp]:
        found = dict.fromkeys(self._maker(v) for v in op.operands)
        return [source for source in found if source is not None]

    def _maker(self, value: SSAValue) -> LaunchOp | None:
        owner = value.owner
        while isinstance(owner, Operation) and owner in self.members and is_alias(owner):
            owner = owner.operands[0].owner
        return owner if isinstance(owner, LaunchOp) and owner in self.members else None

    def _leaves(self, value: SSAValue) -> bool:
        """Whether something behind the segment, or in a region, reads the value or a view of it."""
        users = [use.operation for use in value.uses]
        views = [u for u in users if u in self.members and is_alias(u)]
        return any(u not in self.members for u in users) or any(self._leaves(v.results[0]) for v in views)

    def is_chain(self) -> bool:
        """Whether there is one order only."""
        return all(earlier in self.reads[later] for earlier, later in zip(self.launches, self.launches[1:], strict=False))

    def orders(self) -> list[list[Operation]]:
        """Orders to try; none where there is only one."""
        return [] if self.is_chain() else [self.with_views(launches) for launches in (self.depth_first(), self.greedy())]

    def depth_first(self) -> list[LaunchOp]:
        """Each launch right behind what it needs, the operand that takes the most memory to make first (Sethi, Ullman 1970)."""
        needs: dict[LaunchOp, int] = {}
        for op in self.launches:
            held, peak = 0, 0
            for source in self._costliest_first(op, needs):
                peak, held = max(peak, held + needs[source]), held + self.bytes[source]
            needs[op] = max(peak, held + self.bytes[op])
        order: dict[LaunchOp, None] = {}
        for sink in (op for op in self.launches if not self.readers[op] or op in self.kept):
            self._visit(sink, needs, order)
        return list(order)

    def _costliest_first(self, op: LaunchOp, needs: Mapping[LaunchOp, int]) -> list[LaunchOp]:
        return sorted(self.reads[op], key=lambda source: self.bytes[source] - needs[source])

    def _visit(self, sink: LaunchOp, needs: Mapping[LaunchOp, int], order: dict[LaunchOp, None]) -> None:
        stack = [(sink, iter(self._costliest_first(sink, needs)))]
        while stack:
            op, sources = stack[-1]
            source = next((s for s in sources if s not in order), None)
            if source is None:
                stack.pop()
                order[op] = None
            else:
                stack.append((source, iter(self._costliest_first(source, needs))))

    def greedy(self) -> list[LaunchOp]:
        """Of the launches whose operands are there, always the one that adds the fewest bytes, or frees the most."""
        unread = {op: len(readers) + (op in self.kept) for op, readers in self.readers.items()}
        missing = {op: len(sources) for op, sources in self.reads.items()}
        number = {op: i for i, op in enumerate(self.launches)}
        ready = {op for op in self.launches if not missing[op]}
        order: list[LaunchOp] = []
        while ready:
            op = min(ready, key=lambda o: (self.bytes[o] - self._freed(o, unread), number[o]))
            ready.remove(op)
            order.append(op)
            for source in self.reads[op]:
                unread[source] -= 1
            for reader in self.readers[op]:
                missing[reader] -= 1
                if not missing[reader]:
                    ready.add(reader)
        return order

    def _freed(self, op: LaunchOp, unread: Mapping[LaunchOp, int]) -> int:
        return sum(self.bytes[source] for source in self.reads[op] if unread[source] == 1)

    def with_views(self, launches: Sequence[LaunchOp]) -> list[Operation]:
        """The launches in their order, constants first, every view right behind what it is a view of."""
        views: dict[SSAValue, list[Operation]] = {}
        order: list[Operation] = []
        for op in self.segment:
            if isinstance(op, LaunchOp):
                continue
            inner = is_alias(op) and self._maker(op.operands[0]) is not None
            (views.setdefault(op.operands[0], []) if inner else order).append(op)
        for launch in launches:
            order.append(launch)
            pending = list(launch.results)
            while pending:
                for view in views.get(pending.pop(0), ()):
                    order.append(view)
                    pending += view.results
        return order
