"""The micro-kernel: an mr x nr block of 32-bit sums in registers, four steps of depth at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import llvm, vector
from xdsl.dialects.builtin import i16, i32
from xdsl.ir import Attribute, SSAValue

from ...dialects import arith
from ..builder import Index, LoopBuilder
from ..loop_types import vector_type
from ..packing_bytes import QUAD
from ..shuffles import extract
from .int_contraction_frame import Frames

_FLIP = 0x80808080 - 2**32
"""The sign bits of four bytes."""
_PAIRS = {4: "llvm.x86.sse2.pmadd.wd", 8: "llvm.x86.avx2.pmadd.wd", 16: "llvm.x86.avx512.pmaddw.d.512"}
"""Products of 16-bit integers, added in pairs, by the number of 32-bit lanes."""


@dataclass(frozen=True)
class Panel:
    """A packed panel in a buffer of bytes."""

    frames: Frames
    buffer: SSAValue
    start: Index

    def row(self, index: Index, lanes: int) -> list[SSAValue]:
        """The vectors of bytes of row `index`: 0 has the sums of the columns."""
        b, plan = self.frames.sums.b, self.frames.plan.sums
        at = b.add(self.start, b.mul(index, QUAD * plan.nr))
        return [b.vload(self.buffer, [b.add(at, QUAD * v * plan.lanes)], lanes) for v in range(plan.vectors)]


def accumulate(frames: Frames, rows: SSAValue, panel: Panel) -> list[SSAValue]:
    """`rows @ panel` for a view [mr, depth] of bytes; the last word of a row may hold anything where the panel is zero."""
    b, plan = frames.sums.b, frames.plan.sums
    words = b.ceildiv(frames.sums.depth, QUAD)
    inits = _starts(frames, panel) * plan.mr

    def step(k: SSAValue, sums: Sequence[SSAValue]) -> list[SSAValue]:
        columns = panel.row(b.add(k, 1), QUAD * plan.lanes)
        dot = _Dot(frames, columns)
        result: list[SSAValue] = []
        for row in range(plan.mr):
            word = _word(frames, rows, row, k)
            result += dot(word, sums[row * plan.vectors : (row + 1) * plan.vectors])
        return result

    return b.for_(0, words, step, inits=inits)


def _starts(frames: Frames, panel: Panel) -> list[SSAValue]:
    """What makes up for the flipped sign bits: rows that are 128 too large (signed) or too small (unsigned)."""
    b, plan = frames.sums.b, frames.plan
    kind = vector_type(i32, plan.sums.lanes)
    zero = b.const(0, kind)
    if not plan.flips:
        return [zero] * plan.sums.vectors
    shift = b.const(7, kind)
    starts: list[SSAValue] = []
    for part in panel.row(0, QUAD * plan.sums.lanes):
        scaled = b.binary(arith.ShLIOp, _bitcast(b, part, kind), shift)
        starts.append(b.binary(arith.SubiOp, zero, scaled) if plan.left_signed else scaled)
    return starts


def _word(frames: Frames, rows: SSAValue, row: int, k: Index) -> SSAValue:
    """Four bytes of a row in every 32-bit lane."""
    b, plan = frames.sums.b, frames.plan
    four = b.vload(rows, [row, b.mul(k, QUAD)], QUAD)
    word = b.broadcast(extract(b, _bitcast(b, four, vector_type(i32, 1)), 0), plan.sums.lanes)
    return b.binary(arith.XOrIOp, word, b.const(_FLIP, word.type)) if plan.flips else word


class _Dot:
    """`sums + dot products of four bytes`, of a word of a row with the columns' vectors of bytes."""

    def __init__(self, frames: Frames, columns: Sequence[SSAValue]) -> None:
        self.b, self.plan, self.columns = frames.sums.b, frames.plan, columns
        self.native = frames.sums.target.byte_dot is not None
        self.unsigned_row = not frames.plan.left_signed ^ frames.plan.flips
        self.halves = [] if self.native else [self._split(c, not self.unsigned_row) for c in columns]

    def __call__(self, word: SSAValue, sums: Sequence[SSAValue]) -> list[SSAValue]:
        if self.native:
            return [self._native(word, c, s) for c, s in zip(self.columns, sums, strict=True)]
        pairs = self._split(word, self.unsigned_row)
        return [self._in_halves(pairs, c, s) for c, s in zip(self.halves, sums, strict=True)]

    def _native(self, word: SSAValue, column: SSAValue, total: SSAValue) -> SSAValue:
        row = _bitcast(self.b, word, column.type)
        operands = [total, row, column] if self.unsigned_row else [total, column, row]
        return self.b.emit(llvm.CallIntrinsicOp("llvm.x86.avx512.vpdpbusd.512", operands, [total.type]))

    def _split(self, value: SSAValue, unsigned: bool) -> tuple[SSAValue, SSAValue]:
        """The even and the odd bytes, as 16-bit integers."""
        b = self.b
        kind = vector_type(i16, 2 * self.plan.sums.lanes)
        halves, eight = _bitcast(b, value, kind), b.const(8, kind)
        if unsigned:
            return b.binary(arith.AndIOp, halves, b.const(0xFF, kind)), b.binary(arith.ShRUIOp, halves, eight)
        even = b.binary(arith.ShRSIOp, b.binary(arith.ShLIOp, halves, eight), eight)
        return even, b.binary(arith.ShRSIOp, halves, eight)

    def _in_halves(self, row: Sequence[SSAValue], column: Sequence[SSAValue], total: SSAValue) -> SSAValue:
        b = self.b
        for left, right in zip(row, column, strict=True):
            product = b.emit(llvm.CallIntrinsicOp(_PAIRS[self.plan.sums.lanes], [left, right], [total.type]))
            total = b.binary(arith.AddiOp, total, product)
        return total


def _bitcast(b: LoopBuilder, value: SSAValue, kind: Attribute) -> SSAValue:
    return value if value.type == kind else b.op(vector.BitcastOp, [value], kind)
