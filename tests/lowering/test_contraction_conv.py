"""The contraction rule on convolutions, channels last, natively against the reference interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects import func
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.types import dims_of, tensor, with_order
from tilewright.dialects.kernel import ScheduleAttr
from tilewright.lowering.rules.contraction import ContractionRule

from .loops_text import LOCAL_TARGETS
from .rule_kernels import Prepared, assert_close, make_kernel, prepare, reference, run_rule

RULE = ContractionRule()
V4 = LOCAL_TARGETS[0]


@dataclass
class Case:
    """A convolution [N, C, spatial..] -> O channels with bias, residual and relu."""

    x: tuple[int, ...]
    outputs: int
    kernel: tuple[int, ...]
    strides: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    dilations: tuple[int, ...] | None = None
    group: int = 1
    channels_last: bool = True
    transposed: bool = False
    output_padding: tuple[int, ...] | None = None

    @property
    def types(self) -> list[Attribute]:
        order = [0, *range(2, len(self.x)), 1] if self.channels_last else None
        weight = tensor(f32, [self.outputs, self.x[1] // self.group, *self.kernel])
        if self.transposed:
            weight = tensor(f32, [self.x[1], self.outputs // self.group, *self.kernel])
        return [tensor(f32, self.x, order), weight, tensor(f32, [self.outputs])]

    def conv(self, x: SSAValue, w: SSAValue, bias: SSAValue) -> graph.ConvOp | graph.ConvTransposeOp:
        order = [0, *range(2, len(self.x)), 1]
        attributes = (self.strides, self.pads, self.dilations, self.group)
        if self.transposed:
            op = graph.ConvTransposeOp(x, w, bias, *attributes, self.output_padding)
            return graph.ConvTransposeOp(x, w, bias, *attributes, self.output_padding, with_order(op.result, order))
        op = graph.ConvOp(x, w, bias, *attributes)
        return graph.ConvOp(x, w, bias, *attributes, with_order(op.result, order))

    def build_kernel(self) -> func.FuncOp:
        """The convolution with its bias alone."""
        return make_kernel(self.types, lambda a: [self.conv(*a)])

    def run(self, target: TargetModel, slices: int = 1) -> None:
        def build(args: Sequence[SSAValue]) -> list[Operation]:
            conv = self.conv(*args[:3])
            added = graph.AddOp(conv, args[3])
            return [conv, added, graph.ReluOp(added)]

        types = [*self.types, self.build_kernel().function_type.outputs.data[0]]
        kernel = make_kernel(types, build)
        rng = np.random.default_rng(1)
        arrays = [rng.standard_normal([d.value for d in dims_of(t)]).astype(np.float32) for t in types]
        expected = reference(kernel, arrays)
        assert RULE.accepts(list(kernel.body.block.ops)[:-1], target)
        assert_close(run_rule(RULE, kernel, arrays, target, slices=slices).result, expected)


CASES = {
    "first layer": Case((1, 3, 11, 13), 8, (3, 3), pads=(1, 1, 1, 1)),
    "7x7 stride 2": Case((1, 3, 23, 21), 10, (7, 7), (2, 2), (3, 3, 3, 3)),
    "1x1": Case((2, 16, 7, 7), 24, (1, 1)),
    "1x1 stride 2": Case((2, 20, 9, 7), 24, (1, 1), (2, 2)),
    "3x3": Case((1, 64, 14, 15), 33, (3, 3), pads=(1, 1, 1, 1)),
    "uneven": Case((1, 24, 14, 15), 33, (3, 5), (2, 1), (0, 2, 1, 3)),
    "dilated": Case((1, 24, 14, 15), 33, (3, 3), pads=(2, 2, 2, 2), dilations=(2, 2)),
    "no padding": Case((2, 8, 9, 9), 17, (3, 2)),
    "groups": Case((2, 24, 9, 8), 32, (3, 3), pads=(1, 1, 1, 1), group=4),
    "1x1 groups": Case((1, 24, 9, 8), 36, (1, 1), group=3),
    "depth blocks of taps": Case((1, 400, 9, 9), 20, (3, 3), pads=(1, 1, 1, 1)),
    "depth blocks of channels": Case((1, 1400, 5, 6), 20, (3, 3), pads=(1, 1, 1, 1)),
    "taps in padding": Case((2, 24, 20, 20), 33, (3, 3), pads=(12, 12, 12, 12), dilations=(12, 12)),
    "taps in padding, depth blocks": Case((1, 2400, 6, 6), 17, (3, 3), pads=(4, 4, 4, 4), dilations=(4, 4)),
    "1-D": Case((2, 10, 31), 20, (5,), (2,), (2, 2)),
    "3-D": Case((1, 6, 5, 6, 7), 20, (3, 2, 3), (1, 2, 1), (1, 0, 1, 1, 1, 1)),
    "1-D rows": Case((1, 80, 40), 20, (1,)),
    "row-major input": Case((1, 3, 9, 10), 20, (3, 3), pads=(1, 1, 1, 1), channels_last=False),
    "row-major input, stride 2": Case((2, 3, 19, 20), 20, (7, 7), (2, 2), pads=(3, 3, 3, 3), channels_last=False),
    "row-major input, 1x1": Case((2, 5, 4, 5), 20, (1, 1), channels_last=False),
    "row-major input, dilated": Case((1, 5, 9, 8), 20, (3, 3), dilations=(2, 2), channels_last=False),
    "row-major input, groups": Case((1, 6, 9, 8), 20, (3, 3), group=2, channels_last=False),
    "row-major input, depth blocks": Case((1, 500, 7, 8), 20, (3, 3), pads=(1, 1, 1, 1), channels_last=False),
}


@pytest.fixture(scope="module", params=["3x3", "1x1", "stride 2"])
def dynamic_conv(request: pytest.FixtureRequest) -> Prepared:
    """A convolution for all batches and image sizes."""
    size, stride = {"3x3": (3, 1), "1x1": (1, 1), "stride 2": (3, 2)}[request.param]
    last = [0, 2, 3, 1]
    types = [tensor(f32, ["n", 20, "h", "w"], last), tensor(f32, [19, 20, size, size]), tensor(f32, [19])]

    def build(args: Sequence[SSAValue]) -> list[Operation]:
        x, w, bias = args
        strides, pads = [stride] * 2, [size // 2] * 4
        result = graph.ConvOp(x, w, bias, strides, pads).result
        return [graph.ConvOp(x, w, bias, strides, pads, result_type=with_order(result, last))]

    return prepare(RULE, make_kernel(types, build), V4, sizes=["n", "h", "w"])


@given(n=st.integers(1, 3), h=st.integers(1, 20), w=st.integers(1, 20), slices=st.integers(1, 3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_image_size(dynamic_conv: Prepared, n: int, h: int, w: int, slices: int) -> None:
    rng = np.random.default_rng(n * h + w)
    shapes = [(n, 20, h, w), *(tuple(d.value for d in dims_of(t)) for t in dynamic_conv.logical[1:])]
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    assert_close(dynamic_conv.run(arrays, {"n": n, "h": h, "w": w}, slices), dynamic_conv.reference(arrays))


SKIPPING = {
    "dilated": CASES["taps in padding"],
    "long runs": CASES["taps in padding, depth blocks"],
    "transposed": Case((2, 40, 5, 7), 20, (3, 3), (2, 2), (1, 1, 1, 1), output_padding=(1, 1), transposed=True),
}


@pytest.mark.parametrize("name", SKIPPING)
def test_taps_in_padding_are_skipped(name: str) -> None:
    """It is worth it for these, and changes no bit."""
    case = SKIPPING[name]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal([d.value for d in dims_of(t)]).astype(np.float32) for t in case.types]
    chosen = RULE.schedule(case.build_kernel(), V4)
    assert chosen is not None and chosen["skip"] == 1
    without = ScheduleAttr.of("contraction", **({k: chosen[k] for k in chosen.params.data} | {"skip": 0}))
    results = [run_rule(RULE, case.build_kernel(), arrays, V4, schedule=s, slices=2).result for s in (chosen, without)]
    np.testing.assert_array_equal(results[0], results[1])
    assert_close(results[0], reference(case.build_kernel(), arrays))


def test_ordinary_padding_is_not_worth_skipping() -> None:
    for size in (7, 14, 56):
        chosen = RULE.schedule(Case((1, 16, size, size), 16, (3, 3), pads=(1, 1, 1, 1)).build_kernel(), V4)
        assert chosen is not None and chosen["skip"] == 0


TRANSPOSED = {
    "2x2 stride 2": Case((2, 24, 5, 7), 20, (2, 2), (2, 2)),
    "2x2 stride 2, groups": Case((1, 24, 5, 7), 20, (2, 2), (2, 2), group=2),
    "1x1": Case((1, 24, 5, 7), 20, (1, 1)),
    "3x3 stride 2": Case((2, 8, 5, 7), 20, (3, 3), (2, 2), (1, 1, 1, 1), output_padding=(1, 1)),
    "4x3 stride 3x2": Case((1, 8, 5, 7), 20, (4, 3), (3, 2), (0, 1, 2, 0)),
    "dilated": Case((1, 8, 6, 5), 20, (3, 3), (2, 1), (1, 0, 1, 1), dilations=(2, 3)),
    "groups": Case((1, 12, 6, 5), 30, (3, 3), (2, 2), group=3),
    "1-D": Case((2, 8, 9), 20, (4,), (2,), (1, 1)),
}


@pytest.mark.parametrize("name", TRANSPOSED)
def test_conv_transpose(name: str) -> None:
    replace(TRANSPOSED[name], transposed=True).run(V4, slices=2)


@pytest.mark.parametrize("name", CASES)
def test_conv(name: str) -> None:
    CASES[name].run(V4, slices=2)


@pytest.mark.parametrize("target", LOCAL_TARGETS[1:], ids=lambda t: t.name)
@pytest.mark.parametrize("name", ["first layer", "1x1", "3x3", "uneven"])
def test_conv_on_narrower_targets(name: str, target: TargetModel) -> None:
    CASES[name].run(target)


@pytest.mark.parametrize("channels", [3, 64])
def test_images_of_many_channels_are_moved_first(channels: int) -> None:
    """Fusion leaves the move out of the kernel unless there are few channels."""

    def build(args: Sequence[SSAValue]) -> list[Operation]:
        moved = graph.RelayoutOp(args[0], [0, 2, 3, 1])
        attributes = ([1, 1], [1, 1, 1, 1], [1, 1], 1)
        order = with_order(graph.ConvOp(moved, args[1], None, *attributes).result, [0, 2, 3, 1])
        return [moved, graph.ConvOp(moved, args[1], None, *attributes, order)]

    kernel = make_kernel([tensor(f32, [1, channels, 8, 8]), tensor(f32, [32, channels, 3, 3])], build)
    moved, conv = list(kernel.body.block.ops)[:-1]
    assert RULE.accepts([conv], V4)
    assert RULE.accepts([moved, conv], V4) == (channels == 3)
