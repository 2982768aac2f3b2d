"""Schedules of contractions: register block, panel width and depth blocks, by a model of the core's cycles.

Parameters of `#kernel.schedule<"contraction", {..}>`:

| name | meaning |
|---|---|
| `mr`, `nr` | rows and columns of the register block; `nr` is also the width of a packed panel |
| `kc` | longest depth block whose rows of the left side lie in one scratch block |
| `taps` | how many taps of a convolution make one depth block (1 when a run is longer than `kc`) |
| `mc` | rows that one slice of the grid gathers at once, so that a panel is read once for all of them |
| `unroll` | steps of the depth loop in one iteration |
| `rhs` | how the right side is read: 0 panels packed before, 1 packed into scratch by the kernel, 2 in place |

None of them changes the order of a sum: each element is one chain of multiply-adds over the depth, from zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from .contraction_problem import Problem

PACKED, SCRATCH, DIRECT = 0, 1, 2
MAX_KC = 1024
"""Floats in one row of a depth block."""


@dataclass(frozen=True, slots=True)
class Block:
    """A register block of `mr` rows and `vectors` vectors of `lanes` columns."""

    mr: int
    vectors: int
    lanes: int

    @property
    def nr(self) -> int:
        return self.vectors * self.lanes


def schedule_of(problem: Problem, target: TargetModel, bits: int) -> ScheduleAttr:
    """The schedule for a problem whose dims are known where they are static."""
    m, n = _known(problem.row_count, 1024), _known(problem.columns, 512)
    lanes = target.lanes(bits)
    block = choose_block(m, n, lanes, target.vector_registers)
    run, taps = _known(problem.lhs.run, 512), 1
    for window in problem.lhs.taps:
        taps *= _known(window.kernel, 3)
    kc, grouped = depth_blocks(run if problem.lhs.run.is_static else MAX_KC // 2, taps, lanes)
    depth = run * taps
    mc = _rows_at_once(m, depth, block.mr, target, bits // 8)
    unroll = max(1, 8 // (block.mr * block.vectors))
    rhs = PACKED if can_pack(problem) else SCRATCH
    return ScheduleAttr.of(
        "contraction", mr=block.mr, nr=block.nr, kc=kc, taps=grouped, mc=mc, unroll=unroll, rhs=rhs, lanes=lanes
    )


def _known(dim: DimExpr, otherwise: int) -> int:
    return dim.value if dim.is_static else otherwise


def can_pack(problem: Problem) -> bool:
    """Whether the right side is an operand of its own, the same for all batches of a matmul: a weight, mostly."""
    anchor = problem.anchor
    whole = problem.rhs.value is anchor.operands[1] or problem.rhs.nr > 0
    alone = problem.lhs.value is not problem.rhs.value and problem.rhs.value not in problem.inputs
    return whole and alone and (not isinstance(anchor, graph.MatmulOp) or not problem.batch)


def choose_block(m: int, n: int, lanes: int, registers: int) -> Block:
    """The register block with the fewest modelled cycles a unit of depth, tails included."""
    blocks = [Block(mr, v, lanes) for v in range(1, 5) for mr in range(1, min(m, (registers - v - 1) // v) + 1)]
    return min(blocks, key=lambda block: (_cycles(block, m, n), -block.mr * block.vectors))


def _cycles(block: Block, m: int, n: int) -> float:
    """Cycles of all blocks for one step of depth: two multiply-adds or loads a cycle, multiply-adds of latency four."""
    rows, panels = ceildiv(m, block.mr), ceildiv(n, block.nr)
    chains = block.mr * block.vectors
    fma = max(chains / 2, 4.0)
    loads = (block.mr + block.vectors) / 2
    # Panels stream from L2 at well under a line a cycle, so taller blocks hide more of it.
    return rows * panels * (max(fma, loads) + 0.25 * block.vectors + 0.05 * block.mr)


def depth_blocks(run: int, taps: int, lanes: int) -> tuple[int, int]:
    """The longest depth block and how many taps it holds."""
    if run > MAX_KC:
        return round_up(ceildiv(run, ceildiv(run, MAX_KC)), lanes), 1
    grouped = min(taps, max(1, MAX_KC // max(run, 1)))
    grouped = ceildiv(taps, ceildiv(taps, grouped))
    return round_up(run * grouped, lanes), grouped


def _rows_at_once(m: int, depth: int, mr: int, target: TargetModel, itemsize: int) -> int:
    """As many rows as leave half of L2 to the panels, in equal blocks."""
    limit = max(mr, target.l2_bytes // 2 // max(depth * itemsize, 1) // mr * mr)
    return round_up(ceildiv(m, ceildiv(m, limit)), mr)


def ceildiv(a: int, b: int) -> int:
    return -(-a // b)


def round_up(a: int, unit: int) -> int:
    return ceildiv(a, unit) * unit
