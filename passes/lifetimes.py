"""When values of the host program live: positions of ops in program order, through regions, and the last use of every value.

A value that a loop body reads from outside lives until the loop ends. What a branch yields lives as long as the result of its
`graph.if`; what a loop starts from, as long as the result of the loop, which it is where the loop runs no iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xdsl.ir import Block, Operation, SSAValue

from ..dialects import graph

Root = Callable[[SSAValue], SSAValue]


def nested(block: Block) -> Iterator[Operation]:
    """The ops of a block and of the regions in it, in program order."""
    for op in block.ops:
        yield op
        for region in op.regions:
            for inner in region.blocks:
                yield from nested(inner)


class Lifetimes:
    """Positions and last uses in one function; `root` maps a value to the one whose memory it shows."""

    def __init__(self, block: Block, root: Root) -> None:
        self.root = root
        self.ops = list(nested(block))
        self.position = {op: i for i, op in enumerate(self.ops)}
        self.end = {op: self.position[_last(op)] for op in self.ops if op.regions}
        self.last_use: dict[SSAValue, int] = {}
        for op in self.ops:
            for operand in op.operands:
                self.extend(operand, self._use(operand, op))
        self._follow_control_flow()

    def extend(self, value: SSAValue, position: int) -> bool:
        """Let a value live up to a position at least; whether that changed anything."""
        root = self.root(value)
        if self.last_use.get(root, -1) >= position:
            return False
        self.last_use[root] = position
        return True

    def of(self, value: SSAValue, otherwise: int) -> int:
        """The last use of a value; `otherwise` where it has none."""
        return self.last_use.get(self.root(value), otherwise)

    def _use(self, value: SSAValue, user: Operation) -> int:
        """Where a use ends: at the user, or at the end of the outermost loop around it that the value stands outside of."""
        home = value.owner if isinstance(value.owner, Block) else value.owner.parent
        end, op = self.position[user], user
        while op.parent is not home:
            outer = op.parent_op()
            if outer is None or outer not in self.position:
                break
            op = outer
            if isinstance(op, graph.LoopOp):
                end = self.end[op]
        return end

    def _follow_control_flow(self) -> None:
        pairs = list(self._shared())
        while any([self.extend(value, self.of(result, -1)) for value, result in pairs]):
            pass

    def _shared(self) -> Iterator[tuple[SSAValue, SSAValue]]:
        """(value, result): a result that may be the value itself."""
        for op in self.ops:
            if isinstance(op, graph.IfOp):
                for region in op.regions:
                    yield from zip(region.block.last_op.operands if region.block.last_op else (), op.outs, strict=True)
            elif isinstance(op, graph.LoopOp):
                yield from zip(op.inits, op.outs, strict=False)


def _last(op: Operation) -> Operation:
    """The last op in the regions of an op."""
    last = op
    for region in op.regions:
        for block in region.blocks:
            if block.last_op is not None:
                last = _last(block.last_op)
    return last
