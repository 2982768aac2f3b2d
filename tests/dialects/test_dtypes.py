"""Element types and dense attributes against numpy."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from tilewright.dialects.graph import ConstantOp, Graph
from tilewright.dialects.graph.dtypes import ELEMENT_TYPES, dense_array, dense_attribute, element_type, numpy_dtype

EDGES: list[NDArray[Any]] = [
    np.array([np.inf, -np.inf, np.nan, -0.0, 1e-45, 0.1, 123456789.0], np.float32),
    np.array([np.inf, 1e-300, 0.1], np.float64),
    np.array([1.5, -2], ml_dtypes.bfloat16),
    np.array([-(2**63), 2**63 - 1]),
    np.array([255, 0], np.uint8),
    np.array([[True, False], [False, True]]),
    np.array(3.5, np.float16),
    np.empty((0, 2), np.int32),
    np.array([-8, 7, -1, 0], ml_dtypes.int4),
    np.array([3, 0, 2], ml_dtypes.uint2),
    np.array([-2, 1], ml_dtypes.int2),
    np.array([np.nan, 448, -0.0, 0.001953125], ml_dtypes.float8_e4m3fn),
    np.array([np.inf, -57344], ml_dtypes.float8_e5m2),
    np.array([np.nan, 240], ml_dtypes.float8_e4m3fnuz),
    np.array([np.nan, 2.0**-127], ml_dtypes.float8_e8m0fnu),
    np.array([-6, 0.5, -0.0], ml_dtypes.float4_e2m1fn),
]


def test_element_types_round_trip():
    for dtype in ELEMENT_TYPES:
        assert numpy_dtype(element_type(dtype)) == dtype
    with pytest.raises(TypeError, match="complex64"):
        element_type(np.complex64)


@pytest.mark.parametrize("array", EDGES, ids=lambda a: str(a.dtype))
def test_dense_round_trip(array: NDArray[Any]):
    attribute = dense_attribute(array)
    assert dense_array(attribute).dtype == array.dtype
    assert dense_array(attribute).shape == array.shape and dense_array(attribute).tobytes() == array.tobytes()
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(Graph)
    parsed = Parser(context, str(ModuleOp([ConstantOp(attribute)]))).parse_module()
    constant = next(op for op in parsed.walk() if isinstance(op, ConstantOp))
    assert constant.dense is not None
    assert dense_array(constant.dense).tobytes() == array.tobytes() and constant.dense == attribute
