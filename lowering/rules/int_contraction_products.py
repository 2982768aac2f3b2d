"""How a target multiplies bytes and adds up the products: four ways to do a step of the micro-kernel of integer contractions.

| target has | a step of depth | sums |
|---|---|---|
| a dot product with one row (VNNI, `sdot`) | a group of four of a row times those of all columns | a vector for `lanes` columns |
| one with two (`smmla`) | groups of eight of two rows times those of all columns | a vector for two rows by two columns |
| sums of neighbouring products (`pmaddwd`) | the even and the odd bytes of four, as 16 bits | a vector for `lanes` columns |
| none of these | the same; the neighbours are added in the end | two vectors for `lanes` columns |

All add the same numbers, modulo 2**32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import llvm, vector
from xdsl.dialects.builtin import i16, i32
from xdsl.ir import Attribute, SSAValue

from ...backends.targets import ByteDot, TargetModel
from ...dialects import arith
from ..builder import Index, LoopBuilder
from ..loop_types import vector_type
from ..packing_bytes import QUAD
from ..shuffles import extract, shuffle
from .int_contraction_frame import Frames

_FLIP = 0x80808080 - 2**32
"""The sign bits of four bytes."""


@dataclass(frozen=True)
class Instruction:
    """The dot product for the signs of a problem, and what it wants of its operands."""

    name: str
    swapped: bool
    """It takes the column first."""
    flips: bool
    """The rows change their sign bits, so that there is an instruction; `starts` of the sums make up for it."""

    @staticmethod
    def of(dot: ByteDot, left: bool, right: bool) -> Instruction:
        """For rows and columns that are signed or not."""
        for flips in (False, True):
            row = left != flips
            # Where both orders are right, the column comes first: AArch64 takes a lane of the other operand.
            for swapped, name in ((True, dot.intrinsic(right, row)), (False, dot.intrinsic(row, right))):
                if name is not None:
                    return Instruction(name, swapped, flips)
        raise AssertionError("a dot product of bytes takes some combination of signs")


class Products:
    """Sums of a block of mr x nr in registers: from `starts`, through `steps`, to one vector of each row and `lanes` columns."""

    at_once = 1
    """Groups of depth that one step can take together."""

    def __init__(self, frames: Frames) -> None:
        self.frames, self.b, self.plan = frames, frames.sums.b, frames.plan.sums
        self.deep = frames.plan.deep
        self.total = vector_type(i32, self.plan.lanes)

    def starts(self, column_sums: Sequence[SSAValue]) -> list[SSAValue]:
        """The sums before the first step, given those of the columns' bytes."""
        return [self.zero()] * (self.plan.mr * self.plan.vectors)

    def steps(self, rows: SSAValue, columns: Sequence[Sequence[SSAValue]], k: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
        """Sums with the groups from `k` on; `columns` holds the vectors of bytes of one or of `at_once` groups."""
        raise NotImplementedError

    def finish(self, sums: Sequence[SSAValue]) -> list[SSAValue]:
        """A vector of sums for each row and `lanes` columns."""
        return list(sums)

    def zero(self) -> SSAValue:
        return self.b.const(0, self.total)

    def words(self, rows: SSAValue, row: int, k: Index) -> SSAValue:
        """As many groups of four bytes of a row as there are 32-bit lanes."""
        b = self.b
        return bitcast(b, b.vload(rows, [row, b.mul(k, QUAD)], QUAD * self.plan.lanes), self.total)

    def spread(self, words: SSAValue, lane: int) -> SSAValue:
        """A 32-bit lane in every lane, of a vector of any type."""
        words = bitcast(self.b, words, self.total)
        return shuffle(self.b, words, words, [lane] * self.plan.lanes)

    def word(self, rows: SSAValue, row: int, k: Index) -> SSAValue:
        """Four bytes of a row in every 32-bit lane."""
        b = self.b
        four = b.vload(rows, [row, b.mul(k, QUAD)], QUAD)
        return b.broadcast(extract(b, bitcast(b, four, vector_type(i32, 1)), 0), self.plan.lanes)


class Dots(Products):
    """A dot product instruction with one row."""

    def __init__(self, frames: Frames, instruction: Instruction) -> None:
        super().__init__(frames)
        self.instruction = instruction
        self.at_once = self.plan.lanes if frames.sums.target.has_lane_fma else 1

    def starts(self, column_sums: Sequence[SSAValue]) -> list[SSAValue]:
        """Flipped rows are 128 too large (if they were signed) or too small."""
        if not self.instruction.flips:
            return super().starts(column_sums)
        b, shift = self.b, self.b.const(7, self.total)
        scaled = [b.binary(arith.ShLIOp, sums, shift) for sums in column_sums]
        if self.frames.plan.left_signed:
            scaled = [b.binary(arith.SubiOp, self.zero(), sums) for sums in scaled]
        return scaled * self.plan.mr

    def steps(self, rows: SSAValue, columns: Sequence[Sequence[SSAValue]], k: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
        plan, result = self.plan, list(sums)
        together = len(columns) > 1
        vectors = [self._flipped(self.words(rows, row, k)) for row in range(plan.mr)] if together else []
        for number, group in enumerate(columns):
            for row in range(plan.mr):
                word = self.spread(vectors[row], number) if together else self._flipped(self.word(rows, row, k))
                for v, column in enumerate(group):
                    place = row * plan.vectors + v
                    result[place] = self._dot(word, column, result[place])
        return result

    def _flipped(self, words: SSAValue) -> SSAValue:
        return self.b.binary(arith.XOrIOp, words, self.b.const(_FLIP, words.type)) if self.instruction.flips else words

    def _dot(self, word: SSAValue, column: SSAValue, total: SSAValue) -> SSAValue:
        row = bitcast(self.b, word, column.type)
        operands = [total, column, row] if self.instruction.swapped else [total, row, column]
        return self.b.emit(llvm.CallIntrinsicOp(self.instruction.name, operands, [total.type]))


class Matrices(Products):
    """A dot product instruction with two rows: sums are kept in blocks of two by two until the end."""

    at_once = 2

    def __init__(self, frames: Frames, instruction: Instruction) -> None:
        super().__init__(frames)
        self.instruction = instruction

    def steps(self, rows: SSAValue, columns: Sequence[Sequence[SSAValue]], k: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
        result, blocks = list(sums), 2 * self.plan.vectors
        for pair in range(self.plan.mr // 2):
            for group, left in zip(columns, self._pairs(rows, 2 * pair, k, len(columns)), strict=True):
                for c, column in enumerate(group):
                    place = pair * blocks + c
                    operands = [column, left] if self.instruction.swapped else [left, column]
                    call = llvm.CallIntrinsicOp(self.instruction.name, [result[place], *operands], [self.total])
                    result[place] = self.b.emit(call)
        return result

    def _pairs(self, rows: SSAValue, row: int, k: Index, groups: int) -> list[SSAValue]:
        """For each group its bytes of a row, then those of the next."""
        b, deep = self.b, self.deep
        first, second = (b.vload(rows, [r, b.mul(k, deep)], deep * groups) for r in (row, row + 1))
        length = deep * groups
        parts = [range(at, at + deep) for at in range(0, length, deep)]
        return [shuffle(b, first, second, [*part, *(length + lane for lane in part)]) for part in parts]

    def finish(self, sums: Sequence[SSAValue]) -> list[SSAValue]:
        """[row 0, row 1] x [column 0, column 1] in each vector (or turned, where the column came first) -> rows."""
        result: list[list[SSAValue]] = [[] for _ in range(self.plan.mr)]
        blocks = 2 * self.plan.vectors
        picks = ([0, 2, 4, 6], [1, 3, 5, 7]) if self.instruction.swapped else ([0, 1, 4, 5], [2, 3, 6, 7])
        for row, lanes in ((r, picks[r % 2]) for r in range(self.plan.mr)):
            for at in range(row // 2 * blocks, row // 2 * blocks + blocks, 2):
                result[row].append(shuffle(self.b, sums[at], sums[at + 1], lanes))
        return [value for row in result for value in row]


class Halves(Products):
    """Products of 16-bit integers."""

    def __init__(self, frames: Frames) -> None:
        super().__init__(frames)
        self.instruction = frames.sums.target.pair_products
        self.copies = 1 if self.instruction else 2
        self.at_once = self.plan.lanes if frames.sums.target.has_lane_fma else 1

    def starts(self, column_sums: Sequence[SSAValue]) -> list[SSAValue]:
        return super().starts(column_sums) * self.copies

    def steps(self, rows: SSAValue, columns: Sequence[Sequence[SSAValue]], k: Index, sums: Sequence[SSAValue]) -> list[SSAValue]:
        plan, result = self.plan, list(sums)
        left, right = self.frames.plan.left_signed, self.frames.plan.right_signed
        together = len(columns) > 1
        vectors = [self._split(self.words(rows, row, k), left) for row in range(plan.mr)] if together else []
        for number, group in enumerate(columns):
            halves = [self._split(column, right) for column in group]
            for row in range(plan.mr):
                if together:
                    even, odd = (bitcast(self.b, self.spread(half, number), half.type) for half in vectors[row])
                else:
                    even, odd = self._split(self.word(rows, row, k), left)
                for v, column in enumerate(halves):
                    at = (row * plan.vectors + v) * self.copies
                    result[at : at + self.copies] = self._added((even, odd), column, result[at : at + self.copies])
        return result

    def _split(self, value: SSAValue, signed: bool) -> tuple[SSAValue, SSAValue]:
        """The even and the odd bytes, as 16-bit integers."""
        b = self.b
        kind = vector_type(i16, 2 * self.plan.lanes)
        halves, eight = bitcast(b, value, kind), b.const(8, kind)
        if not signed:
            return b.binary(arith.AndIOp, halves, b.const(0xFF, kind)), b.binary(arith.ShRUIOp, halves, eight)
        even = b.binary(arith.ShRSIOp, b.binary(arith.ShLIOp, halves, eight), eight)
        return even, b.binary(arith.ShRSIOp, halves, eight)

    def _added(self, row: Sequence[SSAValue], column: Sequence[SSAValue], totals: Sequence[SSAValue]) -> list[SSAValue]:
        b, result = self.b, list(totals)
        for left, right in zip(row, column, strict=True):
            if self.instruction:
                products = [b.emit(llvm.CallIntrinsicOp(self.instruction, [left, right], [self.total]))]
            else:
                products = [self._wide_product(left, right, half) for half in range(self.copies)]
            result = [b.binary(arith.AddiOp, total, product) for total, product in zip(result, products, strict=True)]
        return result

    def _wide_product(self, left: SSAValue, right: SSAValue, half: int) -> SSAValue:
        b, lanes = self.b, self.plan.lanes
        chosen = range(half * lanes, (half + 1) * lanes)
        wide = [b.op(arith.ExtSIOp, [shuffle(b, v, v, chosen)], self.total) for v in (left, right)]
        return b.binary(arith.MuliOp, *wide)

    def finish(self, sums: Sequence[SSAValue]) -> list[SSAValue]:
        if self.copies == 1:
            return list(sums)
        even, odd = (range(start, 2 * self.plan.lanes, 2) for start in (0, 1))
        pairs = zip(sums[::2], sums[1::2], strict=True)
        return [self.b.binary(arith.AddiOp, *(shuffle(self.b, low, high, lanes) for lanes in (even, odd))) for low, high in pairs]


def products_of(frames: Frames) -> Products:
    """The way of the kernel's target."""
    dot, plan = frames.sums.target.byte_dot, frames.plan
    if dot is None:
        return Halves(frames)
    instruction = Instruction.of(dot, plan.left_signed, plan.right_signed)
    return Matrices(frames, instruction) if dot.rows == 2 else Dots(frames, instruction)


def registers_left(target: TargetModel) -> TargetModel:
    """The target with as many registers as are left for sums and operands as float contractions use them."""
    if target.byte_dot is not None:
        return target
    left = target.vector_registers - 4  # the halves of a row and of the columns take registers too
    return target.with_registers(left if target.pair_products else left // 2)


def bitcast(b: LoopBuilder, value: SSAValue, kind: Attribute) -> SSAValue:
    return value if value.type == kind else b.op(vector.BitcastOp, [value], kind)
