"""Elementwise ops of the graph dialect: numpy broadcasting, one table row an op.

Every op here computes each output element from the elements at the same (broadcast) position of its operands. Ops without
attributes come from the tables at the end of the file; the few with attributes are written out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    BFloat16Type,
    BoolAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerType,
    StringAttr,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, opt_prop_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .base import GraphOp, Operand, i1, require
from .types import AnyTensor, broadcast_dims, dims_of, element_of, order_of, tensor, with_element

FLOATS = (Float16Type, BFloat16Type, Float32Type, Float64Type)

UNARY_FORMAT = "$x attr-dict `:` functional-type(operands, results)"
BINARY_FORMAT = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"


def is_float(element: Attribute) -> bool:
    return isinstance(element, FLOATS)


def is_bool(element: Attribute) -> bool:
    return element == i1


def is_integer(element: Attribute) -> bool:
    """An integer that is not the boolean i1."""
    return isinstance(element, IntegerType) and element != i1


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


@irdl_op_definition
class ExpOp(UnaryOp):
    """e**x"""

    name = "graph.exp"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class LogOp(UnaryOp):
    """natural logarithm"""

    name = "graph.log"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SqrtOp(UnaryOp):
    """square root"""

    name = "graph.sqrt"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class RsqrtOp(UnaryOp):
    """1 / sqrt(x)"""

    name = "graph.rsqrt"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class ReciprocalOp(UnaryOp):
    """1 / x"""

    name = "graph.reciprocal"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SinOp(UnaryOp):
    """sine, x in radians"""

    name = "graph.sin"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class CosOp(UnaryOp):
    """cosine, x in radians"""

    name = "graph.cos"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class TanOp(UnaryOp):
    """tangent, x in radians"""

    name = "graph.tan"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SinhOp(UnaryOp):
    """hyperbolic sine"""

    name = "graph.sinh"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class CoshOp(UnaryOp):
    """hyperbolic cosine"""

    name = "graph.cosh"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AsinOp(UnaryOp):
    """inverse sine"""

    name = "graph.asin"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AcosOp(UnaryOp):
    """inverse cosine"""

    name = "graph.acos"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AtanOp(UnaryOp):
    """inverse tangent"""

    name = "graph.atan"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AsinhOp(UnaryOp):
    """inverse hyperbolic sine"""

    name = "graph.asinh"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AcoshOp(UnaryOp):
    """inverse hyperbolic cosine"""

    name = "graph.acosh"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AtanhOp(UnaryOp):
    """inverse hyperbolic tangent"""

    name = "graph.atanh"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class TanhOp(UnaryOp):
    """hyperbolic tangent"""

    name = "graph.tanh"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SigmoidOp(UnaryOp):
    """1 / (1 + exp(-x))"""

    name = "graph.sigmoid"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class ErfOp(UnaryOp):
    """the error function"""

    name = "graph.erf"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SoftsignOp(UnaryOp):
    """x / (1 + |x|)"""

    name = "graph.softsign"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SoftplusOp(UnaryOp):
    """log(1 + exp(x))"""

    name = "graph.softplus"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class MishOp(UnaryOp):
    """x * tanh(softplus(x))"""

    name = "graph.mish"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class SiluOp(UnaryOp):
    """x * sigmoid(x) (swish)"""

    name = "graph.silu"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class HardSwishOp(UnaryOp):
    """x * max(0, min(1, x / 6 + 1 / 2))"""

    name = "graph.hard_swish"
    DOMAIN: ClassVar[str] = "float"


@irdl_op_definition
class AbsOp(UnaryOp):
    """absolute value"""

    name = "graph.abs"


@irdl_op_definition
class NegOp(UnaryOp):
    """-x"""

    name = "graph.neg"


@irdl_op_definition
class SignOp(UnaryOp):
    """-1, 0 or 1"""

    name = "graph.sign"


@irdl_op_definition
class ReluOp(UnaryOp):
    """max(x, 0)"""

    name = "graph.relu"


@irdl_op_definition
class FloorOp(UnaryOp):
    """round towards -inf"""

    name = "graph.floor"


@irdl_op_definition
class CeilOp(UnaryOp):
    """round towards +inf"""

    name = "graph.ceil"


@irdl_op_definition
class RoundOp(UnaryOp):
    """round to nearest, ties to even"""

    name = "graph.round"


@irdl_op_definition
class NotOp(UnaryOp):
    """logical negation"""

    name = "graph.not"
    DOMAIN: ClassVar[str] = "bool"


@irdl_op_definition
class BitwiseNotOp(UnaryOp):
    """bitwise complement"""

    name = "graph.bitwise_not"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class IsNanOp(UnaryOp):
    """true where x is NaN"""

    name = "graph.is_nan"
    DOMAIN: ClassVar[str] = "float"
    RESULT_IS_BOOL: ClassVar[bool] = True


@irdl_op_definition
class IdentityOp(UnaryOp):
    """x itself"""

    name = "graph.identity"
    DOMAIN: ClassVar[str] = "any"


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
    """lhs << rhs"""

    name = "graph.shift_left"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class ShiftRightOp(BinaryOp):
    """lhs >> rhs (logical for unsigned)"""

    name = "graph.shift_right"
    DOMAIN: ClassVar[str] = "integer"


@irdl_op_definition
class LeakyReluOp(UnaryOp):
    """x where x >= 0, else alpha * x"""

    name = "graph.leaky_relu"
    DOMAIN: ClassVar[str] = "float"
    alpha = prop_def(FloatAttr)

    def __init__(self, x: Operand, alpha: float, result_type: Attribute | None = None):
        props = {"alpha": alpha}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class EluOp(UnaryOp):
    """x where x > 0, else alpha * (exp(x) - 1)"""

    name = "graph.elu"
    DOMAIN: ClassVar[str] = "float"
    alpha = prop_def(FloatAttr)

    def __init__(self, x: Operand, alpha: float, result_type: Attribute | None = None):
        props = {"alpha": alpha}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class CeluOp(UnaryOp):
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1))"""

    name = "graph.celu"
    DOMAIN: ClassVar[str] = "float"
    alpha = prop_def(FloatAttr)

    def __init__(self, x: Operand, alpha: float, result_type: Attribute | None = None):
        props = {"alpha": alpha}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class SeluOp(UnaryOp):
    """gamma * (x where x > 0, else alpha * (exp(x) - 1))"""

    name = "graph.selu"
    DOMAIN: ClassVar[str] = "float"
    alpha = prop_def(FloatAttr)
    gamma = prop_def(FloatAttr)

    def __init__(self, x: Operand, alpha: float, gamma: float, result_type: Attribute | None = None):
        props = {"alpha": alpha, "gamma": gamma}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class ThresholdedReluOp(UnaryOp):
    """x where x > alpha, else 0"""

    name = "graph.thresholded_relu"
    DOMAIN: ClassVar[str] = "float"
    alpha = prop_def(FloatAttr)

    def __init__(self, x: Operand, alpha: float, result_type: Attribute | None = None):
        props = {"alpha": alpha}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class HardSigmoidOp(UnaryOp):
    """max(0, min(1, alpha * x + beta))"""

    name = "graph.hard_sigmoid"
    DOMAIN: ClassVar[str] = "float"
    alpha = prop_def(FloatAttr)
    beta = prop_def(FloatAttr)

    def __init__(self, x: Operand, alpha: float, beta: float, result_type: Attribute | None = None):
        props = {"alpha": alpha, "beta": beta}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class IsInfOp(UnaryOp):
    """true where x is an infinity of a sign that is asked for"""

    name = "graph.is_inf"
    DOMAIN: ClassVar[str] = "float"
    RESULT_IS_BOOL: ClassVar[bool] = True
    detect_negative = prop_def(BoolAttr)
    detect_positive = prop_def(BoolAttr)

    def __init__(self, x: Operand, detect_negative: bool, detect_positive: bool, result_type: Attribute | None = None):
        props = {"detect_negative": detect_negative, "detect_positive": detect_positive}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class ClipOp(UnaryOp):
    """min(max(x, min), max); an absent bound does not bind"""

    name = "graph.clip"
    DOMAIN: ClassVar[str] = "number"
    min = opt_prop_def(FloatAttr)
    max = opt_prop_def(FloatAttr)

    def __init__(self, x: Operand, min: float | None = None, max: float | None = None, result_type: Attribute | None = None):
        props = {"min": min, "max": max}
        self.init_inferred([x], props, None if result_type is None else [result_type])


