"""Pads of every mode, along outer and inner dims, in both memory orders, against the reference interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tests.lowering.kernel_runner import parse_kernel, run_kernel
from tests.reference.interpreter import evaluate
from tilewright.backends.targets import get_target, host_target, runs_here
from tilewright.lowering.kernel_attrs import body_ops
from tilewright.lowering.rules.pads import PadsRule
from tilewright.lowering.rules.scalar import ScalarRule
from tilewright.runtime.weights import WeightStore

Pads = tuple[tuple[int, ...], tuple[int, ...]]
SHAPE = (2, 3, 5, 70)
PADS: list[Pads] = [
    ((0, 0, 0, 2), (0, 0, 0, 3)),
    ((0, 0, 4, 0), (0, 0, 1, 0)),
    ((0, 1, 2, 37), (0, 2, 3, 1)),
    ((1, 0, 0, 0), (0, 0, 0, 0)),
    ((0, 0, -1, -3), (0, 0, 2, 5)),
    ((0, 0, 1, -8), (0, 0, 1, -9)),
]


def kernel(shape: tuple[int, ...], pads: Pads, mode: str, element: str = "f32", order: str = "", value: bool = False) -> str:
    low, high = pads
    out = [d + a + z for d, a, z in zip(shape, low, high, strict=True)]
    x, y = (f"tensor<{'x'.join(map(str, s))}x{element}{order}>" for s in (shape, out))
    properties = f'low = #graph.dims<{list(low)}>, high = #graph.dims<{list(high)}>, mode = "{mode}"'
    scalar, types = f"tensor<{element}>", f"({x}, tensor<{element}>)" if value else f"({x})"
    return f"""func.func @k(%x: {x}{f", %v: {scalar}" if value else ""}) -> {y} {{
      %0 = graph.pad %x{", %v" if value else ""} {{{properties}}} : {types} -> {y}
      func.return %0 : {y}
    }}"""


def check(text: str, inputs: list[np.ndarray[Any, Any]]) -> None:
    expected = evaluate(ModuleOp([parse_kernel(text)]), inputs, WeightStore(), "k")[0]
    np.testing.assert_array_equal(run_kernel(parse_kernel(text), PadsRule(), inputs), expected)


def check_beside_scalar_rule(text: str, inputs: list[np.ndarray[Any, Any]]) -> None:
    """For what numpy, and with it the reference interpreter, refuses or sees otherwise: the op's own definition decides."""
    expected = run_kernel(parse_kernel(text), ScalarRule(), inputs)
    np.testing.assert_array_equal(run_kernel(parse_kernel(text), PadsRule(), inputs), expected)


def ramp(shape: tuple[int, ...], dtype: str = "f4") -> np.ndarray[Any, Any]:
    return np.arange(1, int(np.prod(shape)) + 1).reshape(shape).astype(dtype)


@pytest.mark.parametrize("order", ["", ", #graph.tensor<order [0, 2, 3, 1]>"])
@pytest.mark.parametrize("pads", PADS)
def test_constant(pads: Pads, order: str) -> None:
    check(kernel(SHAPE, pads, "constant", order=order), [ramp(SHAPE)])
    check(kernel(SHAPE, pads, "constant", order=order, value=True), [ramp(SHAPE), np.array(-7.5, np.float32)])


@pytest.mark.parametrize("order", ["", ", #graph.tensor<order [0, 2, 3, 1]>"])
@pytest.mark.parametrize("mode", ["edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", [PADS[0], PADS[1], PADS[3], ((0, 0, 4, 30), (0, 0, 4, 40))])
def test_modes_that_repeat_x(pads: Pads, mode: str, order: str) -> None:
    check(kernel(SHAPE, pads, mode, order=order), [ramp(SHAPE)])


@pytest.mark.parametrize("mode", ["edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", PADS[4:])
def test_modes_that_repeat_x_and_crop(pads: Pads, mode: str) -> None:
    check_beside_scalar_rule(kernel(SHAPE, pads, mode), [ramp(SHAPE)])


@pytest.mark.parametrize(("element", "dtype"), [("si64", "i8"), ("i1", "?"), ("f16", "f2"), ("ui8", "u1"), ("f64", "f8")])
def test_elements_of_any_size(element: str, dtype: str) -> None:
    value = np.array(1, dtype)
    check(kernel(SHAPE, PADS[2], "constant", element, value=True), [ramp(SHAPE, dtype), value])
    check(kernel(SHAPE, PADS[0], "edge", element), [ramp(SHAPE, dtype)])


@pytest.mark.parametrize("name", [t for t in ("x86-64-v2", "x86-64-v3") if runs_here(get_target(t))])
def test_targets_that_mask_less(name: str) -> None:
    target, inputs = get_target(name), [ramp(SHAPE)]
    for mode in ("constant", "reflect"):
        text = kernel(SHAPE, PADS[0], mode)
        expected = evaluate(ModuleOp([parse_kernel(text)]), inputs, WeightStore(), "k")[0]
        np.testing.assert_array_equal(run_kernel(parse_kernel(text), PadsRule(), inputs, target), expected)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
def test_nothing_is_padded(mode: str) -> None:
    """There is nothing to repeat: zeros in every mode."""
    for pads in (((0, 2), (0, 1)), ((1, 0), (1, 0))):
        shape = (3, 0) if pads[0][1] else (0, 3)
        check_beside_scalar_rule(kernel(shape, pads, mode), [ramp(shape)])


def test_what_pads_nothing_is_left_to_other_rules() -> None:
    nothing = parse_kernel(kernel(SHAPE, ((0,) * 4, (0,) * 4), "constant"))
    assert not PadsRule().accepts(body_ops(nothing), host_target())
