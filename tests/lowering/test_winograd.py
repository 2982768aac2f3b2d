"""The Winograd rule: natively against the reference interpreter and against f64, its choice, and its order of sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects import func
from xdsl.dialects.builtin import f32
from xdsl.ir import Operation, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.types import dims_of, tensor, with_order
from tilewright.dialects.kernel import ScheduleAttr
from tilewright.errors import CompileError
from tilewright.lowering.cook_toom import FILTERINGS, Filtering, filter_matrix, transform_filters
from tilewright.lowering.rules.contraction_analysis import analyse_axes
from tilewright.lowering.rules.winograd import WinogradRule
from tilewright.lowering.rules.winograd_cost import is_winograd
from tilewright.passes.session import CompileSession

from .loops_text import LOCAL_TARGETS
from .rule_kernels import Prepared, assert_close, make_kernel, prepare, reference, run_rule
from .upstream import MLIR_OPT, assert_upstream_accepts

RULE = WinogradRule()
V4 = LOCAL_TARGETS[0]
LAST = [0, 2, 3, 1]
Floats = NDArray[np.floating]
Activation = Callable[[SSAValue], Operation]


def conv_kernel(
    x: Sequence[int | str],
    outputs: int,
    pads: Sequence[int] = (1, 1, 1, 1),
    activation: Activation | None = graph.ReluOp,
    stride: int = 1,
) -> func.FuncOp:
    """A 3x3 convolution with bias, and with a residual and an activation unless that is None."""
    channels = x[1]
    types = [tensor(f32, x, LAST), tensor(f32, [outputs, channels, 3, 3]), tensor(f32, [outputs])]

    def conv(a: Sequence[SSAValue]) -> graph.ConvOp:
        plain = graph.ConvOp(a[0], a[1], a[2], [stride] * 2, pads)
        return graph.ConvOp(a[0], a[1], a[2], [stride] * 2, pads, result_type=with_order(plain.result, LAST))

    if activation is None:
        return make_kernel(types, lambda a: [conv(a)])
    residual = make_kernel(types, lambda a: [conv(a)]).function_type.outputs.data[0]

    def build(a: Sequence[SSAValue]) -> list[Operation]:
        convolved = conv(a)
        added = graph.AddOp(convolved, a[3])
        return [convolved, added, activation(added.result)]

    return make_kernel([*types, residual], build)


def arrays_of(kernel: func.FuncOp) -> list[Floats]:
    rng = np.random.default_rng(1)
    return [rng.standard_normal([d.value for d in dims_of(a)]).astype(np.float32) for a in kernel.body.block.args]


def schedule_for(outputs: int, target: TargetModel, **others: int) -> ScheduleAttr:
    """A schedule that the cost model would not choose for images as small as those here."""
    lanes = target.lanes(32)
    params = {"tile": outputs, "tiles": 6, "mr": 3, "nr": 2 * lanes, "unroll": 2, "ahead": 8, "far": 0, "next": 0, "lanes": lanes}
    return ScheduleAttr.of("winograd", **(params | others))


@pytest.mark.parametrize("filtering", [f for f in FILTERINGS.values() if f.stride == 1], ids=lambda f: str(f.outputs))
def test_filters_are_values_of_their_polynomial(filtering: Filtering) -> None:
    """Each row of G is the polynomial of the taps at one point, up to the row's scale."""
    matrix = filter_matrix(filtering.inputs)
    for row, point in zip(matrix, filtering.points, strict=False):
        np.testing.assert_allclose(np.array(row) / row[0], [float(point) ** k for k in range(3)], rtol=1e-15)
    np.testing.assert_array_equal(matrix[-1], [0.0, 0.0, 1.0])


@pytest.mark.parametrize("alpha", FILTERINGS)
def test_transformed_filters(alpha: int) -> None:
    filters = np.random.default_rng(0).standard_normal((5, 2, 3, 3)).astype(np.float32)
    matrix = np.array(filter_matrix(alpha))
    np.testing.assert_allclose(transform_filters(filters, alpha), matrix @ filters.astype(float) @ matrix.T, rtol=1e-12)


