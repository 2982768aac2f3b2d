"""If, Loop and Scan as native code, beside onnxruntime: dims that change, conditions, nesting, stacked values, guard mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

import tilewright
from tilewright.errors import RunError

Array = NDArray[Any]
X = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
FLOAT, INT64, BOOL = (helper.np_dtype_to_tensor_dtype(np.dtype(t)) for t in (np.float32, np.int64, np.bool_))
Spec = tuple[str, int, Sequence[int | str] | None]


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, ["" if i == "-" else i for i in inputs.split()], outputs.split(), **attributes)


def values(*specs: Spec) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(*spec) for spec in specs]


def graph(
    nodes: Sequence[onnx.NodeProto], inputs: Sequence[Spec], outputs: Sequence[Spec], **constants: Array
) -> onnx.GraphProto:
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    return helper.make_graph(nodes, "g", values(*inputs), values(*outputs), tensors)


def check(model_graph: onnx.GraphProto, *all_feeds: Mapping[str, Array]) -> None:
    """One compile serves all feeds, twice each and in guard mode."""
    model = helper.make_model(model_graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = tilewright.compile(model)
    peer = onnxruntime.InferenceSession(model.SerializeToString())
    for feeds in all_feeds:
        wanted = peer.run(None, dict(feeds))
        for run_in in (session, session, session.with_guard()):
            for found, expected in zip(run_in.run(feeds).values(), wanted, strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
                assert found.dtype == expected.dtype


def test_branches_of_different_dims():
    then = graph([node("Relu", "x", "t")], [], [("t", FLOAT, None)])
    other = graph([node("Neg", "x", "n"), node("Concat", "n x", "e", axis=0)], [], [("e", FLOAT, None)])
    nodes = [node("If", "c", "y", then_branch=then, else_branch=other), node("Add", "y one", "z")]
    inputs: list[Spec] = [("x", FLOAT, ["n", 4]), ("c", BOOL, [])]
    main = graph(nodes, inputs, [("z", FLOAT, None)], one=np.ones((), np.float32))
    check(main, *({"x": x, "c": np.array(c)} for c in (True, False, True) for x in (X, X[:1])))


def loop_body(*nodes: onnx.NodeProto, carried: Sequence[str], outputs: Sequence[str]) -> onnx.GraphProto:
    inputs: list[Spec] = [("i", INT64, []), ("going", BOOL, []), *((name, FLOAT, None) for name in carried)]
    return graph(nodes, inputs, [(outputs[0], BOOL, []), *((name, FLOAT, None) for name in outputs[1:])])


def test_a_value_that_grows_and_values_that_are_stacked():
    nodes = [node("Concat", "a x", "b", axis=0), node("ReduceSum", "b", "s", keepdims=0), node("Identity", "going", "on")]
    body = loop_body(*nodes, carried=["a"], outputs=["on", "b", "s"])
    inputs: list[Spec] = [("x", FLOAT, [3, 4]), ("x0", FLOAT, [1, 4]), ("m", INT64, [])]
    main = graph([node("Loop", "m - x0", "last sums", body=body)], inputs, [("last", FLOAT, None), ("sums", FLOAT, None)])
    check(main, *({"x": X, "x0": X[:1], "m": np.array(m)} for m in (1, 3, 7, 2)))


def test_a_condition_ends_the_loop():
    nodes = [
        node("Cast", "i", "f", to=FLOAT),
        node("Add", "a f", "b"),
        node("ReduceMax", "b", "most", keepdims=0),
        node("Less", "most limit", "on"),
        node("Exp", "b", "e"),
    ]
    body = loop_body(*nodes, carried=["a"], outputs=["on", "b", "e"])
    inputs: list[Spec] = [("x", FLOAT, [3, 4]), ("c", BOOL, []), ("limit", FLOAT, [])]
    main = graph([node("Loop", "- c x", "last all", body=body)], inputs, [("last", FLOAT, None), ("all", FLOAT, None)])
    check(main, *({"x": X, "c": np.array(True), "limit": np.array(v, np.float32)} for v in (5, 20, -9)))


def test_carried_values_change_places():
    nodes = [node("Identity", "going", "on"), node("Add", "a b", "c"), node("Identity", "a", "d")]
    body = loop_body(*nodes, carried=["a", "b"], outputs=["on", "c", "d"])
    inputs: list[Spec] = [("x", FLOAT, [3, 4]), ("y", FLOAT, [3, 4]), ("m", INT64, [])]
    main = graph([node("Loop", "m - x y", "p q", body=body)], inputs, [("p", FLOAT, None), ("q", FLOAT, None)])
    check(main, *({"x": X, "y": 2 * X, "m": np.array(m)} for m in (0, 1, 5, -2)))


def test_nested_loops_and_branches():
    small = graph([node("Neg", "v", "t")], [], [("t", FLOAT, None)])
    large = graph([node("Add", "v x", "e")], [], [("e", FLOAT, None)])
    inner_nodes = [
        node("ReduceSum", "v", "total", keepdims=0),
        node("Greater", "total limit", "is_large"),
        node("If", "is_large", "w", then_branch=small, else_branch=large),
        node("Identity", "going", "on"),
    ]
    inner = loop_body(*inner_nodes, carried=["v"], outputs=["on", "w"])
    outer_nodes = [node("Loop", "m - a", "b", body=inner), node("Identity", "going", "go"), node("Relu", "b", "r")]
    outer = loop_body(*outer_nodes, carried=["a"], outputs=["go", "b", "r"])
    outer.input[1].name = outer.node[1].input[0] = "going_on"
    outer.input[0].name = "k"
    inputs: list[Spec] = [("x", FLOAT, [3, 4]), ("m", INT64, []), ("limit", FLOAT, [])]
    main = graph([node("Loop", "m - x", "last all", body=outer)], inputs, [("last", FLOAT, None), ("all", FLOAT, None)])
    check(main, *({"x": X, "m": np.array(m), "limit": np.array(3, np.float32)} for m in (1, 4)))


@pytest.mark.parametrize(("direction", "axis"), [(0, 0), (1, 0), (1, 1)])
def test_scan(direction: int, axis: int):
    nodes = [node("Add", "s x", "t"), node("Mul", "t x", "o")]
    body = graph(nodes, [("s", FLOAT, [4]), ("x", FLOAT, [4])], [("t", FLOAT, [4]), ("o", FLOAT, [4])])
    turns: dict[str, Any] = {"scan_input_directions": [direction], "scan_output_directions": [1 - direction]}
    scan = node("Scan", "s0 xs", "last all", body=body, num_scan_inputs=1, scan_output_axes=[axis], **turns)
    main = graph([scan], [("s0", FLOAT, [4]), ("xs", FLOAT, ["n", 4])], [("last", FLOAT, None), ("all", FLOAT, None)])
    check(main, *({"s0": X[0], "xs": xs} for xs in (X, X[:1], np.tile(X, (5, 1)))))


def test_stacked_values_of_different_size_are_an_error():
    nodes = [node("Concat", "a x", "b", axis=0), node("Identity", "going", "on")]
    body = loop_body(*nodes, carried=["a"], outputs=["on", "b", "b"])
    inputs: list[Spec] = [("x", FLOAT, [3, 4]), ("m", INT64, [])]
    main = graph([node("Loop", "m - x", "last all", body=body)], inputs, [("last", FLOAT, None), ("all", FLOAT, None)])
    model = helper.make_model(main, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    with pytest.raises(RunError, match="differ in size from iteration to iteration"):
        tilewright.compile(model).run({"x": X, "m": np.array(3)})
