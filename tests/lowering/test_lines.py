"""The lines rule: natively against the reference interpreter and, bit by bit, against the gathered algorithm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects import func
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.types import dims_of, tensor, with_order
from tilewright.dialects.kernel import ScheduleAttr
from tilewright.errors import CompileError
from tilewright.lowering.rules.contraction import ContractionRule
from tilewright.lowering.rules.lines import LinesRule

from .loops_text import LOCAL_TARGETS
from .rule_kernels import assert_close, make_kernel, reference, run_rule
from .upstream import MLIR_OPT, assert_upstream_accepts

RULE = LinesRule()
V4 = LOCAL_TARGETS[0]
LAST = [0, 2, 3, 1]
Conv = tuple[tuple[int | str, ...], tuple[int, ...], int, Sequence[int], Sequence[int], bool]
"""Image, weight, stride, pads, dilations, whether channels are last."""

CASES: dict[str, Conv] = {
    "first layer": ((1, 3, 29, 28), (32, 3, 3, 3), 2, (1, 1, 1, 1), (1, 1), False),
    "7x7": ((2, 3, 23, 30), (20, 3, 7, 7), 2, (3, 3, 3, 3), (1, 1), False),
    "uneven padding": ((1, 2, 9, 17), (40, 2, 3, 5), 1, (0, 3, 2, 1), (1, 1), False),
    "no padding": ((1, 3, 12, 13), (16, 3, 4, 4), 4, (0, 0, 0, 0), (1, 1), False),
    "one channel": ((2, 1, 11, 9), (17, 1, 5, 5), 1, (2, 2, 2, 2), (1, 1), False),
    "dilated along height": ((1, 3, 19, 14), (16, 3, 3, 3), 1, (3, 1, 3, 1), (3, 1), False),
    "channels last": ((1, 16, 21, 22), (32, 16, 3, 3), 2, (1, 1, 1, 1), (1, 1), True),
    "channels last, one tap of height": ((2, 5, 8, 30), (24, 5, 1, 4), 1, (0, 2, 0, 1), (1, 1), True),
}


def conv_kernel(case: Conv, activation: Callable[[SSAValue], Operation] | None = graph.ReluOp) -> func.FuncOp:
    """The convolution with a bias, and with a residual and an activation unless that is None."""
    x, weight, stride, pads, dilations, last = case
    types: list[Attribute] = [tensor(f32, x, LAST if last else None), tensor(f32, weight), tensor(f32, [weight[0]])]

    def conv(a: Sequence[SSAValue]) -> graph.ConvOp:
        plain = graph.ConvOp(a[0], a[1], a[2], [stride] * 2, pads, dilations)
        return graph.ConvOp(a[0], a[1], a[2], [stride] * 2, pads, dilations, result_type=with_order(plain.result, LAST))

    if activation is None:
        return make_kernel(types, lambda a: [conv(a)])
    residual = make_kernel(types, lambda a: [conv(a)]).function_type.outputs.data[0]

    def build(a: Sequence[SSAValue]) -> list[Operation]:
        convolved = conv(a)
        added = graph.AddOp(convolved, a[3])
        return [convolved, added, activation(added.result)]

    return make_kernel([*types, residual], build)


def arrays_of(kernel: func.FuncOp) -> list[NDArray[np.floating]]:
    rng = np.random.default_rng(1)
    return [rng.standard_normal([d.value for d in dims_of(a)]).astype(np.float32) for a in kernel.body.block.args]


def schedule_for(target: TargetModel, **others: int) -> ScheduleAttr:
    lanes = target.lanes(32)
    return ScheduleAttr.of("lines", **({"mr": 4, "nr": lanes, "lines": 3, "unroll": 3, "ahead": 0, "lanes": lanes} | others))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("activation", [graph.ReluOp, graph.SigmoidOp], ids=["cheap", "expensive"])
def test_cases(name: str, activation: Callable[[SSAValue], Operation]) -> None:
    kernel = conv_kernel(CASES[name], activation)
    arrays = arrays_of(kernel)
    expected = reference(kernel, arrays)
    assert_close(run_rule(RULE, kernel, arrays, V4, schedule=schedule_for(V4), slices=3).result, expected)


@pytest.mark.parametrize("target", LOCAL_TARGETS[1:], ids=lambda t: t.name)
@pytest.mark.parametrize("name", ["first layer", "channels last"])
def test_narrower_targets(name: str, target: TargetModel) -> None:
    kernel = conv_kernel(CASES[name])
    arrays = arrays_of(kernel)
    expected = reference(kernel, arrays)
    assert_close(run_rule(RULE, kernel, arrays, target, schedule=schedule_for(target, mr=3)).result, expected)


@pytest.mark.parametrize("name", CASES)
def test_sums_are_those_of_the_gathered_algorithm(name: str) -> None:
    arrays = arrays_of(conv_kernel(CASES[name], None))
    gathered = run_rule(ContractionRule(), conv_kernel(CASES[name], None), arrays, V4).result
    lines = run_rule(RULE, conv_kernel(CASES[name], None), arrays, V4, schedule=schedule_for(V4), slices=2).result
    np.testing.assert_array_equal(gathered, lines)


@pytest.mark.skipif(MLIR_OPT is None, reason="needs mlir-opt")
def test_upstream_accepts_the_loops() -> None:
    kernel = conv_kernel(CASES["first layer"])
    RULE.pack(kernel, schedule_for(V4))
    assert_upstream_accepts(RULE.lower(kernel, schedule_for(V4), V4))


# -- choice ----------------------------------------------------------------------------------------------------------------
def is_chosen(x: tuple[int | str, ...], weight: tuple[int, ...], stride: int = 2, last: bool = False) -> bool:
    pads = [weight[2] // 2] * 4
    return RULE.schedule(conv_kernel((x, weight, stride, pads, (1, 1), last), None), V4) is not None


def test_first_layers() -> None:
    assert is_chosen((1, 3, 224, 224), (64, 3, 7, 7))
    assert is_chosen(("n", 3, 224, 224), (16, 3, 3, 3))
    assert not is_chosen((1, 3, "h", "w"), (64, 3, 7, 7))


def test_filters_that_do_not_stay_in_l2() -> None:
    assert not is_chosen((1, 512, 14, 14), (512, 512, 3, 3), last=True)


def test_one_tap_is_no_window() -> None:
    assert not is_chosen((1, 64, 56, 56), (64, 64, 1, 1), 1, last=True)


@pytest.mark.parametrize("wrong", [{"nr": 24}, {"nr": 32}])
def test_schedules_that_do_not_fit(wrong: dict[str, int]) -> None:
    kernel = conv_kernel(CASES["first layer"])
    RULE.pack(kernel, schedule_for(V4))
    with pytest.raises(CompileError):
        RULE.lower(kernel, schedule_for(V4, **wrong), V4)
