"""Packed panels: the pack rule, natively, and the types of packings against `pack_array`; what a panel holds."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import f32, f64

from tilewright.backends.targets import TargetModel
from tilewright.dialects.graph.types import static_shape, tensor
from tilewright.dialects.kernel import PackingAttr, PackOp
from tilewright.lowering.cook_toom import transform_filters
from tilewright.lowering.packing import pack_array, packed_type
from tilewright.lowering.rules.pack import PackRule

from .loops_text import LOCAL_TARGETS
from .rule_kernels import make_kernel, run_rule

PACKINGS = {
    "rows": (PackingAttr.of("gemm_b", nr=32), [37, 70]),
    "one column": (PackingAttr.of("gemm_b", nr=16), [5, 1]),
    "batched": (PackingAttr.of("gemm_b", nr=16), [2, 3, 19, 40]),
    "transposed": (PackingAttr.of("gemm_b", nr=32, transposed=1), [70, 37]),
    "transposed, whole blocks": (PackingAttr.of("gemm_b", nr=16, transposed=1), [2, 48, 32]),
    "transposed, few columns": (PackingAttr.of("gemm_b", nr=64, transposed=1), [9, 50]),
    "convolution": (PackingAttr.of("conv_oihw", nr=16), [20, 5, 3, 2]),
    "row-major images": (PackingAttr.of("conv_oihw", nr=16, channels_first=1), [20, 5, 3, 2]),
    "groups": (PackingAttr.of("conv_oihw", nr=16, group=3), [60, 4, 3]),
    "transposed convolution": (PackingAttr.of("conv_iohw", nr=16), [6, 20, 2, 2]),
    "transposed convolution, groups": (PackingAttr.of("conv_iohw", nr=16, group=2), [6, 20, 2, 2, 1]),
    "Winograd": (PackingAttr.of("winograd", nr=16, alpha=6), [20, 5, 3, 3]),
    "Winograd, stride 2": (PackingAttr.of("winograd", nr=16, alpha=9), [20, 5, 3, 3]),
    "Winograd, small tiles": (PackingAttr.of("winograd", nr=16, alpha=4), [32, 3, 3, 3]),
}


@pytest.mark.parametrize("target", LOCAL_TARGETS[1:], ids=lambda t: t.name)
@pytest.mark.parametrize("name", PACKINGS)
def test_native_packing_is_that_of_constants(name: str, target: TargetModel) -> None:
    packing, shape = PACKINGS[name]
    logical = tensor(f32, shape)
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    kernel = make_kernel([logical], lambda a: [PackOp(a[0], packing, packed_type(packing, logical))])
    run = run_rule(PackRule(), kernel, [array], target, slices=2)
    np.testing.assert_array_equal(run.result, pack_array(packing, array))
    assert run.result.shape == static_shape(packed_type(packing, logical))


def test_double_precision() -> None:
    packing, logical = PackingAttr.of("gemm_b", nr=16, transposed=1), tensor(f64, [20, 33])
    array = np.random.default_rng(0).standard_normal([20, 33])
    kernel = make_kernel([logical], lambda a: [PackOp(a[0], packing, packed_type(packing, logical))])
    run = run_rule(PackRule(), kernel, [array], LOCAL_TARGETS[0])
    np.testing.assert_array_equal(run.result, pack_array(packing, array))


def test_columns_of_a_panel() -> None:
    array = np.arange(12).reshape(3, 4)
    panels = pack_array(PackingAttr.of("gemm_b", nr=3), array)
    assert panels.tolist() == [[[0, 1, 2], [4, 5, 6], [8, 9, 10]], [[3, 0, 0], [7, 0, 0], [11, 0, 0]]]


def test_depth_of_a_convolution_is_taps_then_channels() -> None:
    weight = np.arange(12).reshape(1, 2, 2, 3)
    assert pack_array(PackingAttr.of("conv_oihw", nr=1), weight).ravel().tolist() == [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]


def test_depthwise_weights_have_channels_innermost() -> None:
    packed = pack_array(PackingAttr.of("depthwise"), np.arange(8).reshape(2, 1, 2, 2))
    assert packed.tolist() == [[0, 4], [1, 5], [2, 6], [3, 7]]


def test_winograd_filters_are_transformed_then_panels() -> None:
    weight = np.random.default_rng(0).standard_normal((3, 2, 3, 3)).astype(np.float32)
    packed = pack_array(PackingAttr.of("winograd", nr=2, alpha=4), weight)
    expected = transform_filters(weight[2, 1], 4).astype(np.float32)
    np.testing.assert_array_equal(packed[1, :, 1, 0].reshape(4, 4), expected)
    assert not packed[1, :, :, 1].any()


def test_unknown_packing() -> None:
    with pytest.raises(ValueError, match="'panels' is not one of gemm_b, conv_oihw"):
        packed_type(PackingAttr.of("panels"), tensor(f32, [4, 4]))
