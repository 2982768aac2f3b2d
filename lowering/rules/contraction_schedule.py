"""Schedules of contractions: register block, panel width and depth blocks, by a model of the core's cycles.

Parameters of `#kernel.schedule<"contraction", {..}>`:

| name | meaning |
|---|---|
| `mr`, `nr` | rows and columns of the register block; `nr` is also the width of a packed panel |
| `kc` | longest depth block whose rows of the left side lie in one scratch block |
| `taps` | how many taps of a convolution make one depth block (1 when a run is longer than `kc`) |
| `mc` | rows that one slice of the grid gathers at once, so that a panel is read once for all of them |
| `unroll` | steps of the depth loop in one iteration |
| `few` | rows of a smaller block, for what is left of a runtime number of rows |
| `by_lane` | 1: rows are loaded by vectors along the depth, whose lanes are factors; else each factor is broadcast |
| `ahead` | steps of depth before its use that a row of a panel is prefetched to L1 |
| `far` | elements of the next panel that a step of depth prefetches to L2, where panels stream from beyond it |
| `skip` | 1: a depth block is one tap (or part of it), left out for row blocks where it lies in padding |
| `lhs` | how rows are read: 0 gathered into scratch, 1 in place |
| `rhs` | how panels come: 0 packed before, 1 packed into scratch by the kernel |

None of them changes the order of a sum: each element is one chain of multiply-adds over the depth, from zero.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ..strided import ONE
from .contraction_problem import Problem
from .contraction_taps import WORTH, can_skip, live_share, live_taps

PACKED, SCRATCH = 0, 1
GATHERED, IN_PLACE = 0, 1
MAX_KC = 2304
"""Elements in one row of a depth block: longer ones save taking sums up again, prefetching keeps panels coming."""
LATENCY = 224
"""Cycles that a prefetch to L1 should be early: more than L2 takes, most of what the last level does."""
STREAM_ROWS = 48
"""So many rows at least share a pass over panels that do not fit in L2."""

PAGE, LINE = 4096, 64
"""Bytes of a way of L1, whose sets are told by the address within a page, and of a line."""
ASSUMED_EXTENT = 56
"""What each spatial extent of an image is taken to be where it is not known, when algorithms are compared."""
RUN_CYCLES = 4.0
"""What gathering one run of a row costs beside its elements: its address, its ends."""
FEW = 4
"""Rows of the smaller block of a matmul whose rows are counted at run time: a batch of one would else pay for a whole block."""
BYTES_A_CYCLE = 8
"""Bytes from beyond L2 in a modelled cycle, which is one of two multiply-adds."""


@dataclass(frozen=True, slots=True)
class Block:
    """A register block of `mr` rows and `vectors` vectors of `lanes` columns on a target."""

    mr: int
    vectors: int
    lanes: int
    target: TargetModel

    @property
    def nr(self) -> int:
        return self.vectors * self.lanes

    @property
    def unroll(self) -> int:
        """Steps of depth in one iteration of the loop: small blocks take several, and where lanes are factors, all lanes."""
        steps = max(1, 8 // (self.mr * self.vectors))
        return round_up(steps, self.lanes) if self.target.has_lane_fma else steps


def schedule_of(problem: Problem, target: TargetModel, bits: int) -> ScheduleAttr:
    """The schedule for a problem whose dims are known where they are static."""
    m, n = known(problem.row_count, 1024), known(problem.columns, 512)
    lanes, itemsize = target.lanes(bits), bits // 8
    block, skip = _block_and_skip(problem, m, n, lanes, target)
    run, taps = known(problem.lhs.run, 512), 1
    for window in problem.lhs.taps:
        taps *= known(window.kernel, 3)
    kc, grouped = depth_blocks(run if problem.lhs.run.is_static else MAX_KC // 2, 1 if skip else taps, lanes)
    row_bytes = run * taps * itemsize
    streams = n * row_bytes > target.l2_bytes // 2
    mc = _rows_at_once(m, row_bytes, block.mr, streams, target)
    blocks = ceildiv(min(mc, m), block.mr)
    return ScheduleAttr.of(
        "contraction",
        mr=block.mr,
        nr=block.nr,
        kc=kc,
        taps=grouped,
        mc=mc,
        unroll=block.unroll,
        **factors(target),
        **_few(problem, block),
        ahead=prefetch_distance(block),
        far=ceildiv(block.nr, blocks) if streams and blocks > 1 else 0,
        skip=int(skip),
        lhs=IN_PLACE if readable_in_place(problem, block.mr) and _stay_in_l1(problem, block.mr, itemsize, target) else GATHERED,
        rhs=PACKED if can_pack(problem) else SCRATCH,
        lanes=lanes,
    )


def factors(target: TargetModel) -> dict[str, int]:
    """The schedule's word for where a target takes factors from."""
    return {"by_lane": 1} if target.has_lane_fma else {}


