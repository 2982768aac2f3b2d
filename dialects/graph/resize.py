"""Resampling."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, FloatAttr, StringAttr, f32, f64
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
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

from .base import FALSE, Floats, GraphOp, Ints, Operand, ints, require, require_kind
from .dims import DimExpr
from .types import AnyTensor, dims_of, element_of, rank_of, tensor

MODES = ("nearest", "linear", "cubic")
COORDINATES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@irdl_op_definition
class ResizeOp(GraphOp):
    """x resampled to the dims of the result type (ONNX Resize 19).

    `scales` (one per dim, output / input) enter the coordinate transformation; absent, they follow from the dims. `nearest` is
    the rounding of mode nearest, `cubic_a` the coefficient of mode cubic; `roi` (starts, then ends, normalised) and
    `extrapolation` belong to tf_crop_and_resize. Where scales or the region are known at run time only, they are operands: `by`
    factors, `of` a region, vectors of f32. `axes` are then those that are resampled; the other dims are copied.
    """

    name = "graph.resize"
    x = operand_def()
    factors = opt_operand_def()
    region = opt_operand_def()
    axes = opt_prop_def(Ints)
    mode = prop_def(StringAttr)
    coordinate = prop_def(StringAttr, default_value=StringAttr("half_pixel"))
    nearest = prop_def(StringAttr, default_value=StringAttr("round_prefer_floor"))
    cubic_a = prop_def(FloatAttr, default_value=FloatAttr(-0.75, f64))
    scales = opt_prop_def(Floats)
    roi = opt_prop_def(Floats)
    exclude_outside = prop_def(BoolAttr, default_value=FALSE)
    antialias = prop_def(BoolAttr, default_value=FALSE)
    extrapolation = prop_def(FloatAttr, default_value=FloatAttr(0.0, f64))
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$x (`by` $factors^ `:` type($factors))? (`of` $region^ `:` type($region))? attr-dict "
        "`:` `(` type($x) `)` `->` type($result)"
    )

    def __init__(
        self,
        x: Operand,
        result_type: Attribute,
        mode: str = "nearest",
        coordinate: str = "half_pixel",
        nearest: str = "round_prefer_floor",
        cubic_a: float = -0.75,
        scales: Sequence[float] | None = None,
        roi: Sequence[float] | None = None,
        exclude_outside: bool = False,
        antialias: bool = False,
        extrapolation: float = 0.0,
        factors: Operand | None = None,
        region: Operand | None = None,
        axes: Sequence[int] | None = None,
    ):
        props = {
            "mode": mode,
            "coordinate": coordinate,
            "nearest": nearest,
            "cubic_a": cubic_a,
            "scales": None if scales is None else [float(s) for s in scales],
            "roi": None if roi is None else [float(r) for r in roi],
            "exclude_outside": exclude_outside,
            "antialias": antialias,
            "extrapolation": extrapolation,
            "axes": axes,
        }
        self.init_inferred([x, factors, region], props, [result_type])

    @property
    def is_region(self) -> bool:
        """Whether a part of x is resampled, and what lies outside x has a value of its own."""
        return self.coordinate.data == "tf_crop_and_resize"

    def infer(self) -> Sequence[AnyTensor]:
        require_kind(self.mode, MODES, "mode")
        require_kind(self.coordinate, COORDINATES, "coordinate")
        require_kind(self.nearest, ROUNDINGS, "nearest")
        rank = rank_of(self.x)
        require(rank_of(self.result) == rank, f"result has rank {rank_of(self.result)}, expected {rank}")
        if self.scales is not None:
            scales = self.scales.get_values()
            require(len(scales) == rank and all(s > 0 for s in scales), f"scales are {rank} positive numbers, got {list(scales)}")
        require((self.roi is not None) + (self.region is not None) == self.is_region, "roi goes with tf_crop_and_resize")
        require(self.scales is None or self.factors is None, "scales are numbers or an operand")
        for name, vector, length in (("factors", self.factors, rank), ("region", self.region, 2 * rank)):
            if vector is not None:
                require(element_of(vector) == f32, f"{name} are f32, got {element_of(vector)}")
                require(dims_of(vector) == (DimExpr.of(length),), f"{name} are a vector of {length}, got {vector.type}")
        if self.axes is not None:
            require(all(0 <= a < rank for a in ints(self.axes)), f"axes are dims of x, got {list(ints(self.axes))}")
        return [tensor(element_of(self.x), dims_of(self.result))]


RESIZE_OPS = [ResizeOp]
