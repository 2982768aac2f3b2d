"""The integer contraction rule, natively on guarded buffers, against the reference interpreter; on every target the same sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.dtypes import element_type
from tilewright.dialects.graph.linalg import si32
from tilewright.dialects.graph.types import static_shape, tensor, with_order
from tilewright.dialects.kernel import PackingAttr, PackOp
from tilewright.lowering.packing import pack_array, packed_type
from tilewright.lowering.rules.contraction_schedule import GATHERED, IN_PLACE
from tilewright.lowering.rules.int_contraction import IntContractionRule
from tilewright.lowering.rules.pack_bytes import PackBytesRule

from .loops_text import LOCAL_TARGETS
from .rule_kernels import Build, make_kernel, reference, run_rule

Array = NDArray[Any]
RULE = IntContractionRule()
SIGNS = [("uint8", "int8"), ("int8", "int8"), ("uint8", "uint8"), ("int8", "uint8")]


def bytes_of(rng: np.random.Generator, kind: str, shape: Sequence[int]) -> Array:
    """Numbers that are often the extremes, of which 16-bit sums of pairs would overflow."""
    info = np.iinfo(kind)
    drawn = rng.integers(info.min, info.max + 1, shape)
    extreme = rng.choice([info.min, info.max], shape)
    return np.where(rng.random(shape) < 0.5, extreme, drawn).astype(kind)


def check(types: list[Attribute], build: Build, arrays: list[Array], target: TargetModel, slices: int = 1) -> int:
    """Run a kernel and compare; how its rows are read."""
    kernel = make_kernel(types, build)
    expected = reference(kernel, arrays)
    for at_end in (True, False):
        run = run_rule(RULE, kernel.clone(), arrays, target, slices=slices, at_end=at_end)
        np.testing.assert_array_equal(run.result, expected)
    return run_rule(RULE, kernel, arrays, target).schedule["lhs"]


def matmul(m: int, k: int, n: int, kinds: tuple[str, str], target: TargetModel, slices: int = 1, turned: bool = False) -> int:
    left, right = (element_type(kind) for kind in kinds)
    shape = [n, k] if turned else [k, n]
    rng = np.random.default_rng(m + k + n)
    arrays = [bytes_of(rng, kinds[0], [m, k]), bytes_of(rng, kinds[1], shape)]
    types: list[Attribute] = [tensor(left, [m, k]), tensor(right, shape)]

    def build(a: Sequence[SSAValue]) -> list[Operation]:
        return [graph.MatmulOp(a[0], a[1], transpose_rhs=turned)]

    return check(types, build, arrays, target, slices)


@pytest.mark.parametrize("target", LOCAL_TARGETS, ids=lambda t: t.name)
@pytest.mark.parametrize("kinds", SIGNS, ids="-".join)
def test_signs(kinds: tuple[str, str], target: TargetModel) -> None:
    assert matmul(29, 68, 37, kinds, target, slices=3) == IN_PLACE


@pytest.mark.parametrize("target", LOCAL_TARGETS, ids=lambda t: t.name)
@pytest.mark.parametrize("size", [(1, 1, 1), (1, 7, 100), (3, 4, 16), (50, 129, 33), (7, 1000, 5), (200, 32, 64)], ids=str)
def test_sizes(size: tuple[int, int, int], target: TargetModel) -> None:
    for kinds in SIGNS[:2]:
        lhs = matmul(*size, kinds, target)
        assert lhs == GATHERED or size[1] % 4 == 0


def test_transposed_weight() -> None:
    matmul(20, 45, 37, SIGNS[0], LOCAL_TARGETS[0], turned=True)


@dataclass
class Image:
    """A convolution [N, C, H, W] -> O channels."""

    x: tuple[int, ...]
    outputs: int
    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, ...] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    group: int = 1
    last: bool = True
    kinds: tuple[str, str] = field(default=SIGNS[1])

    def run(self, target: TargetModel, slices: int = 1) -> None:
        order = [0, 2, 3, 1] if self.last else None
        left, right = (element_type(kind) for kind in self.kinds)
        weight = [self.outputs, self.x[1] // self.group, *self.kernel]
        rng = np.random.default_rng(sum(self.x))
        arrays = [bytes_of(rng, self.kinds[0], self.x), bytes_of(rng, self.kinds[1], weight)]

        def build(args: Sequence[SSAValue]) -> list[Operation]:
            how = (None, self.strides, self.pads, self.dilations, self.group)
            op = graph.ConvOp(args[0], args[1], *how)
            return [graph.ConvOp(args[0], args[1], *how, with_order(op.result, [0, 2, 3, 1]))]

        check([tensor(left, self.x, order), tensor(right, weight)], build, arrays, target, slices)


IMAGES = {
    "one by one": Image((2, 20, 5, 7), 37, (1, 1)),
    "padded": Image((1, 64, 9, 6), 40, (3, 3), pads=(1, 1, 1, 1)),
    "strided": Image((2, 5, 11, 13), 17, (3, 2), strides=(2, 3), pads=(1, 0, 2, 1)),
    "dilated": Image((1, 8, 12, 12), 16, (3, 3), dilations=(2, 3), pads=(2, 3, 2, 3)),
    "few channels": Image((1, 3, 15, 17), 8, (5, 5), strides=(2, 2), pads=(2, 2, 2, 2)),
    "row-major": Image((1, 3, 15, 17), 8, (7, 7), strides=(2, 2), pads=(3, 3, 3, 3), last=False),
    "groups": Image((1, 24, 6, 6), 18, (3, 3), pads=(1, 1, 1, 1), group=3),
    "unsigned": Image((1, 12, 7, 7), 9, (3, 3), pads=(1, 1, 1, 1), kinds=SIGNS[2]),
}


@pytest.mark.parametrize("target", LOCAL_TARGETS, ids=lambda t: t.name)
@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_convolutions(image: Image, target: TargetModel) -> None:
    image.run(target, slices=2)


@given(st.tuples(st.integers(1, 40), st.integers(1, 90), st.integers(1, 70)), st.sampled_from(SIGNS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_size(size: tuple[int, int, int], kinds: tuple[str, str]) -> None:
    matmul(*size, kinds, LOCAL_TARGETS[0])


def test_the_epilogue_quantizes_and_dequantizes_a_residual() -> None:
    """cast(sums - p * column sums) * s + dequantized residual, to ui8: side values and all."""
    m, k, n = 21, 40, 50
    s8, u8 = element_type("int8"), element_type("uint8")
    types: list[Attribute] = [tensor(u8, [m, k]), tensor(s8, [k, n]), tensor(u8, []), tensor(si32, [1, n])]
    types += [tensor(f32, [n]), tensor(u8, [m, n])]

    def build(a: Sequence[SSAValue]) -> list[Operation]:
        product, zero, residual = graph.MatmulOp(a[0], a[1]), graph.CastOp(a[2], si32), graph.CastOp(a[5], f32)
        scaled = graph.MulOp(residual, residual)
        moved = graph.MulOp(zero, a[3])
        total = graph.SubOp(product, moved)
        floats = graph.CastOp(total, f32)
        wide = graph.MulOp(floats, a[4])
        y = graph.AddOp(wide, scaled)
        whole = graph.RoundOp(y)
        clipped = graph.ClipOp(whole, 0.0, 255.0)
        return [product, zero, residual, scaled, moved, total, floats, wide, y, whole, clipped, graph.CastOp(clipped, u8)]

    rng = np.random.default_rng(3)
    arrays = [bytes_of(rng, "uint8", [m, k]), bytes_of(rng, "int8", [k, n]), np.array(7, np.uint8)]
    arrays += [rng.integers(-99, 99, (1, n)).astype(np.int32), np.full(n, 0.0009765625, np.float32)]
    arrays += [rng.integers(0, 12, (m, n)).astype(np.uint8)]
    for target in LOCAL_TARGETS:
        check(types, build, arrays, target)


PACKINGS = {
    "rows": (PackingAttr.of("quads_b", nr=32), [37, 70]),
    "one column": (PackingAttr.of("quads_b", nr=16), [5, 1]),
    "batched": (PackingAttr.of("quads_b", nr=16), [2, 3, 19, 40]),
    "transposed": (PackingAttr.of("quads_b", nr=32, transposed=1), [70, 37]),
    "convolution": (PackingAttr.of("quads_oihw", nr=16), [20, 5, 3, 2]),
    "row-major images": (PackingAttr.of("quads_oihw", nr=16, channels_first=1), [20, 5, 3, 2]),
    "groups": (PackingAttr.of("quads_oihw", nr=16, group=3), [60, 4, 3]),
}


@pytest.mark.parametrize("kind", ["int8", "uint8"])
@pytest.mark.parametrize("name", PACKINGS)
def test_native_packing_is_that_of_constants(name: str, kind: str) -> None:
    packing, shape = PACKINGS[name]
    logical = tensor(element_type(kind), shape)
    array = bytes_of(np.random.default_rng(0), kind, shape)
    kernel = make_kernel([logical], lambda a: [PackOp(a[0], packing, packed_type(packing, logical))])
    run = run_rule(PackBytesRule(), kernel, [array], LOCAL_TARGETS[0], slices=2)
    np.testing.assert_array_equal(run.result, pack_array(packing, array))
    assert run.result.shape == static_shape(packed_type(packing, logical))


def test_what_is_in_a_panel() -> None:
    array = np.arange(10, dtype=np.int8).reshape(5, 2)
    (panel,) = pack_array(PackingAttr.of("quads_b", nr=2), array)
    assert panel[0].view("<i4").tolist() == [20, 25]
    assert panel[1:].tolist() == [[0, 2, 4, 6, 1, 3, 5, 7], [8, 0, 0, 0, 9, 0, 0, 0]]