SHAPES = {
    "whole tiles": ((1, 16, 8, 12), 32, (1, 1, 1, 1)),
    "ragged": ((2, 20, 7, 9), 37, (1, 1, 1, 1)),
    "no padding": ((1, 5, 11, 10), 16, (0, 0, 0, 0)),
    "uneven padding": ((1, 48, 6, 5), 70, (0, 2, 1, 0)),
    "smaller than a tile": ((3, 16, 2, 3), 5, (1, 1, 1, 1)),
    "one row": ((1, 16, 1, 30), 16, (1, 1, 1, 1)),
}


@pytest.mark.parametrize(("tile", "stride"), [(2, 1), (4, 1), (4, 2)])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str, tile: int, stride: int) -> None:
    x, outputs, pads = SHAPES[name]
    kernel = conv_kernel(x, outputs, pads, stride=stride)
    arrays = arrays_of(kernel)
    expected = reference(kernel, arrays)
    assert_close(run_rule(RULE, kernel, arrays, V4, schedule=schedule_for(tile, V4), slices=3).result, expected)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("target", LOCAL_TARGETS[1:], ids=lambda t: t.name)
def test_narrower_targets(target: TargetModel, stride: int) -> None:
    kernel = conv_kernel((1, 16, 7, 10), 23, stride=stride)
    arrays = arrays_of(kernel)
    expected = reference(kernel, arrays)
    assert_close(run_rule(RULE, kernel, arrays, target, schedule=schedule_for(4, target), slices=2).result, expected)


@pytest.mark.parametrize("activation", [None, graph.SigmoidOp, graph.SiluOp])
def test_epilogues(activation: Activation | None) -> None:
    kernel = conv_kernel((1, 16, 9, 8), 24, activation=activation)
    arrays = arrays_of(kernel)
    expected = reference(kernel, arrays)
    assert_close(run_rule(RULE, kernel, arrays, V4, schedule=schedule_for(4, V4, far=4, next=1), slices=2).result, expected)


@pytest.fixture(scope="module", params=[1, 2])
def dynamic(request: pytest.FixtureRequest) -> Prepared:
    """A convolution for all batches and image sizes."""
    kernel = conv_kernel(["n", 20, "h", "w"], 19, activation=None, stride=request.param)
    return prepare(RULE, kernel, V4, schedule_for(4, V4, next=1), ["n", "h", "w"])


