"""When Winograd pays, and its schedule: a model of cycles against that of the direct algorithm.

Parameters of `#kernel.schedule<"winograd", {..}>`:

| name | meaning |
|---|---|
| `tile` | height and width of the outputs of a tile: 4 for F(4x4, 3x3), 2 for F(2x2, 3x3); always 4 with stride 2 |
| `tiles` | tiles whose transformed inputs are in scratch at a time, a multiple of `mr` |
| `mr`, `nr` | tiles and output channels of the register block; `nr` is also the width of a packed panel |
| `unroll`, `ahead`, `far` | as in `contraction` |
| `next` | 1: the inputs of the next chunk are prefetched to L2 meanwhile; for images that do not stay there |

`tile` decides about rounding. It depends on channels, image size and target, never on the batch: an image gives the same bits
alone and in a batch. The other parameters change no sum.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import Float32Type

from ...backends.targets import TargetModel
from ...dialects import graph
from ...dialects.graph.base import ints
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import dims_of
from ...dialects.kernel import ScheduleAttr
from ..cook_toom import TAPS
from ..strided import ONE
from .contraction_problem import Problem
from .contraction_schedule import (
    ASSUMED_EXTENT,
    BYTES_A_CYCLE,
    Block,
    block_cycles,
    ceildiv,
    choose_block,
    factors,
    gathered_cycles,
    known,
    prefetch_distance,
    round_up,
)
from .lines_cost import lines_cycles
from .winograd_frame import TILE_SLACK, filtering_of

STRIDES = ((1, 1), (2, 2))
TILES = {1: (4, 2), 2: (4,)}
"""Outputs of a tile along each axis that are considered, by stride."""
ASSUMED_IMAGES = 1
STREAM_TILES = 28
"""So many tiles at least share a pass over filters that do not fit in L2."""
MARGIN = {1: 0.92, 2: 0.85}
"""How much faster than other algorithms it must promise to be, by stride: it costs more memory, and code."""


def is_winograd(problem: Problem, target: TargetModel) -> bool:
    """A 3x3 convolution of stride 1 or 2 over adjacent f32 channels, whose vectors end with the channels or can be masked."""
    anchor, lhs = problem.anchor, problem.lhs
    if not isinstance(anchor, graph.ConvOp) or not isinstance(problem.element, Float32Type) or problem.batch:
        return False
    sizes = dims_of(anchor.weight)
    if sizes[2:] != (DimExpr.of(TAPS),) * 2 or ints(anchor.strides) not in STRIDES or set(ints(anchor.dilations)) != {1}:
        return False
    static = sizes[0].is_static and sizes[1].is_static
    if not static or lhs.run_step != ONE or lhs.channels_first or max(map(max, anchor.padding)) >= TAPS:
        return False
    if problem.out.column != ONE or any(a.column not in (ONE, DimExpr.of(0)) for a in problem.inputs.values()):
        return False
    if lhs.value is problem.rhs.value or problem.rhs.value in problem.inputs:
        return False
    return target.has_masking or sizes[1].value % target.lanes(32) == 0


@dataclass(frozen=True)
class Shape:
    """What the cost model looks at: channels, outputs, the extents of one image's result, and the stride."""

    channels: int
    outputs: int
    extents: tuple[int, int]
    stride: int

    @staticmethod
    def of(problem: Problem) -> Shape:
        assert isinstance(problem.anchor, graph.ConvOp)
        outputs, channels = (d.value for d in dims_of(problem.anchor.weight)[:2])
        high, wide = (known(extent, ASSUMED_EXTENT) for extent in problem.rows[1:])
        return Shape(channels, outputs, (high, wide), problem.lhs.windows[0].stride)

    def tiles(self, tile: int) -> int:
        return ceildiv(self.extents[0], tile) * ceildiv(self.extents[1], tile)


def schedule_of(problem: Problem, target: TargetModel) -> ScheduleAttr | None:
    """The schedule of the cheapest tile, or None when other algorithms are about as fast."""
    costs = winograd_estimates(problem, target)
    best = min(costs, key=lambda name: costs[name])
    others = [gathered_cycles(problem, target), lines_cycles(problem, target)]
    margin = MARGIN[Shape.of(problem).stride]
    if costs[best] > margin * min(cost for cost in others if cost is not None):
        return None
    return _schedule(problem, int(best[-1]), target)


