"""Elementwise ops of one operand and no attributes."""

from __future__ import annotations

from typing import ClassVar

from xdsl.irdl import irdl_op_definition

from .elementwise_base import UnaryOp


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