@irdl_op_definition
class GeluOp(UnaryOp):
    """x * Phi(x), with Phi by erf (`approximate = "none"`) or by tanh (`"tanh"`); Hendrycks and Gimpel 2016"""

    name = "graph.gelu"
    DOMAIN: ClassVar[str] = "float"
    approximate = prop_def(StringAttr)

    def __init__(self, x: Operand, approximate: str, result_type: Attribute | None = None):
        props = {"approximate": approximate}
        self.init_inferred([x], props, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require(self.approximate.data in ("none", "tanh"), f"approximate is 'none' or 'tanh', got '{self.approximate.data}'")
        return super().infer()


@irdl_op_definition
class CastOp(UnaryOp):
    """x converted to the element type of the result (ONNX Cast rules)."""

    name = "graph.cast"
    DOMAIN: ClassVar[str] = "any"

    def __init__(self, x: Operand, to: Attribute):
        self.init_inferred([x], {}, [with_element(SSAValue.get(x), to)])

    def infer(self) -> Sequence[AnyTensor]:
        return [with_element(self.x, element_of(self.result))]


@irdl_op_definition
class ModOp(BinaryOp):
    """Remainder: of the divisor's sign (Python's %), or with `fmod` of the dividend's sign (C's fmod)."""

    name = "graph.mod"
    fmod = prop_def(BoolAttr)

    def __init__(self, lhs: Operand, rhs: Operand, fmod: bool = False, result_type: Attribute | None = None):
        self.init_inferred([lhs, rhs], {"fmod": fmod}, None if result_type is None else [result_type])


@irdl_op_definition
class WhereOp(ElementwiseOp):
    """`lhs` where `condition` holds, else `rhs`."""

    name = "graph.where"
    condition = operand_def()
    lhs = operand_def()
    rhs = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def __init__(self, condition: Operand, lhs: Operand, rhs: Operand, result_type: Attribute | None = None):
        self.init_inferred([condition, lhs, rhs], {}, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require(is_bool(element_of(self.condition)), f"condition is boolean, got {element_of(self.condition)}")
        element = element_of(self.lhs)
        require(element == element_of(self.rhs), f"operands differ in element type: {element}, {element_of(self.rhs)}")
        return [broadcast_type(self.operands, element)]


ELEMENTWISE_OPS = [
    ExpOp,
    LogOp,
    SqrtOp,
    RsqrtOp,
    ReciprocalOp,
    SinOp,
    CosOp,
    TanOp,
    SinhOp,
    CoshOp,
    AsinOp,
    AcosOp,
    AtanOp,
    AsinhOp,
    AcoshOp,
    AtanhOp,
    TanhOp,
    SigmoidOp,
    ErfOp,
    SoftsignOp,
    SoftplusOp,
    MishOp,
    SiluOp,
    HardSwishOp,
    AbsOp,
    NegOp,
    SignOp,
    ReluOp,
    FloorOp,
    CeilOp,
    RoundOp,
    NotOp,
    BitwiseNotOp,
    IsNanOp,
    IdentityOp,
    AddOp,
    SubOp,
    MulOp,
    DivOp,
    PowOp,
    MinOp,
    MaxOp,
    PreluOp,
    LessOp,
    LessEqualOp,
    GreaterOp,
    GreaterEqualOp,
    EqualOp,
    AndOp,
    OrOp,
    XorOp,
    BitwiseAndOp,
    BitwiseOrOp,
    BitwiseXorOp,
    ShiftLeftOp,
    ShiftRightOp,
    LeakyReluOp,
    EluOp,
    CeluOp,
    SeluOp,
    ThresholdedReluOp,
    HardSigmoidOp,
    IsInfOp,
    ClipOp,
    GeluOp,
    CastOp,
    ModOp,
    WhereOp,
]
