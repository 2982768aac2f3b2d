"""The reference interpreter against onnxruntime, for the ops whose definition takes more than a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper
from reference import EVALUATORS, evaluate
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region

from tilewright.dialects import graph
from tilewright.dialects.graph.control import CONTROL_OPS
from tilewright.dialects.graph.dtypes import element_type
from tilewright.dialects.graph.host import HOST_OPS
from tilewright.dialects.graph.types import tensor

Array = NDArray[Any]


@dataclass
class Case:
    """An op with its keyword arguments, what it is applied to, and the ONNX node that does the same."""

    op: type[Operation]
    arrays: list[Array]
    node: str
    keywords: dict[str, Any] = field(default_factory=dict[str, Any])
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    parameters: list[Array | None] = field(default_factory=list[Array | None])
    opset: int = 19


def module_of(case: Case) -> ModuleOp:
    """A function that applies the op to its arguments."""
    types = [tensor(element_type(a.dtype), a.shape) for a in case.arrays]
    block = Block(arg_types=types)
    op = case.op(*block.args, **case.keywords)
    block.add_ops([op, ReturnOp(*op.results)])
    module = ModuleOp([FuncOp("main", (types, [r.type for r in op.results]), Region(block))])
    module.verify()
    return module


def run_onnx(case: Case, outputs: int) -> list[Array]:
    arrays = {f"x{i}": a for i, a in enumerate([*case.arrays, *case.parameters]) if a is not None}
    names = [f"x{i}" if f"x{i}" in arrays else "" for i in range(len(case.arrays) + len(case.parameters))]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(case.node, names, results, **case.attributes)
    inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in arrays.items()]
    body = helper.make_graph([node], "g", inputs, [helper.make_empty_tensor_value_info(r) for r in results])
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", case.opset)], ir_version=9)
    session = onnxruntime.InferenceSession(onnx.shape_inference.infer_shapes(model).SerializeToString())
    return session.run(None, arrays)


def rand(*shape: int) -> Array:
    return np.random.default_rng(len(shape) * 100 + sum(shape)).standard_normal(shape).astype(np.float32)


def index(high: int, *shape: int) -> Array:
    return np.random.default_rng(high).integers(-high, high, shape)


WINDOW = {"strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [1, 2], "group": 2}
UPWARDS = {"strides": [2, 3], "pads": [1, 0, 0, 1], "dilations": [2, 1], "group": 2, "output_padding": [1, 0]}
POOL = {"strides": [2, 2], "pads": [1, 0, 1, 1]}
LRN = {"size": 3, "alpha": 0.1, "beta": 0.5, "bias": 2.0}
ADDED = {"axis": 1, "reduction": "add"}
SELU = {"alpha": 1.5, "gamma": 1.25}
X = rand(1, 2, 8, 9)


def resize(mode: str, keywords: dict[str, Any], attributes: dict[str, Any]) -> Case:
    sizes = [None, None, np.array([1, 2, 5, 9])]
    keywords = {"mode": mode, "result_type": tensor(f32, [1, 2, 5, 9]), **keywords}
    return Case(graph.ResizeOp, [rand(1, 2, 3, 4)], "Resize", keywords, {"mode": mode, **attributes}, sizes)


def pool(kind: str, node: str, keywords: dict[str, Any], attributes: dict[str, Any]) -> Case:
    keywords = {"kind": kind, "kernel": [3, 2], **POOL, **keywords}
    return Case(graph.PoolOp, [X], node, keywords, {"kernel_shape": [3, 2], **POOL, **attributes})


CASES: dict[str, Case] = {
    "conv": Case(graph.ConvOp, [rand(2, 4, 9, 8), rand(6, 2, 3, 2), rand(6)], "Conv", WINDOW, WINDOW),
    "conv_transpose": Case(
        graph.ConvTransposeOp, [rand(2, 4, 5, 4), rand(4, 3, 3, 2), rand(6)], "ConvTranspose", UPWARDS, UPWARDS
    ),
    "max_pool": pool("max", "MaxPool", {"dilations": [1, 2], "ceil_mode": True}, {"dilations": [1, 2], "ceil_mode": 1}),
    "average_pool": pool("average", "AveragePool", {}, {}),
    "padded_average_pool": pool("average", "AveragePool", {"count_include_pad": True}, {"count_include_pad": 1}),
    "lp_pool": pool("lp", "LpPool", {"p": 3}, {"p": 3}),
    "lrn": Case(graph.LrnOp, [rand(1, 7, 3, 3)], "LRN", LRN, LRN),
    "layer_norm": Case(
        graph.LayerNormOp, [rand(2, 3, 4), rand(3, 4), rand(3, 4)], "LayerNormalization", {"axis": 1}, {"axis": 1}
    ),
    "instance_norm": Case(graph.InstanceNormOp, [rand(2, 3, 4), rand(3), rand(3)], "InstanceNormalization"),
    "gather_nd": Case(graph.GatherNdOp, [rand(2, 3, 4, 2), index(3, 2, 5, 2)], "GatherND", {"batch_dims": 1}, {"batch_dims": 1}),
    "gather_elements": Case(graph.GatherElementsOp, [rand(3, 4), index(4, 3, 2)], "GatherElements", {"axis": 1}, {"axis": 1}),
    "scatter_elements": Case(
        graph.ScatterElementsOp,
        [rand(3, 4), index(4, 3, 2), rand(3, 2)],
        "ScatterElements",
        ADDED,
        ADDED,
    ),
    "scatter_nd": Case(graph.ScatterNdOp, [rand(5, 4), np.array([[1], [4]]), rand(2, 4)], "ScatterND"),
    "cumsum": Case(
        graph.CumsumOp,
        [rand(3, 4)],
        "CumSum",
        {"axis": 1, "exclusive": True, "reverse": True},
        {"exclusive": 1, "reverse": 1},
        [np.array(1)],
    ),
    "top_k": Case(
        graph.TopKOp,
        [np.array([[3, 1], [1, 1], [2, 0], [1, 1]], np.float32)],
        "TopK",
        {"k": 2, "axis": 0, "largest": False},
        {"axis": 0, "largest": 0},
        [np.array([2])],
    ),
    "arg_max_last": Case(
        graph.ArgReduceOp,
        [np.array([[1, 3, 3], [2, 2, 0]], np.float32)],
        "ArgMax",
        {"kind": "max", "axis": 1, "keepdims": False, "select_last_index": True},
        {"axis": 1, "keepdims": 0, "select_last_index": 1},
    ),
    "trilu": Case(graph.TriluOp, [rand(3, 4)], "Trilu", {"upper": False, "k": 1}, {"upper": 0}, [np.array(1)]),
    "log_sum_exp": Case(
        graph.ReduceOp,
        [rand(2, 3)],
        "ReduceLogSumExp",
        {"kind": "log_sum_exp", "axes": [1], "keepdims": False},
        {"keepdims": 0},
        [np.array([1])],
    ),
    "resize_nearest": resize(
        "nearest",
        {"coordinate": "asymmetric", "nearest": "floor"},
        {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    ),
    "resize_linear": resize("linear", {}, {}),
    "resize_corners": resize("linear", {"coordinate": "align_corners"}, {"coordinate_transformation_mode": "align_corners"}),
    "resize_cubic": resize("cubic", {"cubic_a": -0.5}, {"cubic_coeff_a": -0.5}),
    "gelu": Case(graph.GeluOp, [rand(20)], "Gelu", {"approximate": "tanh"}, {"approximate": "tanh"}, opset=20),
    "selu": Case(graph.SeluOp, [rand(20)], "Selu", SELU, SELU),
    "mod": Case(graph.ModOp, [index(9, 20), index(5, 20) | 1], "Mod"),
    "integer_div": Case(graph.DivOp, [index(90, 20), index(5, 20) | 1], "Div"),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_onnxruntime(name: str) -> None:
    case = CASES[name]
    found = evaluate(module_of(case), case.arrays)
    for a, b in zip(found, run_onnx(case, len(found)), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_every_op_of_the_dialect_has_an_evaluator() -> None:
    missing = {op.name for op in graph.Graph.operations} - {kind.name for kind in EVALUATORS}
    assert missing == {op.name for op in (*CONTROL_OPS, *HOST_OPS, graph.CustomOp)}


def test_symbols_bind_to_the_sizes_of_inputs() -> None:
    source = tensor(f32, ["batch", 4])
    block = Block(arg_types=[source])
    flat = graph.ReshapeOp(block.args[0], tensor(f32, ["4*batch"]))
    block.add_ops([flat, ReturnOp(flat)])
    module = ModuleOp([FuncOp("main", ([source], [flat.result.type]), Region(block))])
    x = rand(3, 4)
    np.testing.assert_array_equal(evaluate(module, [x])[0], x.reshape(12))
