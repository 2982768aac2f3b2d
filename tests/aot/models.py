"""Small models of different kinds for the tests of ahead-of-time code, each with inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx_models import Typed, make_model

Array = NDArray[Any]
Case = tuple[onnx.ModelProto, dict[str, Array]]
node = helper.make_node
_rng = np.random.default_rng(7)


def _normal(*shape: int) -> Array:
    return _rng.standard_normal(shape).astype(np.float32)


def conv_net() -> Case:
    """Convolutions, pooling, a dense layer and softmax."""
    nodes = [
        node("Conv", ["image", "w0"], ["a"], name="conv0", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["b"], name="relu0"),
        node("MaxPool", ["b"], ["c"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["c", "w1"], ["d"], name="conv1", pads=[1, 1, 1, 1]),
        node("Relu", ["d"], ["e"], name="relu1"),
        node("GlobalAveragePool", ["e"], ["f"], name="mean"),
        node("Flatten", ["f"], ["g"], name="flatten"),
        node("Gemm", ["g", "w2"], ["h"], name="dense"),
        node("Softmax", ["h"], ["y"], name="softmax"),
    ]
    constants = {"w0": _normal(16, 3, 3, 3), "w1": _normal(32, 16, 3, 3), "w2": _normal(32, 10)}
    return make_model(nodes, {"image": [1, 3, 20, 20]}, constants=constants), {"image": _normal(1, 3, 20, 20)}


def several_ports() -> Case:
    """Three inputs of other dtypes, one of them called as a word of C, and three outputs; one is an input as it is."""
    nodes = [
        node("Add", ["int", "b.1"], ["sum"], name="add"),
        node("Cast", ["sum"], ["wide"], to=TensorProto.DOUBLE, name="cast"),
        node("Identity", ["flags"], ["same"], name="identity"),
        node("Where", ["flags", "int", "b.1"], ["chosen"], name="where"),
    ]
    inputs = {"int": Typed([4, 5], np.int32), "b.1": Typed([5], np.int32), "flags": Typed([4, 5], np.bool_)}
    feeds = {
        "int": _rng.integers(-9, 9, (4, 5)).astype(np.int32),
        "b.1": _rng.integers(-9, 9, 5).astype(np.int32),
        "flags": _rng.integers(0, 2, (4, 5)).astype(np.bool_),
    }
    return make_model(nodes, inputs, ["wide", "same", "chosen"]), feeds


def integers() -> Case:
    """A quantized product."""
    nodes = [node("MatMulInteger", ["x", "w", "z"], ["y"], name="product")]
    constants = {"w": _rng.integers(-128, 128, (48, 20)).astype(np.int8), "z": np.uint8(3)}
    feeds = {"x": _rng.integers(0, 256, (7, 48)).astype(np.uint8)}
    return make_model(nodes, {"x": Typed([7, 48], np.uint8)}, constants=constants), feeds


def halves() -> Case:
    """Half precision, which C has no type for."""
    nodes = [node("MatMul", ["x", "w"], ["t"], name="product"), node("Tanh", ["t"], ["y"], name="tanh")]
    x, w = _normal(6, 16).astype(np.float16), _normal(16, 9).astype(np.float16)
    return make_model(nodes, {"x": Typed([6, 16], np.float16)}, constants={"w": w}), {"x": x}


def scalar_output() -> Case:
    """A number from a vector."""
    nodes = [node("ReduceSum", ["x"], ["y"], keepdims=0, name="sum")]
    return make_model(nodes, {"x": [1000]}), {"x": _normal(1000)}


def loop() -> Case:
    """A loop of five iterations that carries a matrix and stacks a row of each, with a branch inside."""
    value, row = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("next", [4, 4]), ("row", [4])))
    carried = helper.make_tensor_value_info("carried", TensorProto.FLOAT, [4, 4])
    count = helper.make_tensor_value_info("count", TensorProto.INT64, [])
    going, goes_on = (helper.make_tensor_value_info(n, TensorProto.BOOL, []) for n in ("going", "goes_on"))
    branches = [
        helper.make_graph(
            [node(op, ["product"], [f"{op}_out"], name=f"branch_{op}")],
            op,
            [],
            [helper.make_tensor_value_info(f"{op}_out", TensorProto.FLOAT, [4, 4])],
        )
        for op in ("Tanh", "Neg")
    ]
    body = helper.make_graph(
        [
            node("MatMul", ["carried", "w"], ["product"], name="product"),
            node("ReduceSum", ["product"], ["total"], keepdims=0, name="total"),
            node("Greater", ["total", "zero"], ["positive"], name="positive"),
            node("If", ["positive"], ["next"], then_branch=branches[0], else_branch=branches[1], name="branch"),
            node("ReduceMax", ["next", "axis"], ["row"], keepdims=0, name="row"),
            node("Identity", ["going"], ["goes_on"], name="goes_on"),
        ],
        "body",
        [count, going, carried],
        [goes_on, value, row],
    )
    nodes = [node("Loop", ["trips", "", "x"], ["last", "rows"], body=body, name="loop")]
    constants = {"trips": np.int64(5), "w": _normal(4, 4), "zero": np.float32(0), "axis": np.array([0])}
    return make_model(nodes, {"x": [4, 4]}, ["last", "rows"], constants), {"x": _normal(4, 4)}


def gather() -> Case:
    """An index that may be wrong."""
    nodes = [node("Gather", ["data", "index"], ["y"], name="look_up")]
    return make_model(nodes, {"index": Typed([3], np.int64)}, constants={"data": _normal(8, 2)}), {"index": np.array([7, 0, 2])}


def dynamic() -> Case:
    """relu(x @ w + b) with a batch that only the caller knows."""
    nodes = [node("Gemm", ["x", "w", "b"], ["t"], name="gemm"), node("Relu", ["t"], ["y"], name="relu")]
    return make_model(nodes, {"x": ["batch", 24]}, constants={"w": _normal(24, 10), "b": _normal(10)}), {"x": _normal(5, 24)}


def selection() -> Case:
    """Positions of what is positive, and the values there, sorted: their number depends on data."""
    nodes = [
        node("Greater", ["x", "zero"], ["positive"], name="positive"),
        node("NonZero", ["positive"], ["at"], name="positions"),
        node("Compress", ["flat", "flags"], ["kept"], name="kept"),
        node("Reshape", ["x", "minus"], ["flat"], name="flatten"),
        node("Reshape", ["positive", "minus"], ["flags"], name="flags"),
        node("Shape", ["kept"], ["count"], name="count"),
        node("TopK", ["kept", "count"], ["sorted", ""], name="sort"),
        node("Exp", ["x"], ["y"], name="exp"),
    ]
    nodes = [nodes[i] for i in (0, 1, 3, 4, 2, 5, 6, 7)]
    constants = {"zero": np.float32(0), "minus": np.array([-1])}
    return make_model(nodes, {"x": [6, 50]}, ["at", "sorted", "y"], constants), {"x": _normal(6, 50)}


def stacking_loop(size: int | str = 3) -> Case:
    """A loop that runs as often as an input says, and stacks what it carries."""
    row, value = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [size]) for n in ("row", "next"))
    carried = helper.make_tensor_value_info("carried", TensorProto.FLOAT, [size])
    count = helper.make_tensor_value_info("count", TensorProto.INT64, [])
    going, goes_on = (helper.make_tensor_value_info(n, TensorProto.BOOL, []) for n in ("going", "goes_on"))
    steps = [
        node("Add", ["carried", "one"], ["next"], name="step"),
        node("Identity", ["next"], ["row"], name="row"),
        node("Identity", ["going"], ["goes_on"], name="goes_on"),
    ]
    body = helper.make_graph(steps, "body", [count, going, carried], [goes_on, value, row])
    nodes = [node("Loop", ["trips", "", "x"], ["last", "rows"], body=body, name="loop")]
    inputs = {"trips": Typed([], np.int64), "x": [size]}
    return make_model(nodes, inputs, ["last", "rows"], {"one": np.float32(1)}), {"trips": np.array(4), "x": _normal(3)}


STATIC: dict[str, Callable[[], Case]] = {
    case.__name__: case for case in (conv_net, several_ports, integers, halves, scalar_output, loop, gather)
}