def winograd_estimates(problem: Problem, target: TargetModel) -> dict[str, float]:
    """Cycles of one image by tile."""
    shape = Shape.of(problem)
    return {f"winograd_{m}x{m}": cycles(shape, m, target) for m in TILES[shape.stride]}


def cycles(shape: Shape, tile: int, target: TargetModel) -> float:
    """Cycles of one image, of two vector operations each: transforms, products, filters from beyond L2."""
    lanes, alpha, tiles = target.lanes(32), filtering_of(tile, shape.stride).inputs, shape.tiles(tile)
    block = choose_block(tiles, shape.outputs, lanes, target)
    chunk = _tiles_at_once(shape, tile, tiles, block, target)
    into, out = ceildiv(shape.channels, lanes), ceildiv(shape.outputs, lanes)
    products = alpha**2 * (shape.channels * block_cycles(block, tiles, shape.outputs) + tiles * out)
    fetched = _filter_bytes(shape, tile) * (ceildiv(tiles, chunk) if _streams(shape, tile, target) else 0)
    kept = 2 if alpha**2 > 2 * target.vector_registers else 1  # the transforms of large tiles spill
    moved = kept * tiles * (into * 3 * alpha**2 + out * (alpha**2 + 3 * tile**2)) / 2
    computed = tiles * (into * 2 * alpha * _STEPS[alpha][0] + out * (alpha + tile) * _STEPS[alpha][1]) / 2
    return max(products, fetched / BYTES_A_CYCLE) + moved + computed


_STEPS = {9: (10, 16), 6: (12, 12), 4: (4, 4)}
"""Vector operations of one column's transform, of inputs and of products, by inputs of a tile."""


def _filter_bytes(shape: Shape, tile: int) -> int:
    return 4 * filtering_of(tile, shape.stride).filters ** 2 * shape.channels * shape.outputs


def _streams(shape: Shape, tile: int, target: TargetModel) -> bool:
    """Whether the filters come from beyond L2, once for every chunk."""
    return _filter_bytes(shape, tile) > target.l2_bytes // 2


def _tiles_at_once(shape: Shape, tile: int, tiles: int, block: Block, target: TargetModel) -> int:
    """Tiles of a chunk, in equal chunks: filters that stay in L2 leave room there for the tiles; others are read seldom."""
    bytes_a_tile = 4 * filtering_of(tile, shape.stride).inputs ** 2 * (shape.channels + TILE_SLACK + block.nr)
    filters = _filter_bytes(shape, tile)
    if filters <= target.l2_bytes * 3 // 4:
        limit = (target.l2_bytes - filters) // bytes_a_tile
    else:
        limit = max(target.l2_bytes * 2 // 3 // bytes_a_tile, STREAM_TILES)
    limit = max(limit // block.mr * block.mr, block.mr)
    return round_up(ceildiv(tiles, ceildiv(tiles, limit)), block.mr)


def _schedule(problem: Problem, tile: int, target: TargetModel) -> ScheduleAttr:
    shape, lanes = Shape.of(problem), target.lanes(32)
    tiles = shape.tiles(tile) * known(problem.rows[0], ASSUMED_IMAGES)
    block = choose_block(tiles, shape.outputs, lanes, target)
    chunk = _tiles_at_once(shape, tile, tiles, block, target)
    blocks = chunk // block.mr
    return ScheduleAttr.of(
        "winograd",
        tile=tile,
        tiles=chunk,
        mr=block.mr,
        nr=block.nr,
        unroll=block.unroll,
        **factors(target),
        ahead=prefetch_distance(block),
        far=ceildiv(block.nr, blocks) if _streams(shape, tile, target) else 0,
        next=int(4 * shape.channels * shape.extents[0] * shape.extents[1] * shape.stride**2 > target.l2_bytes),
        lanes=lanes,
    )
