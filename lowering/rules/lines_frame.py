"""The frame of a convolution over padded lines: what it computes, its schedule, and the layout of its scratch memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from ...dialects.graph.dims import DimExpr
from ...dialects.kernel import ScheduleAttr
from ..builder import KernelBuilder
from ..strided import ONE
from .contraction_micro import RegisterBlock
from .contraction_problem import Problem, Window
from .kept import KEPT_BYTES

LINE_SLACK = 32
"""Elements behind each line: room for whole vectors past its end."""


@dataclass(frozen=True)
class Geometry:
    """Sizes of a 2-D convolution; `planes` is the channels of a row-major image, 1 for one with its channels innermost."""

    high: Window
    wide: Window
    lines: int
    columns: int
    planes: int
    pixel: int
    """Elements from one pixel of a line to the next: the channels, or 1."""

    @property
    def taps(self) -> int:
        return self.high.kernel.value

    @property
    def run(self) -> int:
        """Adjacent elements that one output takes from one line."""
        return self.wide.kernel.value * self.pixel

    @property
    def padded(self) -> int:
        """Elements of a line with its padding on both sides."""
        pixels = max((self.columns - 1) * self.wide.stride + self.wide.kernel.value, self.wide.pads[0] + self.wide.size.value)
        return pixels * self.pixel

    @property
    def pitch(self) -> int:
        return self.padded + LINE_SLACK

    def input_lines(self, lines: int) -> int:
        """How many lines of the image so many lines of the result read."""
        return (lines - 1) * self.high.stride + (self.taps - 1) * self.high.dilation + 1


def geometry(problem: Problem) -> Geometry | None:
    """None unless all sizes but the batch are known and a window covers adjacent elements of a line."""
    lhs = problem.lhs
    windows = lhs.windows[1:] if lhs.channels_first else lhs.windows
    if problem.batch or not lhs.merged or len(windows) != 2 or any(w.transposed for w in windows):
        return None
    sizes = [*problem.rows[1:], problem.columns, problem.depth, *(d for w in windows for d in (w.size, w.kernel, w.step))]
    if not all(d.is_static for d in sizes):
        return None
    high, wide = windows
    planes = lhs.windows[0].size.value if lhs.channels_first else 1
    lines, columns = (d.value for d in problem.rows[1:])
    return Geometry(high, wide, lines, columns, planes, lhs.run.value // wide.kernel.value)


@dataclass(frozen=True)
class Plan(RegisterBlock):
    """A problem under a schedule."""

    problem: Problem
    shape: Geometry
    schedule: ScheduleAttr

    @cached_property
    def lines(self) -> int:
        """Lines of the result in a chunk."""
        return self.schedule["lines"]

    @property
    def chunks(self) -> int:
        """Chunks of an image."""
        return -(-self.shape.lines // self.lines)

    @property
    def panels(self) -> int:
        return self.problem.columns.ceildiv(self.nr).value

    @property
    def grid(self) -> DimExpr:
        return self.problem.rows[0] * (self.chunks * self.panels)

    @property
    def plane_elements(self) -> int:
        return self.shape.input_lines(self.lines) * self.shape.pitch

    @property
    def line_elements(self) -> int:
        """All padded lines of a chunk, and what rows past the end of the last one may read."""
        return self.shape.planes * self.plane_elements + self.mr * self.shape.wide.stride * self.shape.pixel

    @property
    def scratch_bytes(self) -> int:
        return 4 * (self.line_elements + self.mr * self.nr) + KEPT_BYTES


class Frame:
    """A plan with the builder of its function and the scratch regions in it."""

    def __init__(self, plan: Plan, builder: KernelBuilder, buffers: dict[SSAValue, SSAValue]) -> None:
        self.plan, self.problem, self.b, self.buffers = plan, plan.problem, builder, buffers
        element = plan.problem.element
        self.micro = plan.micro(builder, element)
        self.lines = builder.scratch_view(builder.scratch, KEPT_BYTES, plan.line_elements, element)
        self.tile = builder.scratch_view(builder.scratch, KEPT_BYTES + 4 * plan.line_elements, plan.mr * plan.nr, element)
        assert plan.problem.lhs.run_step == ONE