@given(n=st.integers(1, 3), h=st.integers(1, 20), w=st.integers(1, 20), slices=st.integers(1, 3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_image_size(dynamic: Prepared, n: int, h: int, w: int, slices: int) -> None:
    rng = np.random.default_rng(n * h + w)
    shapes = [(n, 20, h, w), *(tuple(d.value for d in dims_of(t)) for t in dynamic.logical[1:])]
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    assert_close(dynamic.run(arrays, {"n": n, "h": h, "w": w}, slices), dynamic.reference(arrays))


@pytest.mark.parametrize(("tile", "stride", "bound"), [(2, 1, 1e-6), (4, 1, 5e-6), (4, 2, 3e-6)])
def test_error_bound(tile: int, stride: int, bound: float) -> None:
    """Against f64, relative to the largest result: docs/convolution.md states these bounds for random data."""
    kernel = conv_kernel((1, 256, 14, 14), 32, activation=None, stride=stride)
    x, w, bias = arrays_of(kernel)
    x = np.maximum(x, 0)
    result = run_rule(RULE, kernel, [x, w, bias], V4, schedule=schedule_for(tile, V4)).result
    padded = np.pad(x[0].astype(float), ((0, 0), (1, 1), (1, 1)))
    taps = [(i, j, padded[:, i : i + 14 : stride, j : j + 14 : stride]) for i in range(3) for j in range(3)]
    exact = bias.astype(float)[:, None, None] + sum(np.tensordot(w[:, :, i, j].astype(float), part, 1) for i, j, part in taps)
    error = np.abs(result[0] - exact).max() / np.abs(exact).max()
    assert 1e-8 < error < bound


def test_same_bits_in_any_batch_chunk_and_slice() -> None:
    kernel = conv_kernel((3, 40, 9, 10), 40, activation=None)
    x, w, bias = arrays_of(kernel)
    whole = run_rule(RULE, kernel, [x, w, bias], V4, schedule=schedule_for(4, V4)).result
    other = schedule_for(4, V4, tiles=20, mr=5, nr=16, unroll=3, ahead=0)
    alone = run_rule(RULE, conv_kernel((1, 40, 9, 10), 40, activation=None), [x[1:2], w, bias], V4, schedule=other, slices=4)
    np.testing.assert_array_equal(whole[1:2], alone.result)


@pytest.mark.skipif(MLIR_OPT is None, reason="needs mlir-opt")
def test_upstream_accepts_the_loops() -> None:
    kernel = conv_kernel((1, 20, 7, 9), 37)
    RULE.pack(kernel, schedule_for(4, V4))
    assert_upstream_accepts(RULE.lower(kernel, schedule_for(4, V4), V4))


# -- choice ----------------------------------------------------------------------------------------------------------------
def chosen(x: Sequence[int | str], outputs: int) -> int:
    """Outputs of a tile under the schedule that is chosen; 0 for the direct algorithm."""
    schedule = RULE.schedule(conv_kernel(x, outputs, activation=None), V4)
    return 0 if schedule is None else schedule["tile"]


def test_chosen_by_cost() -> None:
    assert chosen((1, 64, 56, 56), 64) == 4
    assert chosen((1, 3, 224, 224), 8) == 0


def test_images_of_unknown_size_are_assumed_large_enough() -> None:
    assert chosen(("n", 64, "h", "w"), 32) == 4


@pytest.mark.parametrize("size", [4, 7, 14, 28, 56])
def test_choice_does_not_depend_on_the_batch(size: int) -> None:
    for channels in (16, 64, 512):
        choices = {chosen((batch, channels, size, size), channels) for batch in (1, 2, 7, 64, "n")}
        assert len(choices) == 1


def test_never_under_strict_math() -> None:
    with CompileSession(strict_math=True).activate():
        assert chosen((1, 64, 56, 56), 64) == 0


@dataclass(frozen=True)
class Conv:
    """A convolution of a 9x9 image of 16 channels."""

    weight: tuple[int, ...] = (16, 16, 3, 3)
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (1, 1, 1, 1)
    dilations: tuple[int, int] = (1, 1)
    group: int = 1
    order: Sequence[int] | None = tuple(LAST)

    def build(self, a: Sequence[SSAValue]) -> list[Operation]:
        attributes = (None, self.strides, self.pads, self.dilations, self.group)
        plain = graph.ConvOp(a[0], a[1], *attributes)
        return [graph.ConvOp(a[0], a[1], *attributes, with_order(plain.result, LAST))]

    @property
    def runs(self) -> bool:
        kernel = make_kernel([tensor(f32, (1, 16, 9, 9), self.order), tensor(f32, self.weight)], self.build)
        problem = analyse_axes(list(kernel.body.block.ops)[:-1])
        return problem is not None and is_winograd(problem, V4)


REFUSED = {
    "stride 3": Conv(strides=(3, 3)),
    "uneven strides": Conv(strides=(1, 2)),
    "dilation": Conv(dilations=(2, 2)),
    "5x3": Conv(weight=(16, 16, 5, 3)),
    "wide padding": Conv(pads=(3, 0, 0, 0)),
    "groups": Conv(weight=(16, 8, 3, 3), group=2),
    "row-major": Conv(order=None),
}


def test_what_it_runs() -> None:
    assert Conv().runs and Conv(strides=(2, 2)).runs


def test_small_tiles_have_stride_1() -> None:
    kernel = conv_kernel((1, 16, 9, 9), 16, stride=2)
    RULE.pack(kernel, schedule_for(4, V4))
    with pytest.raises(CompileError, match="cannot have tiles of 2 outputs"):
        RULE.lower(kernel, schedule_for(2, V4), V4)


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_cannot_run(name: str) -> None:
    assert not REFUSED[name].runs


@pytest.mark.parametrize("wrong", [{"tile": 3}, {"tiles": 7}, {"nr": 24}])
def test_schedules_that_do_not_fit(wrong: dict[str, int]) -> None:
    kernel = conv_kernel((1, 16, 9, 9), 32)
    RULE.pack(kernel, schedule_for(4, V4))
    with pytest.raises(CompileError):
        RULE.lower(kernel, schedule_for(4, V4, **wrong), V4)
