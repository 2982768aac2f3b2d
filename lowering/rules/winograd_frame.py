"""The frame of a Winograd convolution: what it computes, its schedule, and the layout of its scratch memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr, product
from ...dialects.graph.types import dims_of
from ...dialects.kernel import ScheduleAttr
from ..builder import KernelBuilder
from ..cook_toom import FILTERINGS, TAPS, Filtering
from ..strided import ZERO
from .contraction_micro import RegisterBlock
from .contraction_problem import Problem, Window
from .kept import KEPT_BYTES

TILE_SLACK = 16
"""Elements between transformed tiles: they then start in different cache sets."""


def filtering_of(outputs: int, stride: int) -> Filtering:
    """The one-dimensional algorithm for so many outputs."""
    return FILTERINGS[(outputs - 1) * stride + TAPS]


@dataclass(frozen=True)
class Plan(RegisterBlock):
    """A 3x3 convolution of stride 1 or 2 (its row axes batch, height and width) under a schedule."""

    problem: Problem
    schedule: ScheduleAttr

    @cached_property
    def outputs(self) -> int:
        """Height and width of the outputs of a tile."""
        return self.schedule["tile"]

    @property
    def alpha(self) -> int:
        """Height and width of the inputs of a tile, and its products along each."""
        return self.filtering.inputs

    @property
    def step(self) -> int:
        """Inputs from a tile to the next."""
        return self.outputs * self.filtering.stride

    @property
    def filtering(self) -> Filtering:
        return filtering_of(self.outputs, self.windows[0].stride)

    @property
    def places(self) -> int:
        """Products of a tile for one input and one output channel."""
        return self.alpha**2

    @cached_property
    def tiles(self) -> int:
        """Tiles of a chunk: those whose transformed inputs are in scratch at a time."""
        return self.schedule["tiles"]

    @cached_property
    def channels(self) -> int:
        anchor = self.problem.anchor
        assert isinstance(anchor, graph.ConvOp)
        return dims_of(anchor.weight)[1].value

    @property
    def windows(self) -> tuple[Window, ...]:
        return self.problem.lhs.windows

    # -- grid -----------------------------------------------------------------------------------------------------------
    @cached_property
    def grid_of_tiles(self) -> tuple[DimExpr, ...]:
        """Images, and tiles along height and width."""
        images, *spatial = self.problem.rows
        return (images, *(extent.ceildiv(self.outputs) for extent in spatial))

    @cached_property
    def chunks(self) -> DimExpr:
        return product(self.grid_of_tiles).ceildiv(self.tiles)

    @cached_property
    def panels(self) -> DimExpr:
        return self.problem.columns.ceildiv(self.nr)

    # -- scratch, in elements ---------------------------------------------------------------------------------------------
    @cached_property
    def padded_channels(self) -> int:
        return -(-self.channels // self.lanes) * self.lanes

    @property
    def input_step(self) -> int:
        """From a transformed tile to the next."""
        return self.padded_channels + TILE_SLACK

    @property
    def input_elements(self) -> int:
        return self.places * self.tiles * self.input_step

    @property
    def product_elements(self) -> int:
        return self.places * self.tiles * self.nr

    @property
    def patch_elements(self) -> int:
        """The inputs of a tile at the border, or the outputs of one."""
        return max(self.places * self.padded_channels, self.outputs**2 * self.lanes)

    @property
    def scratch_bytes(self) -> int:
        return 4 * (self.input_elements + self.product_elements + self.patch_elements) + KEPT_BYTES


class Frame:
    """A plan with the builder of its function and the scratch regions in it."""

    def __init__(self, plan: Plan, builder: KernelBuilder, buffers: dict[SSAValue, SSAValue]) -> None:
        self.plan, self.problem, self.b, self.buffers = plan, plan.problem, builder, buffers
        element = plan.problem.element
        self.micro = plan.micro(builder, element)
        self.extents = [builder.dim(e) for e in plan.grid_of_tiles]
        self.tile_count = builder.dim(product(plan.grid_of_tiles))
        sizes = [plan.input_elements, plan.product_elements, plan.patch_elements]
        starts = [4 * sum(sizes[:i]) + KEPT_BYTES for i in range(3)]
        views = [builder.scratch_view(builder.scratch, at, size, element) for at, size in zip(starts, sizes, strict=True)]
        self.inputs, self.products, self.patch = views
        assert plan.problem.batch == () and plan.problem.lhs.run_step != ZERO
