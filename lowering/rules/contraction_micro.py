"""The micro-kernel: an mr x nr block of sums in registers, one step of depth after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import Attribute, SSAValue

from ...dialects.kernel import ScheduleAttr
from ..builder import Index, LoopBuilder
from ..loop_types import bit_width, vector_type
from ..shuffles import shuffle


class RegisterBlock:
    """The block of sums that a schedule keeps in registers: `mr` rows of `nr` columns, in vectors of `lanes`."""

    schedule: ScheduleAttr

    @cached_property
    def mr(self) -> int:
        return self.schedule["mr"]

    @cached_property
    def nr(self) -> int:
        return self.schedule["nr"]

    @cached_property
    def lanes(self) -> int:
        return self.schedule["lanes"]

    @property
    def vectors(self) -> int:
        return self.nr // self.lanes

    def micro(self, b: LoopBuilder, element: Attribute) -> MicroKernel:
        """The micro-kernel of this block over `element`s."""
        schedule = self.schedule
        by_lane = schedule.get("by_lane", 0) == 1
        return MicroKernel(b, element, self.mr, self.vectors, self.lanes, schedule["unroll"], schedule.get("ahead", 0), by_lane)


@dataclass(frozen=True)
class MicroKernel:
    """A block of `mr` rows of `vectors` vectors of `lanes` columns; `ahead` and `unroll` as in the schedule.

    `by_lane`: factors come from rows by vectors, a lane for each step of depth, and not one by one from memory.
    """

    b: LoopBuilder
    element: Attribute
    mr: int
    vectors: int
    lanes: int
    unroll: int
    ahead: int
    by_lane: bool

    def zeros(self) -> list[SSAValue]:
        """Sums of nothing."""
        zero = self.b.const(0.0, vector_type(self.element, self.lanes))
        return [zero] * (self.mr * self.vectors)

    def accumulate(
        self, rows: SSAValue, panel: SSAValue, depth: Index, hints: Sequence[SSAValue], sums: Sequence[SSAValue]
    ) -> list[SSAValue]:
        """`sums += rows[:, :depth] @ panel[:depth, :]` for views [mr, depth] and [depth, nr], each sum in order of depth.

        Row k of every view in `hints` is brought near to L2 in step k.
        """
        b, unroll = self.b, self.unroll
        whole = b.mul(b.floordiv(depth, unroll), unroll)

        def steps(count: int, k: Index, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
            grouped = count // self.lanes * self.lanes if self.by_lane else 0
            for step in range(0, grouped, self.lanes):
                carried = self._lane_steps(rows, panel, b.add(k, step), carried, hints)
            for step in range(grouped, count):
                carried = self._step(rows, panel, b.add(k, step), carried, hints)
            return carried

        if whole == unroll and whole == depth:
            return list(steps(unroll, 0, sums))
        sums = b.for_(0, whole, lambda k, carried: steps(unroll, k, carried), step=unroll, inits=sums)
        if unroll == 1 or (isinstance(depth, int) and depth % unroll == 0):
            return list(sums)
        return b.for_(whole, depth, lambda k, carried: steps(1, k, carried), inits=sums)

    def _step(
        self, rows: SSAValue, panel: SSAValue, k: Index, sums: Sequence[SSAValue], hints: Sequence[SSAValue]
    ) -> list[SSAValue]:
        """One outer product: mr broadcasts, nr / lanes loads, a multiply-add for each pair."""
        b = self.b
        columns = [b.vload(panel, [k, v * self.lanes], self.lanes) for v in range(self.vectors)]
        for v in range(self.vectors * (self.ahead > 0)):
            b.prefetch(panel, [b.add(k, self.ahead), v * self.lanes])
        for view in hints:
            b.prefetch(view, [k, 0], locality=2)
        result: list[SSAValue] = []
        for row in range(self.mr):
            value = b.broadcast(b.load(rows, [row, k]), self.lanes)
            for v, column in enumerate(columns):
                result.append(b.fma(value, column, sums[row * self.vectors + v]))
        return result

    def _lane_steps(
        self, rows: SSAValue, panel: SSAValue, k: Index, sums: Sequence[SSAValue], hints: Sequence[SSAValue]
    ) -> list[SSAValue]:
        """As many outer products as there are lanes: a vector of each row holds its factors for all of them."""
        b, lanes, result = self.b, self.lanes, list(sums)
        factors = [b.vload(rows, [row, k], lanes) for row in range(self.mr)]
        nr = self.vectors * lanes
        for line in range(0, lanes * nr if self.ahead else 0, _LINE_BITS // bit_width(self.element)):
            b.prefetch(panel, [b.add(k, self.ahead), line])
        for step in range(lanes):
            at = b.add(k, step)
            columns = [b.vload(panel, [at, v * lanes], lanes) for v in range(self.vectors)]
            for view in hints:
                b.prefetch(view, [at, 0], locality=2)
            for row, vector in enumerate(factors):
                value = shuffle(b, vector, vector, [step] * lanes)
                for v, column in enumerate(columns):
                    place = row * self.vectors + v
                    result[place] = b.fma(value, column, result[place])
        return result


_LINE_BITS = 512
"""A cache line."""