def _few(problem: Problem, block: Block) -> dict[str, int]:
    """The schedule's word for a smaller block. An image has many rows, and only a matmul may have but one."""
    counted = not problem.row_count.is_static and isinstance(problem.anchor, graph.MatmulOp)
    return {"few": FEW} if counted and block.mr > FEW else {}


def known(dim: DimExpr, otherwise: int) -> int:
    """The dim, or what it is taken to be. A schedule of nothing is that of a single element: what it divides by isn't 0."""
    return max(dim.value, 1) if dim.is_static else otherwise


def readable_in_place(problem: Problem, mr: int) -> bool:
    """Rows at one distance, of adjacent elements, enough for a block: the last block can then overlap the one before."""
    lhs = problem.lhs
    plain = not lhs.windows and len(lhs.rows) <= 1 and lhs.run_step == ONE
    return plain and problem.row_count.is_static and problem.row_count.value >= mr


def _stay_in_l1(problem: Problem, mr: int, itemsize: int, target: TargetModel) -> bool:
    """Whether no more rows of a block fall on one set of L1 than it has ways; gathered rows are spread over all sets.

    Measured with 14 rows 4096 bytes apart: 75% of the peak in place, 95% gathered.
    """
    step = problem.lhs.rows[0] if problem.lhs.rows else ONE
    if not step.is_static:
        return True
    lines = Counter(row * step.value * itemsize % PAGE // LINE for row in range(mr))
    return max(lines.values()) <= target.l1_bytes // PAGE


def skippable(problem: Problem, schedule: ScheduleAttr) -> bool:
    """Whether a schedule may skip taps: they are gathered, into depth blocks of one tap each."""
    gathered = schedule.get("lhs", GATHERED) == GATHERED and bool(problem.lhs.windows)
    return gathered and schedule["taps"] == 1 and not problem.lhs.channels_first


def can_pack(problem: Problem) -> bool:
    """Whether the right side is an operand of its own, the same for all batches of a matmul: a weight, mostly."""
    anchor = problem.anchor
    whole = problem.rhs.value is anchor.operands[1] or problem.rhs.nr > 0
    alone = problem.lhs.value is not problem.rhs.value and problem.rhs.value not in problem.inputs
    return whole and alone and (not isinstance(anchor, graph.MatmulOp) or not problem.batch)


def _block_and_skip(problem: Problem, m: int, n: int, lanes: int, target: TargetModel) -> tuple[Block, bool]:
    """The register block, and whether taps in padding are skipped: blocks that end where a tap leaves the image then do best."""
    block = choose_block(m, n, lanes, target)
    live = live_taps(problem.lhs) if can_skip(problem.lhs) else None
    if live is None or live.mean() > WORTH:
        return block, False
    shares = {mr: live_share(live, mr) for mr in range(1, min(m, target.vector_registers) + 1)}

    def cost(candidate: Block) -> float:
        return shares[candidate.mr] * block_cycles(candidate, m, n)

    best = min(register_blocks(m, lanes, target), key=lambda b: (cost(b), -b.mr * b.vectors))
    return (best, True) if cost(best) <= WORTH * block_cycles(block, m, n) else (block, False)


def choose_block(m: int, n: int, lanes: int, target: TargetModel) -> Block:
    """The register block with the fewest modelled cycles a unit of depth, tails included."""
    return min(register_blocks(m, lanes, target), key=lambda block: (block_cycles(block, m, n), -block.mr * block.vectors))


def register_blocks(m: int, lanes: int, target: TargetModel) -> list[Block]:
    """Blocks for which there are registers: sums, a row of the panel, and the factors of one row, or a vector of each row."""
    factors, left = target.vector_registers - 1, int(target.has_lane_fma)
    return [Block(mr, v, lanes, target) for v in range(1, 5) for mr in range(1, min(m, (factors - v) // (v + left)) + 1)]


def block_cycles(block: Block, m: int, n: int) -> float:
    """Cycles of all blocks for one step of depth. Panels stream from L2, so taller blocks hide more of it."""
    rows, panels = ceildiv(m, block.mr), ceildiv(n, block.nr)
    return rows * panels * (_step_cycles(block) + 1.0 + 0.25 * block.vectors + 0.05 * block.mr)


def _step_cycles(block: Block) -> float:
    """Cycles of one step: its multiply-adds, two loads a cycle, multiply-adds of latency four."""
    target = block.target
    loads = block.vectors + block.mr / (block.lanes if target.has_lane_fma else 1)
    return max(block.mr * block.vectors / target.multiply_adds, loads / 2, 4.0)


def prefetch_distance(block: Block) -> int:
    """Steps of depth before its use that a row of a panel is prefetched to L1."""
    return min(32, max(8, round(LATENCY / _step_cycles(block))))


def gathered_cycles(problem: Problem, target: TargetModel) -> float:
    """Cycles of one image of a convolution by gathered f32 rows; filters beyond L2 are fetched for every chunk of rows."""
    m = prod(known(extent, ASSUMED_EXTENT) for extent in problem.rows[1:])
    n, k = known(problem.columns, 64), known(problem.depth, 576)
    run, lanes = known(problem.lhs.run, k), target.lanes(32)
    block = choose_block(m, n, lanes, target)
    streams = 4 * n * k > target.l2_bytes // 2
    passes = ceildiv(m, _rows_at_once(m, 4 * k, block.mr, streams, target)) if streams else 0
    gathered = m * (k / run) * (RUN_CYCLES + ceildiv(run, lanes) * 3 / 2)
    return max(k * block_cycles(block, m, n), passes * 4 * n * k / BYTES_A_CYCLE) + gathered


def depth_blocks(run: int, taps: int, lanes: int) -> tuple[int, int]:
    """The longest depth block and how many taps it holds."""
    if run > MAX_KC:
        return round_up(ceildiv(run, ceildiv(run, MAX_KC)), lanes), 1
    grouped = min(taps, max(1, MAX_KC // max(run, 1)))
    grouped = ceildiv(taps, ceildiv(taps, grouped))
    return round_up(run * grouped, lanes), grouped


def _rows_at_once(m: int, row_bytes: int, mr: int, streams: bool, target: TargetModel) -> int:
    """Rows that are gathered together, in equal chunks.

    Panels that fit in L2 are read again for every chunk, which then fits in L1. Panels that come from beyond are read as seldom
    as L2 has room for rows.
    """
    if streams and m * row_bytes <= target.l2_bytes:
        return round_up(m, mr)
    limit = max(target.l2_bytes // 2 // row_bytes, STREAM_ROWS) if streams else target.l1_bytes // row_bytes
    limit = max(limit // mr * mr, mr)
    return round_up(ceildiv(m, ceildiv(m, limit)), mr)


def ceildiv(a: int, b: int) -> int:
    return -(-a // b)


def round_up(a: int, unit: int) -> int:
    return ceildiv(a, unit) * unit
