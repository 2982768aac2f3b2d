"""hoist-invariants: what computes the same in every iteration of a loop or scan is computed once before it (R5).

Only ops that can't fail move, because a loop may run no iteration: no indexing and no integer division.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.rewriter import Rewriter as Edit
from xdsl.traits import IsTerminator, Pure

from ..dialects import graph
from ..dialects.graph.attrs import DimAttr, DimsAttr
from ..dialects.graph.elementwise import is_float
from ..dialects.graph.host import is_object
from ..dialects.graph.indexing import INDEXING_OPS
from ..dialects.graph.location import location_of
from ..dialects.graph.types import dims_of, element_of
from .session import CompileSession, current_session

LOOPS = (graph.LoopOp, graph.ScanOp)
DIVISIONS = (graph.DivOp, graph.ModOp)


@dataclass(frozen=True)
class HoistInvariantsPass(ModulePass):
    """Move loop-invariant ops before their loop."""

    name = "hoist-invariants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        session = current_session()
        for loop in list(op.walk(region_first=True)):  # inner loops first, so that what leaves one can leave the next
            if isinstance(loop, LOOPS):
                hoist(loop, session, self.name)


def hoist(loop: Operation, session: CompileSession, label: str) -> None:
    """Move the invariant ops of one loop before it, in their order."""
    body = loop.regions[0].block
    bound = {name for op in body.walk() if isinstance(op, graph.BindOp | graph.UnboxOp) for name in op.names}
    for op in list(body.ops):
        if session.rewrites.exhausted:
            return
        inside = any(is_within(o.owner, body) for o in op.operands) or not symbols_in(op).isdisjoint(bound)
        if is_movable(op) and not inside:
            session.rewrites.add(label, op.name, ", ".join(location_of(op)))
            op.detach()
            Edit.insert_op(op, InsertPoint.before(loop))


def symbols_in(op: Operation) -> set[str]:
    """The symbols that an op's results and attributes depend on."""
    found = {s for r in op.results if not is_object(r) for d in dims_of(r) for s in d.symbols}
    for attribute in op.properties.values():
        match attribute:
            case DimsAttr():
                found |= {s for d in attribute.data for s in d.symbols}
            case DimAttr():
                found |= attribute.data.symbols
            case _:
                pass
    return found


def is_movable(op: Operation) -> bool:
    """Whether an op may run where it did not before: pure, without regions, never failing."""
    if isinstance(op, graph.HostOp) or op.regions or not op.results or not op.has_trait(Pure) or op.has_trait(IsTerminator):
        return False
    if isinstance(op, DIVISIONS):
        return is_float(element_of(op.results[0]))
    return not isinstance(op, tuple(INDEXING_OPS))


def is_within(owner: Operation | Block, body: Block) -> bool:
    """Whether a definition stands in this block (ops without regions read no deeper ones)."""
    return owner is body if isinstance(owner, Block) else owner.parent is body
