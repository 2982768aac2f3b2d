"""Elementwise ops of the graph dialect, with numpy broadcasting: all of them by name, and those with attributes in full.

Each computes every output element from the elements at the same (broadcast) position of its operands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import BoolAttr, FloatAttr, StringAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, opt_prop_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .base import TRUE, Operand, require, require_kind
from .dtypes import bits_of
from .elementwise_base import BinaryOp, ElementwiseOp, UnaryOp, broadcast_type, is_bool, is_float, is_integer
from .elementwise_binary import (
    AddOp,
    AndOp,
    BitwiseAndOp,
    BitwiseOrOp,
    BitwiseXorOp,
    DivOp,
    EqualOp,
    GreaterEqualOp,
    GreaterOp,
    LessEqualOp,
    LessOp,
    MaxOp,
    MinOp,
    MulOp,
    OrOp,
    PowOp,
    PreluOp,
    ShiftLeftOp,
    ShiftRightOp,
    SubOp,
    XorOp,
)
from .elementwise_unary import (
    AbsOp,
    AcoshOp,
    AcosOp,
    AsinhOp,
    AsinOp,
    AtanhOp,
    AtanOp,
    BitwiseNotOp,
    CeilOp,
    CoshOp,
    CosOp,
    ErfOp,
    ExpOp,
    FloorOp,
    HardSwishOp,
    IdentityOp,
    IsNanOp,
    LogOp,
    MishOp,
    NegOp,
    NotOp,
    ReciprocalOp,
    ReluOp,
    RoundOp,
    RsqrtOp,
    SigmoidOp,
    SignOp,
    SiluOp,
    SinhOp,
    SinOp,
    SoftplusOp,
    SoftsignOp,
    SqrtOp,
    TanhOp,
    TanOp,
)
from .types import AnyTensor, element_of, with_element

ROUND_MODES = ("up", "down", "nearest")

__all__ = ["ROUND_MODES", "BinaryOp", "ElementwiseOp", "UnaryOp", "is_float", "is_integer"]  # passes and rules look for them here


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
    """x converted to the element type of the result (ONNX Cast rules).

    For floats of a byte or less, `saturate` says that what is too large becomes the largest number; for f8E8M0FNU `round_mode`
    is "up", "down" or "nearest". They mean nothing for other types.
    """

    name = "graph.cast"
    DOMAIN: ClassVar[str] = "any"
    saturate = prop_def(BoolAttr, default_value=TRUE)
    round_mode = prop_def(StringAttr, default_value=StringAttr("up"))

    def __init__(self, x: Operand, to: Attribute, saturate: bool = True, round_mode: str = "up"):
        props = {"saturate": saturate, "round_mode": round_mode}
        self.init_inferred([x], props, [with_element(SSAValue.get(x), to)])

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.round_mode, ROUND_MODES, "round_mode")
        return [with_element(self.x, element_of(self.result))]


@irdl_op_definition
class BitcastOp(UnaryOp):
    """The bits of x read as elements of the result's type, which are as wide (ONNX BitCast); booleans are bytes."""

    name = "graph.bitcast"
    DOMAIN: ClassVar[str] = "any"

    def __init__(self, x: Operand, to: Attribute):
        self.init_inferred([x], {}, [with_element(SSAValue.get(x), to)])

    def infer(self) -> Sequence[AnyTensor]:
        source, target = element_of(self.x), element_of(self.result)
        require(bits_of(source) == bits_of(target), f"{source} and {target} differ in width")
        return [with_element(self.x, target)]


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
    BitcastOp,
    ModOp,
    WhereOp,
]
