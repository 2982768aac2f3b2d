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
FEW = 5 / 8
"""Up to this share of the lanes, queries cost less as rows, measured."""
ROWS_START, ROW = 0.22, 1.07
"""What rows cost, measured in blocks of one vector of queries: packing the keys, and `lanes` rows."""
SWITCH_CYCLES = 900.0
"""What rows cost more behind blocks of vectors, measured: other code and other scratch memory."""
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
        few=_few(best.scores.vectors, lanes),
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
    block = products + keys * vectors * SCORE_CYCLES
    whole, rest = divmod(rows, nr)
    last = block if rest > _few(vectors, lanes) else _rows_cycles(rest, keys, lanes, block / vectors)
    switch = SWITCH_CYCLES if whole and 0 < rest <= _few(vectors, lanes) else 0.0
    return _Candidate(scores, values, whole * block + last + switch)


def _rows_cycles(rows: int, keys: int, lanes: int, block: float) -> float:
    """What so many queries cost as rows, whose vectors of keys may be partly empty; `block`: what a vector of queries costs."""
    filled = keys / (ceildiv(keys, lanes) * lanes)
    return block * (ROWS_START + ROW * rows / lanes) / filled if rows else 0.0


def _few(vectors: int, lanes: int) -> int:
    """So many queries of a block of so many vectors, or fewer, are run as rows."""
    return int(FEW * lanes) * vectors


def _block(rows: int, vectors: int, lanes: int, target: TargetModel) -> Block:
    """The register block of so many vectors with the fewest modelled cycles."""
    blocks = [b for b in register_blocks(rows, lanes, target) if b.vectors == vectors]
    return min(blocks, key=lambda b: (block_cycles(b, rows, b.nr), -b.mr))
