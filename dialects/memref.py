"""xDSL's `memref` with MLIR's prefetch, which it lacks. Register `MemRef` in place of xDSL's dialect of the same name."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import memref as base
from xdsl.dialects.builtin import I32, BoolAttr, IndexType, IntegerAttr, MemRefType, i32
from xdsl.ir import Attribute, Dialect, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, prop_def, var_operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException


@irdl_op_definition
class PrefetchOp(IRDLOperation):
    """Bring the cache line of an element near; outside the memref it does no harm.

        memref.prefetch %m[%i, %j], read, locality<3>, data : memref<4x8xf32>

    Locality 3 asks for all cache levels, 2 for L2, 1 for the last level, 0 for a line that is used once.
    """

    name = "memref.prefetch"
    memref = operand_def(MemRefType)
    indices = var_operand_def(IndexType)
    is_write = prop_def(BoolAttr, prop_name="isWrite")
    locality = prop_def(IntegerAttr[I32], prop_name="localityHint")
    is_data = prop_def(BoolAttr, prop_name="isDataCache")

    def __init__(self, memref: SSAValue, indices: Sequence[SSAValue], locality: int = 3, is_write: bool = False):
        super().__init__(
            operands=[memref, indices],
            properties={
                "isWrite": BoolAttr.from_bool(is_write),
                "localityHint": IntegerAttr(locality, i32),
                "isDataCache": BoolAttr.from_bool(True),
            },
        )

    def verify_(self) -> None:
        if not 0 <= self.locality.value.data <= 3:
            raise VerifyException(f"locality is 0 to 3, got {self.locality.value.data}")
        kind = self.memref.type
        if isinstance(kind, MemRefType) and kind.get_num_dims() != len(self.indices):
            raise VerifyException(f"{len(self.indices)} indices for a memref of rank {kind.get_num_dims()}")

    @classmethod
    def parse(cls, parser: Parser) -> PrefetchOp:
        source = parser.parse_unresolved_operand()
        indices = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_unresolved_operand)
        parser.parse_punctuation(",")
        is_write = parser.expect(lambda: _keyword(parser, "read", "write"), "expected 'read' or 'write'") == "write"
        parser.parse_punctuation(",")
        parser.parse_keyword("locality")
        with parser.in_angle_brackets():
            locality = parser.parse_integer()
        parser.parse_punctuation(",")
        parser.parse_keyword("data")
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        memref_type = parser.parse_type()
        operand = parser.resolve_operand(source, memref_type)
        op = PrefetchOp(operand, [parser.resolve_operand(i, IndexType()) for i in indices], locality, is_write)
        op.attributes = attributes
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.memref)
        with printer.in_square_brackets():
            printer.print_list(self.indices, printer.print_ssa_value)
        access = "write" if self.is_write.value.data else "read"
        printer.print_string(f", {access}, locality<{self.locality.value.data}>, data")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_attribute(_type(self.memref))


def _keyword(parser: Parser, *words: str) -> str | None:
    return next((word for word in words if parser.parse_optional_keyword(word)), None)


def _type(value: SSAValue) -> Attribute:
    return value.type


MemRef = Dialect("memref", [*base.MemRef.operations, PrefetchOp], list(base.MemRef.attributes))
