"""Ops that read images at positions which are data: points between pixels, and regions of interest."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, FloatAttr, IntegerAttr, StringAttr, f64, i64
from xdsl.ir import SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .base import FALSE, TRUE, GraphOp, Ints, Operand, integer, ints, require, require_kind
from .dims import DimExpr
from .elementwise import is_float, is_integer
from .linalg import require_equal
from .resize import MODES
from .types import AnyTensor, dims_of, element_of, rank_of, tensor

PADDINGS = ("zeros", "border", "reflection")
ALIGN_KINDS = ("average", "max")


@irdl_op_definition
class SampleOp(GraphOp):
    """x [N, C, I1.., Ir] at the points `at` [N, P.., r]: [N, C, P..] (ONNX GridSample 22, its coordinates denormalised).

    at[.., k] is a coordinate along spatial dim k; pixel i is at i. `nearest` rounds halves to even, `linear` and `cubic` (Keys
    1981, a = -0.75) weigh the taps of every dim. What lies outside is 0, the nearest border pixel, or a reflection: at the
    centres of the border pixels (`align_corners`) or at their outer edges.
    """

    name = "graph.sample"
    x = operand_def()
    at = operand_def()
    mode = prop_def(StringAttr)
    padding = prop_def(StringAttr, default_value=StringAttr("zeros"))
    align_corners = prop_def(BoolAttr, default_value=FALSE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $at attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, at: Operand, mode: str = "linear", padding: str = "zeros", align_corners: bool = False):
        self.init_inferred([x, at], {"mode": mode, "padding": padding, "align_corners": align_corners})

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.mode, MODES, "mode")
        require_kind(self.padding, PADDINGS, "padding")
        require(is_float(element_of(self.at)), f"coordinates are floats, got {element_of(self.at)}")
        (batch, channels, *spatial), (images, *points) = _image_dims(self.x, 3), dims_of(self.at) or (DimExpr.of(0),)
        require(len(points) >= 1, "at has rank 2 or more")
        require_equal(batch, images, "x and at differ in their number of images")
        require_equal(points[-1], DimExpr.of(len(spatial)), "a point has as many coordinates as x has spatial dims")
        return [tensor(element_of(self.x), (batch, channels, *points[:-1]))]


def _image_dims(x: SSAValue, rank: int) -> tuple[DimExpr, ...]:
    """The dims of a stack of images; InferenceError for a lower rank, or where an image is known to have no pixels."""
    dims = dims_of(x)
    require(len(dims) >= rank, f"x has rank {len(dims)}, expected {rank} or more")
    require(all(d != DimExpr.of(0) for d in dims[2:]), "the images have no pixels")
    return dims


def _pooled(x: SSAValue, rois: SSAValue, sizes: Sequence[int], columns: int) -> Sequence[AnyTensor]:
    """The type of regions of x [N, C, H, W] pooled to `sizes` (height, width); InferenceError unless rois has so many columns."""
    channels = _image_dims(x, 4)[1]
    require(rank_of(x) == 4, f"x has rank {rank_of(x)}, expected 4")
    require(rank_of(rois) == 2, f"rois has rank {rank_of(rois)}, expected 2")
    require(is_float(element_of(x)), f"x holds floats, got {element_of(x)}")
    require(element_of(rois) == element_of(x), "rois has another element type than x")
    require_equal(dims_of(rois)[1], DimExpr.of(columns), f"a region has {columns} columns")
    require(len(sizes) == 2 and min(sizes) >= 1, f"size is a positive height and width, got {list(sizes)}")
    return [tensor(element_of(x), (dims_of(rois)[0], channels, *map(DimExpr.of, sizes)))]


@irdl_op_definition
class RoiAlignOp(GraphOp):
    """Regions (x1, y1, x2, y2) of the images `batch` sampled on a grid and pooled (ONNX RoiAlign 22; He et al. 2017).

    A bin averages samples of linear interpolation, `sampling_ratio` of them along each axis, or ceil(bin size) for 0; `max`
    takes the largest weighted pixel of any sample. `half_pixel` moves coordinates by half a pixel; without it regions are at
    least 1 x 1.
    """

    name = "graph.roi_align"
    x = operand_def()
    rois = operand_def()
    batch = operand_def()
    size = prop_def(Ints)
    spatial_scale = prop_def(FloatAttr, default_value=FloatAttr(1.0, f64))
    kind = prop_def(StringAttr, default_value=StringAttr("average"))
    sampling_ratio = prop_def(IntegerAttr.constr(i64), default_value=IntegerAttr(0, i64))
    half_pixel = prop_def(BoolAttr, default_value=TRUE)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $rois `,` $batch attr-dict `:` functional-type(operands, results)"

    def __init__(
        self,
        x: Operand,
        rois: Operand,
        batch: Operand,
        size: Sequence[int],
        kind: str = "average",
        sampling_ratio: int = 0,
        spatial_scale: float = 1.0,
        half_pixel: bool = True,
    ):
        props = {"size": size, "kind": kind, "sampling_ratio": sampling_ratio}
        self.init_inferred([x, rois, batch], {**props, "spatial_scale": spatial_scale, "half_pixel": half_pixel})

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.kind, ALIGN_KINDS)
        require(integer(self.sampling_ratio) >= 0, "sampling_ratio is not negative")
        require(is_integer(element_of(self.batch)), f"batch holds integers, got {element_of(self.batch)}")
        require(rank_of(self.batch) == 1, f"batch has rank {rank_of(self.batch)}, expected 1")
        require_equal(dims_of(self.batch)[0], dims_of(self.rois)[0], "batch has an image for each region")
        return _pooled(self.x, self.rois, ints(self.size), 4)


@irdl_op_definition
class RoiMaxPoolOp(GraphOp):
    """The maximum of every bin of regions (image, x1, y1, x2, y2), rounded to pixels; 0 of none (ONNX MaxRoiPool)."""

    name = "graph.roi_max_pool"
    x = operand_def()
    rois = operand_def()
    size = prop_def(Ints)
    spatial_scale = prop_def(FloatAttr, default_value=FloatAttr(1.0, f64))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $rois attr-dict `:` functional-type(operands, results)"

    def __init__(self, x: Operand, rois: Operand, size: Sequence[int], spatial_scale: float = 1.0):
        self.init_inferred([x, rois], {"size": size, "spatial_scale": spatial_scale})

    def infer(self) -> Sequence[AnyTensor]:
        return _pooled(self.x, self.rois, ints(self.size), 5)


SAMPLING_OPS = [SampleOp, RoiAlignOp, RoiMaxPoolOp]
