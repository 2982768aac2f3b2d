"""When a convolution runs over padded lines, and its schedule.

Parameters of `#kernel.schedule<"lines", {..}>`:

| name | meaning |
|---|---|
| `mr`, `nr` | outputs of a line and output channels of the register block; `nr` is also the width of a packed panel |
| `lines` | lines of the result whose input lines are in scratch at a time |
| `unroll`, `ahead` | as in `contraction` |

None of them changes the order of a sum, which is that of the gathered algorithm.
"""

from __future__ import annotations

from ...backends.targets import TargetModel
from ...dialects.kernel import ScheduleAttr
from .contraction_problem import Problem
from .contraction_schedule import Block, block_cycles, ceildiv, choose_block, prefetch_distance, register_blocks
from .lines_frame import Geometry

CHUNKS = 8
"""So many chunks at least does an image have, for threads to share."""
RUN_CYCLES = 4.0
"""What gathering one run costs beside its elements: its address, its ends."""


def schedule_of(problem: Problem, shape: Geometry, target: TargetModel) -> ScheduleAttr | None:
    """The schedule, or None where gathered rows are expected to be as fast or filters do not stay in L2."""
    lanes, depth, outputs = target.lanes(32), problem.depth.value, problem.columns.value
    lines = _lines_at_once(shape, outputs, target)
    if lines == 0 or 4 * depth * outputs > target.l2_bytes // 2:
        return None
    block = _choose_block(shape, outputs, target)
    if over_lines(shape, outputs, depth, lines, target) >= gathered(shape, outputs, depth, target):
        return None
    return ScheduleAttr.of(
        "lines",
        mr=block.mr,
        nr=block.nr,
        lines=lines,
        unroll=shape.run if shape.run <= 8 else max(1, 8 // (block.mr * block.vectors)),
        ahead=prefetch_distance(block) if 4 * depth * block.nr > target.l1_bytes // 2 else 0,
        lanes=lanes,
    )


def over_lines(shape: Geometry, outputs: int, depth: int, lines: int, target: TargetModel) -> float:
    """Cycles of one image: products of blocks that end with a line, and copies of lines (some of them for two chunks)."""
    chunks = ceildiv(shape.lines, lines)
    copied = chunks * shape.input_lines(lines) * shape.planes * ceildiv(shape.pitch, target.lanes(32))
    return depth * _block_cycles(_choose_block(shape, outputs, target), shape, outputs) + copied * 3 / 2


def gathered(shape: Geometry, outputs: int, depth: int, target: TargetModel) -> float:
    """Cycles of one image with rows that are gathered run by run."""
    lanes, rows = target.lanes(32), shape.lines * shape.columns
    block = choose_block(rows, outputs, lanes, target.vector_registers)
    runs = rows * shape.planes * shape.taps
    return depth * block_cycles(block, rows, outputs) + runs * (RUN_CYCLES + ceildiv(shape.run, lanes) * 3 / 2)


def _choose_block(shape: Geometry, outputs: int, target: TargetModel) -> Block:
    blocks = register_blocks(shape.columns, target.lanes(32), target.vector_registers)
    return min(blocks, key=lambda block: (_block_cycles(block, shape, outputs), -block.mr * block.vectors))


def _block_cycles(block: Block, shape: Geometry, outputs: int) -> float:
    return shape.lines * block_cycles(block, shape.columns, outputs)


def _lines_at_once(shape: Geometry, outputs: int, target: TargetModel) -> int:
    """Lines of the result in a chunk, in equal chunks; 0 where not even one's input lines fit.

    Panels write a part of each pixel: what one has written is still in L2 for the next.
    """
    limit, pixels = target.l2_bytes // 4, shape.columns * outputs
    most = max(1, min(ceildiv(shape.lines, CHUNKS), limit // 2 // (4 * pixels)))
    fitting = [n for n in range(1, most + 1) if 4 * shape.planes * shape.input_lines(n) * shape.pitch <= limit]
    return ceildiv(shape.lines, ceildiv(shape.lines, fitting[-1])) if fitting else 0
