"""Scatters as a copy and ordered writes, against the reference interpreter, on guarded buffers and for every target."""
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.errors import RunError
from tilewright.lowering.rules.scatter import ScatterRule

from .kernel_runner import parse_kernel, run_kernel
from .kernels import Case, check_case, compile_case, targets

Array = NDArray[Any]
rng = np.random.default_rng(0)
REDUCTIONS = ("none", "add", "mul", "max", "min")


@targets
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int64", "bool"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_slices(reduction: str, dtype: str, target: TargetModel) -> None:
    if dtype == "bool" and reduction != "none":
        pytest.skip("booleans are not combined")
    for shape, depth in (((7, 5, 37), 1), ((7, 5, 37), 2), ((6,), 1), ((3, 4500), 1)):
        x, updates = (rng.integers(0, 4, s).astype(dtype) for s in (shape, (9, *shape[depth:])))
        indices = np.stack([rng.integers(0, n, 9) for n in shape[:depth]], -1)
        case = Case(lambda x, i, u: graph.ScatterNdOp(x, i, u, reduction).result, [x, indices, updates], rule="scatter")
        check_case(case, target)


@targets
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_elements(axis: int, reduction: str, target: TargetModel) -> None:
    shape = [4, 3, 20]
    count = [9 if k == axis else max(n - 1, 1) for k, n in enumerate(shape)]
    indices = rng.integers(-shape[axis], shape[axis], count).astype(np.int32)
    inputs: list[Array] = [rng.standard_normal(s).astype(np.float32) for s in (shape, count)]
    inputs.insert(1, indices)
    case = Case(lambda x, i, u: graph.ScatterElementsOp(x, i, u, axis, reduction).result, inputs, rule="scatter")
    check_case(case, target)


INLINE = """func.func @k(%x: tensor<4x3xsi64>) -> tensor<4x3xsi64> {
  %i = graph.constant dense<[[3, 1], [0, -1], [3, 1]]> : tensor<3x2xsi64>
  %u = graph.constant dense<7> : tensor<3xsi64>
  %0 = graph.scatter_nd %x, %i, %u {reduction = "add"} : (tensor<4x3xsi64>, tensor<3x2xsi64>, tensor<3xsi64>) -> tensor<4x3xsi64>
  func.return %0 : tensor<4x3xsi64>
}"""


def test_inline_constants_lie_in_scratch_memory() -> None:
    x = np.arange(12).reshape(4, 3)
    expected = x.copy()
    np.add.at(expected, ([3, 0, 3], [1, -1, 1]), 7)
    np.testing.assert_array_equal(run_kernel(parse_kernel(INLINE), ScatterRule(), [x]), expected)


@targets
def test_nothing_to_write_or_to_write_to(target: TargetModel) -> None:
    for shape in ((4, 3), (4, 0)):
        x, updates = np.ones(shape, np.float32), np.ones((0, *shape[1:]), np.float32)
        check_case(Case(lambda x, i, u: graph.ScatterNdOp(x, i, u).result, [x, np.zeros((0, 1), np.int64), updates]), target)


@targets
@pytest.mark.parametrize("index", [4, -5, 2**40])
def test_bad_index(index: int, target: TargetModel) -> None:
    x, i, u = np.ones((4, 3), np.float32), np.array([[1], [index]]), np.ones((2, 3), np.float32)
    for case in (
        Case(lambda x, i, u: graph.ScatterNdOp(x, i, u).result, [x, i, u]),
        Case(lambda x, i, u: graph.ScatterElementsOp(x, i, u).result, [x, i, u[:, :1]]),
    ):
        with pytest.raises(RunError):
            compile_case(case, target).run()
