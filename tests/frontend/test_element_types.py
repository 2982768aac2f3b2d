"""Ops on every element type that ONNX allows for them, compiled and run, against the reference of the onnx package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_models import Typed, make_model

import tilewright
from tilewright.dialects.graph.dtypes import ELEMENT_TYPES
from tilewright.errors import UnsupportedOpError
from tilewright.frontend.schemas import find_schema

Array = NDArray[Any]
OPSET = 25
SHAPE = (2, 3, 4)
NAMES = {f"tensor({name})": dtype for dtype in ELEMENT_TYPES for name in [helper.tensor_dtype_to_string(
    helper.np_dtype_to_tensor_dtype(dtype)).removeprefix("TensorProto.").lower()]}  # fmt: skip


def values(dtype: np.dtype[Any], *shape: int) -> Array:
    """Small numbers of either sign, all of them exact in every type that has them."""
    drawn = np.random.default_rng(len(shape)).integers(-2, 3, shape)
    if dtype.name.startswith(("u", "b")) and dtype.name != "bfloat16":
        drawn = abs(drawn)
    if "int2" in dtype.name or dtype.name == "float8_e8m0fnu":
        drawn = drawn % 2 + (dtype.name == "float8_e8m0fnu")
    return drawn.astype(np.float32).astype(dtype)


Operands = Callable[[np.dtype[Any]], list[Array]]
Case = tuple[Operands, list[Any], dict[str, Any]]
ONE: Operands = lambda t: [values(t, *SHAPE)]  # noqa: E731  # a row of the tables below
TWO: Operands = lambda t: [values(t, *SHAPE), values(t, 3, 4)]  # noqa: E731
CASES: dict[str, Case] = {
    **{op: (ONE, [], {}) for op in ("Abs", "Neg", "Sign", "Relu", "Not", "BitwiseNot", "IsNaN", "IsInf", "Identity")},
    **{op: (ONE, [], {}) for op in ("Floor", "Round", "Sigmoid", "Softmax", "Flatten", "Hardmax")},
    **{op: (TWO, [], {}) for op in ("Add", "Sub", "Mul", "Max", "Min", "Equal", "Less", "GreaterOrEqual", "And", "Xor")},
    **{op: (TWO, [], {}) for op in ("BitwiseAnd", "BitwiseOr", "Sum", "PRelu")},
    **{f"Reduce{kind}": (ONE, [np.array([1])], {}) for kind in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2")},
    **{op: (ONE, [], {"axis": 1}) for op in ("ArgMax", "ArgMin")},
    "CumSum": (ONE, [np.array(1)], {}),
    "Transpose": (ONE, [], {"perm": [2, 0, 1]}),
    "Reshape": (ONE, [np.array([6, 4])], {}),
    "Expand": (lambda t: [values(t, 3, 1)], [np.array([2, 3, 4])], {}),
    "Tile": (ONE, [np.array([1, 2, 1])], {}),
    "Pad": (ONE, [np.array([0, 1, 0, 1, 0, 2])], {"mode": "edge"}),
    "Slice": (ONE, [np.array([1]), np.array([3]), np.array([2])], {}),
    "Concat": (lambda t: [values(t, 2, 3), values(t, 2, 5)], [], {"axis": 1}),
    "Gather": (ONE, [np.array([2, 0, -1])], {"axis": 1}),
    "GatherElements": (ONE, [np.zeros(SHAPE, np.int64)], {"axis": 1}),
    "ScatterND": (lambda t: [values(t, *SHAPE)], [np.array([[0, 1]])], {}),
    "Trilu": (lambda t: [values(t, 4, 5)], [], {}),
    "MatMul": (lambda t: [values(t, 3, 4), values(t, 4, 5)], [], {}),
    "Einsum": (lambda t: [values(t, 3, 4), values(t, 4, 5)], [], {"equation": "ij,jk->ik"}),
}
"""By op: its operands of the type, constants, attributes."""


def rows() -> list[tuple[str, np.dtype[Any]]]:
    found: list[tuple[str, np.dtype[Any]]] = []
    for op in CASES:
        schema: Any = find_schema("", op, OPSET)
        found += [(op, NAMES[t]) for t in sorted(schema.inputs[0].types) if t in NAMES]
    return found


@pytest.mark.parametrize(("op", "dtype"), rows(), ids=lambda x: getattr(x, "name", x))
def test_op_on_type(op: str, dtype: np.dtype[Any]) -> None:
    operands, constants, attributes = CASES[op]
    inputs = {f"x{i}": x for i, x in enumerate(operands(dtype))}
    given = {f"c{i}": c for i, c in enumerate(constants)}
    if op == "ScatterND":
        inputs["u"] = values(dtype, 1, 4)
    names = [*list(inputs)[:1], *given, *list(inputs)[1:]]
    node = helper.make_node(op, names, ["y"], **attributes)
    model = make_model(
        [node], {n: Typed(x.shape, x.dtype) for n, x in inputs.items()}, constants=given, opset=OPSET, ir_version=11
    )
    (found,) = tilewright.compile(model).run(inputs).values()
    evaluator: Any = ReferenceEvaluator(model)
    (expected,) = evaluator.run(None, inputs)
    assert found.dtype == expected.dtype and found.shape == np.shape(expected)
    tolerance = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-6, "float64": 1e-6}.get(dtype.name, 0)
    np.testing.assert_allclose(found.astype(np.float64), np.asarray(expected).astype(np.float64), tolerance, tolerance)


def test_every_type_is_met() -> None:
    met = {dtype for _, dtype in rows()}
    assert met == set(ELEMENT_TYPES) and np.dtype(ml_dtypes.int4) in met


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_numbers_are_refused_by_name(dtype: Any):
    """As an input and as a constant."""
    node = helper.make_node("Identity", ["x"], ["y"], name="at")
    with pytest.raises(UnsupportedOpError, match=r"(?i)its element type is complex\d+, at 'x'"):
        tilewright.compile(make_model([node], {"x": Typed([4], dtype)}))
    with pytest.raises(UnsupportedOpError, match=r"(?i)its element type is complex\d+, at 'x'"):
        tilewright.compile(make_model([node], {}, constants={"x": np.ones(4, dtype)}))
