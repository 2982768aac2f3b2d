"""Scaled dot-product attention."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, FloatAttr, StringAttr
from xdsl.ir import SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .attrs import DimAttr
from .base import FALSE, GraphOp, Operand, require, require_kind
from .dims import DimExpr
from .elementwise import is_float
from .linalg import require_equal
from .types import AnyTensor, Dims, broadcast_dims, dims_of, element_of, rank_of, tensor

EMPTY_ROWS = ("nan", "zero", "zero_nan")


@irdl_op_definition
class AttentionOp(GraphOp):
    """softmax(scores) @ v, scores = softcap(scale * q @ k^T) + mask; Vaswani et al. 2017, Dao et al. 2022.

    q [.., M, D], k [.., N, D], v [.., N, C] -> [.., M, C]. Batch dims broadcast as in numpy: heads of keys that a group of query
    heads shares are dims of 1. Scores go through these steps:

    - `softcap` c > 0: c * tanh(score / c).
    - `mask`, of the element type of q, broadcasts to [.., M, N] and is added; with `replace`, a score becomes the mask's element
      wherever that isn't 0.
    - `causal`: query i sees the keys 0 .. i + causal; all others count as -inf.

    `empty` says what a row gives whose scores are all -inf: "nan" as softmax has it, or "zero"; "zero_nan" makes zeros also of
    rows with a NaN among the scores.
    """

    name = "graph.attention"
    q = operand_def()
    k = operand_def()
    v = operand_def()
    mask = opt_operand_def()
    scale = prop_def(FloatAttr)
    softcap = prop_def(FloatAttr)
    causal = opt_prop_def(DimAttr)
    replace = prop_def(BoolAttr, default_value=FALSE)
    empty = prop_def(StringAttr, default_value=StringAttr("nan"))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$q `,` $k `,` $v (`,` $mask^)? attr-dict `:` functional-type(operands, results)"

    def __init__(
        self,
        q: Operand,
        k: Operand,
        v: Operand,
        mask: Operand | None = None,
        scale: float = 1.0,
        softcap: float = 0.0,
        causal: DimExpr | int | None = None,
        replace: bool = False,
        empty: str = "nan",
    ):
        offset = None if causal is None else DimAttr(DimExpr.of(causal) if isinstance(causal, int) else causal)
        props = {"scale": scale, "softcap": softcap, "causal": offset, "replace": replace, "empty": empty}
        self.init_inferred([q, k, v, mask], props)

    @property
    def batch(self) -> Dims:
        """The batch dims of the result."""
        return broadcast_dims(*(dims_of(x)[:-2] for x in (self.q, self.k, self.v)))

    def infer(self) -> Sequence[AnyTensor]:
        element = element_of(self.q)
        require(is_float(element), f"q has float elements, got {element}")
        for name, x in (("k", self.k), ("v", self.v), ("mask", self.mask)):
            require(x is None or element_of(x) == element, f"{name} has the element type of q")
        require(min(map(rank_of, (self.q, self.k, self.v))) >= 2, "q, k and v have rank 2 or more")
        require(self.softcap.value.data >= 0, "softcap is not negative")
        require_kind(self.empty, EMPTY_ROWS, "empty")
        (m, d), (n, d2), (n2, c) = (dims_of(x)[-2:] for x in (self.q, self.k, self.v))
        require_equal(d, d2, "q and k differ in their last dim")
        require_equal(n, n2, "k and v differ in keys")
        batch = self.batch
        if self.mask is not None:
            _check_mask(self.mask, (*batch, m, n))
        return [tensor(element, (*batch, m, c))]


def _check_mask(mask: SSAValue, scores: Dims) -> None:
    """InferenceError unless a mask broadcasts to the scores."""
    require(rank_of(mask) <= len(scores), "the mask has more dims than the scores")
    for own, whole in zip(reversed(dims_of(mask)), reversed(scores), strict=False):
        if own != DimExpr.of(1):
            require_equal(own, whole, "mask and scores differ")


ATTENTION_OPS = [AttentionOp]
