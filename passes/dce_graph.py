"""dce-graph: what nothing uses goes (R3, R5): ops, results of branches, values that a loop carries only for itself.

Every pass of patterns erases dead ops on its way, so that this one is for IR that comes from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from .canonicalize_graph.branches import DropUnusedResults
from .canonicalize_graph.loops import DropUnusedCarried
from .driver import PatternPass


@dataclass(frozen=True)
class DceGraphPass(PatternPass):
    """Erase what nothing uses."""

    name = "dce-graph"
    patterns = (DropUnusedResults(), DropUnusedCarried())
