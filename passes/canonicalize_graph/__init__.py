"""canonicalize-graph: every rewrite that is never worse than its input, together until none applies.

Folding of constants and of shapes takes part, because each of the others makes more of it possible. What a rewrite costs or
gains on a target is never asked here; fusion and layout are passes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..driver import PatternPass
from ..fold_constants import FOLD_CONSTANTS
from ..fold_shapes import FOLD_SHAPES
from .biases import BIASES
from .branches import BRANCHES
from .broadcasts import BROADCASTS
from .casts import CASTS
from .counting import COUNTING
from .identities import IDENTITIES
from .loops import LOOPS
from .movement import MOVEMENT
from .moving import MOVING
from .reductions import REDUCTIONS


@dataclass(frozen=True)
class CanonicalizeGraphPass(PatternPass):
    """Simplify the graph by all rewrites that are never worse."""

    name = "canonicalize-graph"
    patterns = (
        *FOLD_CONSTANTS,
        *FOLD_SHAPES,
        *IDENTITIES,
        *CASTS,
        *MOVEMENT,
        *BROADCASTS,
        *REDUCTIONS,
        *BIASES,
        *BRANCHES,
        *LOOPS,
        *MOVING,
        *COUNTING,
    )
