"""Ops that choose among rows or boxes: their order, and which of them stay."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .base import FALSE, GraphOp, Operand, require, si64
from .dims import DimExpr
from .elementwise import is_float
from .linalg import require_equal
from .types import AnyTensor, dims_of, element_of, rank_of, tensor


@irdl_op_definition
class SortRowsOp(GraphOp):
    """The indices (si64) that put the rows of a matrix in ascending lexicographic order; equal rows stay in order."""

    name = "graph.sort_rows"
    x = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand):
        self.init_inferred([x])

    def infer(self) -> Sequence[AnyTensor]:
        require(rank_of(self.x) == 2, f"x is a matrix, got rank {rank_of(self.x)}")
        return [tensor(si64, dims_of(self.x)[:1])]


@irdl_op_definition
class SuppressOp(GraphOp):
    """Greedy non-maximum suppression (ONNX NonMaxSuppression): which boxes of each class stay, then -1 to the end of the row.

    `boxes` [N, B, 4] are two opposite corners, or centre and size (`center_point_box`); `candidates` [N, C, B] (si64) lists box
    indices in the order in which they are tried, a negative one is none. A box stays unless its intersection over union with
    one that stays exceeds `threshold`, and at most `limit` stay.
    """

    name = "graph.suppress"
    boxes = operand_def()
    candidates = operand_def()
    limit = operand_def()
    threshold = operand_def()
    center_point_box = prop_def(BoolAttr, default_value=FALSE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$boxes `,` $candidates `,` $limit `,` $threshold attr-dict `:` functional-type(operands, results)"

    def __init__(self, boxes: Operand, candidates: Operand, limit: Operand, threshold: Operand, center_point_box: bool = False):
        self.init_inferred([boxes, candidates, limit, threshold], {"center_point_box": center_point_box})

    def infer(self) -> Sequence[AnyTensor]:
        boxes, candidates = dims_of(self.boxes), dims_of(self.candidates)
        require(len(boxes) == len(candidates) == 3, "boxes and candidates have rank 3")
        require(is_float(element_of(self.boxes)), f"boxes are floats, got {element_of(self.boxes)}")
        require(element_of(self.candidates) == element_of(self.limit) == si64, "candidates and limit are si64")
        require(element_of(self.threshold) == element_of(self.boxes), "the threshold has the element type of the boxes")
        require(rank_of(self.limit) == rank_of(self.threshold) == 0, "limit and threshold are scalars")
        require_equal(boxes[0], candidates[0], "boxes and candidates differ in batches")
        require_equal(boxes[1], candidates[2], "boxes and candidates differ in boxes")
        require_equal(boxes[2], DimExpr.of(4), "a box has 4 numbers")
        return [tensor(si64, candidates)]


SELECTION_OPS = [SortRowsOp, SuppressOp]
