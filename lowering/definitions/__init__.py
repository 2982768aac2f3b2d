"""What one element of each graph op is: the table behind the scalar rule."""

from __future__ import annotations

from xdsl.ir import Operation

from ...dialects import graph
from . import attention, axes, custom, indexing, movement, resize, sampling, windows
from .definer import Definer, Definition

DEFINITIONS: dict[tuple[type[Operation], int], Definition] = {
    (graph.TransposeOp, 0): movement.transpose,
    (graph.RelayoutOp, 0): movement.relayout,
    (graph.ReshapeOp, 0): movement.reshape,
    (graph.BroadcastOp, 0): movement.broadcast,
    (graph.StretchOp, 0): movement.stretch,
    (graph.SliceOp, 0): movement.slice_,
    (graph.ConcatOp, 0): movement.concat,
    (graph.PadOp, 0): movement.pad,
    (graph.TriluOp, 0): movement.trilu,
    (graph.ShapeOp, 0): movement.shape,
    (graph.RangeOp, 0): movement.range_,
    (graph.GatherOp, 0): indexing.gather,
    (graph.GatherElementsOp, 0): indexing.gather_elements,
    (graph.GatherNdOp, 0): indexing.gather_nd,
    (graph.ScatterElementsOp, 0): indexing.scatter_elements,
    (graph.ScatterNdOp, 0): indexing.scatter_nd,
    (graph.OneHotOp, 0): indexing.one_hot,
    (graph.ResizeOp, 0): resize.resize,
    (graph.ReduceOp, 0): axes.reduce,
    (graph.ArgReduceOp, 0): axes.arg_reduce,
    (graph.SoftmaxOp, 0): axes.softmax,
    (graph.LogSoftmaxOp, 0): axes.log_softmax,
    (graph.CumsumOp, 0): axes.cumulative,
    (graph.CumprodOp, 0): axes.cumulative,
    (graph.TopKOp, 0): axes.top_k_value,
    (graph.TopKOp, 1): axes.top_k_index,
    (graph.LayerNormOp, 0): axes.layer_norm,
    (graph.RmsNormOp, 0): axes.rms_norm,
    (graph.InstanceNormOp, 0): axes.instance_norm,
    (graph.GroupNormOp, 0): axes.group_norm,
    (graph.BatchNormOp, 0): axes.batch_norm,
    (graph.LpNormalizeOp, 0): axes.lp_normalize,
    (graph.AttentionOp, 0): attention.attention,
    (graph.MatmulOp, 0): windows.matmul,
    (graph.ConvOp, 0): windows.conv,
    (graph.ConvTransposeOp, 0): windows.conv_transpose,
    (graph.PoolOp, 0): windows.pool,
    (graph.ArgPoolOp, 0): windows.arg_pool,
    (graph.LrnOp, 0): windows.lrn,
    (graph.SampleOp, 0): sampling.sample,
    (graph.RoiAlignOp, 0): sampling.roi_align,
    (graph.RoiMaxPoolOp, 0): sampling.roi_max_pool,
    (graph.CustomOp, 0): custom.custom,
}
"""By op class and number of the result. Pointwise ops are defined by `pointwise`."""

CAN_FAIL = (
    graph.GatherOp,
    graph.GatherElementsOp,
    graph.GatherNdOp,
    graph.ScatterElementsOp,
    graph.ScatterNdOp,
    graph.SampleOp,
    graph.RoiAlignOp,
    graph.RoiMaxPoolOp,
    graph.CustomOp,
)
"""Ops that check indices, or that there is something to read, at run time."""

__all__ = ["CAN_FAIL", "DEFINITIONS", "Definer", "Definition"]
