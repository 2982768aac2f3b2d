"""Schedules of attention: vectors of queries, rows of keys and of values in registers.

Parameters of `#kernel.schedule<"attention", {..}>`:

| name | meaning |
|---|---|
| `nr` | queries of a block, in vectors of `lanes` |
| `mr` | keys whose scores are summed in registers |
| `dr` | columns of the result that are summed in registers |
| `few` | so many queries in a block, or fewer, are run as rows of scores instead |
| `by_lane` | 1: factors that lie side by side in memory are loaded by vectors, as in contractions |
| `rr`, `rv` | queries, and vectors of keys or columns, of a register block of rows |
| `block` | keys of a block, whose scores are in scratch at a time: fixed, since it decides the order of sums |
"""

from __future__ import annotations

from dataclasses import dataclass

from ...backends.targets import TargetModel
from ...dialects.kernel import ScheduleAttr
from .attention_problem import Problem
from .contraction_schedule import Block, block_cycles, ceildiv, factors, known, register_blocks

KEY_BLOCK = 128
"""Keys of a block. Part of the bit contract: not to be chosen by rows, batch or threads."""
FEW = 10
"""So many queries for each vector of them that there could be cost less as rows, measured."""
ROW_VECTORS = 4
"""Vectors of keys or columns in a register block of rows: wider panels cost more where there are few keys, and gain nothing."""
SCORE_CYCLES = 10.0
"""What a vector of scores costs beside its products: maximum, exponential, sum."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    scores: Block
    columns: Block
    cycles: float


def schedule_of(problem: Problem, target: TargetModel, bits: int) -> ScheduleAttr:
    """The schedule for a problem whose dims are known where they are static."""
    lanes = target.lanes(bits)
    best = min((_candidate(problem, v, lanes, target) for v in range(1, 5)), key=lambda c: c.cycles)
    rows = problem.rows
    rr = 1 if rows.is_static and (rows.value - 1) % best.scores.nr == 0 else 2
    return ScheduleAttr.of(
        "attention",
        nr=best.scores.nr,
        mr=best.scores.mr,
        dr=best.columns.mr,
        block=KEY_BLOCK,
        few=FEW * best.scores.vectors,
        rr=rr,
        rv=ROW_VECTORS,
        lanes=lanes,
        **factors(target),
    )


def _candidate(problem: Problem, vectors: int, lanes: int, target: TargetModel) -> _Candidate:
    """The best register blocks for so many vectors of queries."""
    rows, keys, depth = known(problem.rows, 256), max(known(problem.keys, 512), 1), max(known(problem.depth, 64), 1)
    columns = max(problem.columns, 1)
    scores = _block(min(keys, KEY_BLOCK), vectors, lanes, target)
    values = _block(columns, vectors, lanes, target)
    nr = vectors * lanes
    products = depth * block_cycles(scores, keys, nr) + keys * block_cycles(values, columns, nr)
    return _Candidate(scores, values, ceildiv(max(rows, 1), nr) * (products + keys * vectors * SCORE_CYCLES))


def _block(rows: int, vectors: int, lanes: int, target: TargetModel) -> Block:
    """The register block of so many vectors with the fewest modelled cycles."""
    blocks = [b for b in register_blocks(rows, lanes, target) if b.vectors == vectors]
    return min(blocks, key=lambda b: (block_cycles(b, rows, b.nr), -b.mr))
