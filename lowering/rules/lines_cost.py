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
from .contraction_schedule import Block, block_cycles, ceildiv, factors, gathered_cycles, prefetch_distance, register_blocks
from .lines_frame import Geometry, geometry

CHUNKS = 8
"""So many chunks at least does an image have, for threads to share."""


def schedule_of(problem: Problem, target: TargetModel) -> ScheduleAttr | None:
    """The schedule, or None where gathered rows are expected to be as fast."""
    cycles, shape = lines_cycles(problem, target), geometry(problem)
    if cycles is None or shape is None or cycles >= gathered_cycles(problem, target):
        return None
    depth, block = problem.depth.value, _choose_block(shape, problem.columns.value, target)
    return ScheduleAttr.of(
        "lines",
        mr=block.mr,
        nr=block.nr,
        lines=_lines_at_once(shape, problem.columns.value, target),
        unroll=shape.run if shape.run <= 8 else block.unroll,
        ahead=prefetch_distance(block) if 4 * depth * block.nr > target.l1_bytes // 2 else 0,
        lanes=target.lanes(32),
        **factors(target),
    )


def lines_cycles(problem: Problem, target: TargetModel) -> float | None:
    """Cycles of one image: products of blocks that end with a line, and copies of lines (some of them for two chunks).

    None for what is no convolution over lines, and where lines do not fit in L2 or filters do not stay there.
    """
    shape = geometry(problem)
    if shape is None or 4 * problem.depth.value * problem.columns.value > target.l2_bytes // 2:
        return None
    outputs = problem.columns.value
    lines = _lines_at_once(shape, outputs, target)
    if lines == 0:
        return None
    copied = ceildiv(shape.lines, lines) * shape.input_lines(lines) * shape.planes * ceildiv(shape.pitch, target.lanes(32))
    return problem.depth.value * _block_cycles(_choose_block(shape, outputs, target), shape, outputs) + copied * 3 / 2


def _choose_block(shape: Geometry, outputs: int, target: TargetModel) -> Block:
    blocks = register_blocks(shape.columns, target.lanes(32), target)
    return min(blocks, key=lambda block: (_block_cycles(block, shape, outputs), -block.mr * block.vectors))


def _block_cycles(block: Block, shape: Geometry, outputs: int) -> float:
    return shape.lines * block_cycles(block, shape.columns, outputs)


def _lines_at_once(shape: Geometry, outputs: int, target: TargetModel) -> int:
    """Lines of the result in a chunk, in equal chunks; 0 where not even one's input lines fit.

    Panels write a part of each pixel: what one has written is still in L2 for the next.
    """
    limit, pixels = target.l2_bytes // 4, max(shape.columns * outputs, 1)
    most = max(1, min(ceildiv(shape.lines, CHUNKS), limit // 2 // (4 * pixels)))
    fitting = [n for n in range(1, most + 1) if 4 * shape.planes * shape.input_lines(n) * shape.pitch <= limit]
    return ceildiv(shape.lines, ceildiv(shape.lines, fitting[-1])) if fitting else 0
