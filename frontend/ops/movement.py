"""Data movement: reshape and its kin, transpose, concat, pad, tile."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from ...dialects import graph
from ...dialects.graph.base import normalize_axis
from ...dialects.graph.dims import DimExpr, exact_quotient, product
from ...dialects.graph.types import Dims, dims_of, element_of, is_static, rank_of, tensor
from ..arguments import axes, inserted_axes, runtime_axes
from ..node import Node, UnsupportedError
from ..registry import op
from ..runtime_shapes import (
    full,
    length,
    padding,
    reshape_target,
    scatter,
    squeezed_dims,
    unsqueezed_dims,
    vector,
)
from ..values import Tensor

ZERO, ONE = DimExpr.of(0), DimExpr.of(1)


# -- the same elements under other dims -----------------------------------------------------------------------------------


@op("Reshape")
def reshape(n: Node) -> SSAValue:
    """The target is an attribute before opset 5. 0 copies a dim (unless `allowzero`), -1 is what is left."""
    allow_zero = bool(n.int_attr("allowzero", 0))
    if n.opset >= 5 and n.is_runtime(1):
        return n.build.reshape(n.x(), _computed_target(n, allow_zero) if length(n, 1) else ())
    target = n.dims(1) if n.opset >= 5 else tuple(DimExpr.of(d) for d in n.ints_attr("shape"))
    return n.build.reshape(n.x(), resolve_reshape(n, n.shape(), target, allow_zero))


def _computed_target(n: Node, allow_zero: bool) -> Dims:
    """The dims of a target of which elements are computed; those that are known stay."""
    source, dims = n.shape(), list(reshape_target(n, n.shape(), vector(n, 1), allow_zero))
    for axis, known in enumerate(n.partial(1)):
        if known == ZERO and not allow_zero and axis < len(source):
            dims[axis] = source[axis]
        elif known is not None and (not known.is_static or known.value > 0):
            dims[axis] = known
    return tuple(dims)


def resolve_reshape(n: Node, source: Dims, target: Sequence[DimExpr], allow_zero: bool) -> Dims:
    """The dims that a Reshape asks for."""
    dims: list[DimExpr] = []
    for axis, dim in enumerate(target):
        if dim == ZERO and not allow_zero:
            if axis >= len(source):
                raise ValueError(f"dim {axis} of the target copies a dim that is not there")
            dim = source[axis]
        dims.append(dim)
    unknown = [axis for axis, dim in enumerate(dims) if dim == DimExpr.of(-1)]
    if len(unknown) > 1 or any(d.is_static and d.value < -1 for d in dims):
        raise ValueError(f"the target [{', '.join(map(str, target))}] is not a shape")
    if unknown:
        rest = product(d for axis, d in enumerate(dims) if axis not in unknown)
        dims[unknown[0]] = _quotient(n, product(source), rest)
    return tuple(dims)


def _quotient(n: Node, total: DimExpr, part: DimExpr) -> DimExpr:
    """total / part, assumed to leave nothing where symbols leave it open."""
    if part == ZERO:
        if total != ZERO:
            raise ValueError("the -1 of the target can't be told")
        return ZERO
    found = exact_quotient(total, part)
    if found is None:
        if total.is_static and part.is_static:
            raise ValueError(f"{total} elements do not divide by {part}")
        found = total // part
        n.build.assumptions.need_equal(found * part, total)
    return found


@op("Flatten")
def flatten(n: Node) -> SSAValue:
    dims = n.shape()
    axis = n.int_attr("axis", 1)
    axis = len(dims) if axis == len(dims) else normalize_axis(axis, len(dims))
    return n.build.reshape(n.x(), (product(dims[:axis]), product(dims[axis:])))


@op("Squeeze")
def squeeze(n: Node) -> SSAValue:
    """Without axes, all dims that are known to be 1."""
    computed = runtime_axes(n, since=13)
    if computed is not None:
        return n.build.reshape(n.x(), squeezed_dims(n, n.shape(), computed))
    dims, wanted = n.shape(), axes(n, n.rank(), since=13)
    if wanted is None:
        wanted = [axis for axis, dim in enumerate(dims) if dim == ONE]
    for axis in wanted:
        if dims[axis] != ONE:
            if dims[axis].is_static:
                raise ValueError(f"dim {axis} is {dims[axis]}, expected 1")
            n.build.assumptions.need_equal(dims[axis], ONE)
    return n.build.reshape(n.x(), [d for axis, d in enumerate(dims) if axis not in wanted])


@op("Unsqueeze")
def unsqueeze(n: Node) -> SSAValue:
    computed = runtime_axes(n, since=13)
    if computed is not None:
        return n.build.reshape(n.x(), unsqueezed_dims(n, n.shape(), computed))
    dims = list(n.shape())
    wanted = n.values(1) if n.opset >= 13 else n.ints_attr("axes")
    for axis in inserted_axes(wanted, len(dims)):
        dims.insert(axis, ONE)
    return n.build.reshape(n.x(), dims)


@op("Transpose")
def transpose(n: Node) -> SSAValue:
    return n.build.transpose(n.x(), n.ints_attr("perm", range(n.rank())[::-1]))


@op("DepthToSpace")
def depth_to_space(n: Node) -> SSAValue:
    """[N, C, H, W] -> [N, C / b^2, H * b, W * b]; DCR takes the blocks from the outer part of C, CRD from the inner."""
    block, mode = n.int_attr("blocksize"), n.str_attr("mode", "DCR")
    batch, channels, *spatial = n.shape()
    if block < 1 or mode not in ("DCR", "CRD"):
        raise ValueError(f"blocksize is positive and mode DCR or CRD, got {block} and '{mode}'")
    rank, blocks = len(spatial), [DimExpr.of(block)] * len(spatial)
    depth = _quotient(n, channels, product(blocks))
    split = (batch, *blocks, depth, *spatial) if mode == "DCR" else (batch, depth, *blocks, *spatial)
    first = 1 if mode == "DCR" else 2
    perm = [0, 1 + rank if mode == "DCR" else 1]
    for i in range(rank):
        perm += [2 + rank + i, first + i]
    x = n.build.transpose(n.build.reshape(n.x(), split), perm)
    return n.build.reshape(x, (batch, depth, *(d * block for d in spatial)))


@op("SpaceToDepth")
def space_to_depth(n: Node) -> SSAValue:
    """[N, C, H, W] -> [N, b^2 * C, H / b, W / b]; the inverse of depth_to_space in both modes."""
    block, mode = n.int_attr("blocksize"), n.str_attr("mode", "DCR")
    batch, channels, *spatial = n.shape()
    if block < 1 or mode not in ("DCR", "CRD"):
        raise ValueError(f"blocksize is positive and mode DCR or CRD, got {block} and '{mode}'")
    rank, small = len(spatial), [_quotient(n, d, DimExpr.of(block)) for d in spatial]
    split = [batch, channels, *(d for s in small for d in (s, DimExpr.of(block)))]
    blocks = [3 + 2 * i for i in range(rank)]
    perm = [0, *([*blocks, 1] if mode == "DCR" else [1, *blocks]), *(2 + 2 * i for i in range(rank))]
    x = n.build.transpose(n.build.reshape(n.x(), split), perm)
    return n.build.reshape(x, (batch, channels * block**rank, *small))


# -- repetition -----------------------------------------------------------------------------------------------------------


@op("Expand")
def expand(n: Node) -> SSAValue:
    return n.build.broadcast(n.x(), n.dims(1))


@op("Tile", since=1)
def tile_one(n: Node) -> SSAValue:
    """Before opset 6: one axis, given with its count as operands."""
    (count,), (axis,) = n.dims(1), n.values(2)
    axis = normalize_axis(axis, n.rank())
    return repeat(n, n.x(), [count if i == axis else ONE for i in range(n.rank())])


@op("Tile", since=6)
def tile(n: Node) -> SSAValue:
    repeats = n.dims(1)
    if len(repeats) != n.rank():
        raise ValueError(f"repeats has {len(repeats)} values, expected {n.rank()}")
    return repeat(n, n.x(), repeats)


def repeat(n: Node, x: SSAValue, repeats: Sequence[DimExpr]) -> SSAValue:
    """[d, ...] -> [1, d, ...] broadcast to [r, d, ...] -> [r * d, ...]"""
    dims = dims_of(x)
    if all(r == ONE for r in repeats):
        return x
    for count in repeats:
        n.need(count)
    pairs = list(zip(repeats, dims, strict=True))
    inserted = n.build.reshape(x, [d for r, dim in pairs for d in ([dim] if r == ONE else [ONE, dim])])
    wide = [d for r, dim in pairs for d in ([dim] if r == ONE else [r, dim])]
    repeated = n.emit(graph.BroadcastOp(inserted, tensor(element_of(x), wide)))
    return n.build.reshape(repeated, [r * d for r, d in pairs])


# -- joining and padding --------------------------------------------------------------------------------------------------


@op("Concat")
def concat(n: Node) -> Tensor:
    result = Tensor.of(join(n, n.xs(), n.int_attr("axis", 1 if n.opset < 4 else None)))
    if all(n.rank(i) == 1 and isinstance(n.element(i), IntegerType) for i in range(len(n.inputs))) and is_static(result.type):
        result.partial = tuple(e for i in range(len(n.inputs)) for e in n.partial(i))
    return result


def join(n: Node, xs: Sequence[SSAValue], axis: int) -> SSAValue:
    if not xs:
        raise ValueError("it joins nothing")
    return n.emit(graph.ConcatOp(xs, normalize_axis(axis, rank_of(xs[0]))))


@op("Pad")
def pad(n: Node) -> SSAValue:
    """Amounts and value are attributes before opset 11 (`paddings` in opset 1)."""
    x = n.x()
    if n.opset >= 11:
        low, high = _padding(n)
        value = n.build.reshape(n.x(2), ()) if n.has(2) else None
    else:
        amounts = [DimExpr.of(p) for p in n.ints_attr("pads" if n.opset >= 2 else "paddings")]
        low, high = _on_axes(n, amounts, range(n.rank()))
        constant = n.float_attr("value", 0.0)
        value = n.build.scalar(constant, x) if constant else None
    mode = n.str_attr("mode", "constant")
    if mode not in ("constant", "reflect", "edge", "wrap"):
        raise UnsupportedError(f"mode '{mode}'")
    if all(p == ZERO for p in (*low, *high)):
        return x
    for dim, before, after in zip(n.shape(), low, high, strict=True):
        n.need(dim + before + after)
    return n.emit(graph.PadOp(x, low, high, value if mode == "constant" else None, mode))


def _padding(n: Node) -> tuple[list[DimExpr], list[DimExpr]]:
    """What is added before and after each dim (negative: cropped), by the operands `pads` and `axes`."""
    rank, dims = n.rank(), n.shape()
    computed = runtime_axes(n, since=18, index=3)
    if computed is not None:
        _check_pads(length(n, 1), length(n, 3))
        low, high = (scatter(full(n, rank, 0), computed, half) for half in vector(n, 1).split(0, 2))
        return padding(n, dims, low, high)
    touched = [normalize_axis(a, rank) for a in n.values(3)] if n.has(3) else range(rank)
    if not n.is_runtime(1) or not touched:
        return _on_axes(n, n.dims(1), touched)
    _check_pads(length(n, 1), len(touched))
    before, after = padding(n, [dims[a] for a in touched], *vector(n, 1).split(0, 2))
    return _on_axes(n, [*before, *after], touched)


def _on_axes(n: Node, amounts: Sequence[DimExpr], axes: Sequence[int]) -> tuple[list[DimExpr], list[DimExpr]]:
    """Amounts before the axes, then behind them, for all dims."""
    _check_pads(len(amounts), len(axes))
    low, high = [ZERO] * n.rank(), [ZERO] * n.rank()
    for i, axis in enumerate(axes):
        low[axis], high[axis] = amounts[i], amounts[i + len(axes)]
    return low, high


def _check_pads(found: int, axes: int) -> None:
    if found != 2 * axes:
        raise ValueError(f"pads has {found} values, expected {2 * axes}")


@op("CenterCropPad", since=18)
def center_crop_pad(n: Node) -> SSAValue:
    """The middle of x, or x amid zeros, along each axis; an odd element is cut in front or filled in behind."""
    rank, target = n.rank(), n.dims(1)
    axes_ = [normalize_axis(a, rank) for a in n.ints_attr("axes", range(rank))]
    if len(target) != len(axes_):
        raise ValueError(f"shape has {len(target)} values for {len(axes_)} axes")
    low, high = [ZERO] * rank, [ZERO] * rank
    for axis, wanted in zip(axes_, target, strict=True):
        n.need(wanted)
        missing = wanted - n.shape()[axis]
        low[axis] = missing.max(0) // 2 - (-missing).max(0) // 2
        high[axis] = missing - low[axis]
    if all(p == ZERO for p in (*low, *high)):
        return n.x()
    return n.emit(graph.PadOp(n.x(), low, high))
