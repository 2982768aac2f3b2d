"""What elementwise ops share: domains of element types, broadcasting, the forms of unary and binary ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import ParsePropInAttrDict, operand_def, result_def, traits_def
from xdsl.traits import Pure

from .. import narrowing
from .base import GraphOp, Operand, i1, require
from .types import AnyTensor, broadcast_dims, dims_of, element_of, order_of, tensor

FLOATS = (Float16Type, BFloat16Type, Float32Type, Float64Type)

UNARY_FORMAT = "$x attr-dict `:` functional-type(operands, results)"
BINARY_FORMAT = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"


def is_float(element: Attribute) -> bool:
    return isinstance(element, FLOATS)


def is_bool(element: Attribute) -> bool:
    return element == i1


def is_integer(element: Attribute) -> bool:
    """An integer that can be computed with: no boolean, and none of the types below a byte, which are only moved and cast."""
    return narrowing.is_integer(element) and element.width.data >= 8


def _is_number(element: Attribute) -> bool:
    return is_float(element) or is_integer(element)


_DOMAINS: dict[str, Callable[[Attribute], bool]] = {
    "any": lambda _: True,
    "float": is_float,
    "number": _is_number,
    "integer": is_integer,
    "bool": is_bool,
}


class ElementwiseOp(GraphOp):
    """An op whose output element depends on one element of each operand. `DOMAIN` names the legal element types."""

    DOMAIN: ClassVar[str] = "number"
    RESULT_IS_BOOL: ClassVar[bool] = False

    def check_domain(self, element: Attribute) -> None:
        require(_DOMAINS[self.DOMAIN](element), f"{self.name} takes {self.DOMAIN} elements, got {element}")

    def infer(self) -> Sequence[AnyTensor]:
        element, *others = dict.fromkeys(element_of(o) for o in self.operands)
        require(not others, f"{self.name} operands differ in element type: {', '.join(map(str, (element, *others)))}")
        self.check_domain(element)
        return [broadcast_type(self.operands, i1 if self.RESULT_IS_BOOL else element)]


def broadcast_type(operands: Sequence[SSAValue], element: Attribute) -> AnyTensor:
    """The broadcast shape of the operands with this element type, in the memory order of the first full-shape operand."""
    dims = broadcast_dims(*(dims_of(o) for o in operands))
    for operand in operands:
        if dims_of(operand) == dims:
            return tensor(element, dims, order_of(operand))
    return tensor(element, dims)


class UnaryOp(ElementwiseOp):
    """`result = f(x)`."""

    x = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = UNARY_FORMAT

    def __init__(self, x: Operand, result_type: Attribute | None = None):
        self.init_inferred([x], {}, None if result_type is None else [result_type])


class BinaryOp(ElementwiseOp):
    """`result = f(lhs, rhs)`."""

    lhs = operand_def()
    rhs = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = BINARY_FORMAT

    def __init__(self, lhs: Operand, rhs: Operand, result_type: Attribute | None = None):
        self.init_inferred([lhs, rhs], {}, None if result_type is None else [result_type])
