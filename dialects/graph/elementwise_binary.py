"""Elementwise ops of two operands and no attributes."""

from __future__ import annotations

from typing import ClassVar

from xdsl.irdl import irdl_op_definition

from .elementwise_base import BinaryOp


@irdl_op_definition
class AddOp(BinaryOp):
    """lhs + rhs"""

    name = "graph.add"


@irdl_op_definition
class SubOp(BinaryOp):
    """lhs - rhs"""

    name = "graph.sub"


@irdl_op_definition
class MulOp(BinaryOp):
    """lhs * rhs"""

    name = "graph.mul"


@irdl_op_definition
class DivOp(BinaryOp):
    """lhs / rhs; integers truncate towards zero"""

    name = "graph.div"


@irdl_op_definition
class PowOp(BinaryOp):
    """lhs ** rhs"""

    name = "graph.pow"


@irdl_op_definition
class MinOp(BinaryOp):
    """the smaller; NaN propagates"""

    name = "graph.min"


@irdl_op_definition
class MaxOp(BinaryOp):
    """the larger; NaN propagates"""

    name = "graph.max"


@irdl_op_definition
class PreluOp(BinaryOp):
    """lhs where lhs >= 0, else lhs * rhs"""

    name = "graph.prelu"


@irdl_op_definition
class LessOp(BinaryOp):
    """lhs < rhs"""

    name = "graph.less"
    RESULT_IS_BOOL: ClassVar[bool] = True


@irdl_op_definition
class LessEqualOp(BinaryOp):
    """lhs <= rhs"""

    name = "graph.less_equal"
    RESULT_IS_BOOL: ClassVar[bool] = True


@irdl_op_definition
class GreaterOp(BinaryOp):
    """lhs > rhs"""

    name = "graph.greater"
    RESULT_IS_BOOL: ClassVar[bool] = True


@irdl_op_definition
class GreaterEqualOp(BinaryOp):
    """lhs >= rhs"""

    name = "graph.greater_equal"
    RESULT_IS_BOOL: ClassVar[bool] = True


@irdl_op_definition
class EqualOp(BinaryOp):
    """lhs == rhs"""

    name = "graph.equal"
    DOMAIN: ClassVar[str] = "any"
    RESULT_IS_BOOL: ClassVar[bool] = True


@irdl_op_definition
class AndOp(BinaryOp):
    """logical and"""

    name = "graph.and"
    DOMAIN: ClassVar[str] = "bool"


@irdl_op_definition
class OrOp(BinaryOp):
    """logical or"""

    name = "graph.or"
    DOMAIN: ClassVar[str] = "bool"


@irdl_op_definition
class XorOp(BinaryOp):
    """logical exclusive or"""

    name = "graph.xor"
    DOMAIN: ClassVar[str] = "bool"


@irdl_op_definition
class BitwiseAndOp(BinaryOp):
    """bitwise and"""

    name = "graph.bitwise_and"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class BitwiseOrOp(BinaryOp):
    """bitwise or"""

    name = "graph.bitwise_or"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class BitwiseXorOp(BinaryOp):
    """bitwise exclusive or"""

    name = "graph.bitwise_xor"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class ShiftLeftOp(BinaryOp):
    """lhs << rhs; 0 for an amount that is negative or beyond the width"""

    name = "graph.shift_left"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class ShiftRightOp(BinaryOp):
    """lhs >> rhs (logical for unsigned); an amount that is negative or beyond the width leaves sign bits only"""

    name = "graph.shift_right"
    DOMAIN: ClassVar[str] = "integer"
