"""Functions are inlined, branches of a known condition too, sequences taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, helper
from onnx_models import Typed, main_of, make_model, op_names, output_dims, run
from xdsl.dialects.func import ReturnOp

import tilewright
from tilewright.dialects.graph.location import location_of
from tilewright.errors import BadModelError, UnsupportedOpError

DOMAIN = "test.functions"
OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid(DOMAIN, 1)]
X = np.arange(6, dtype=np.float32).reshape(2, 3) - 2


def node(op: str, inputs: str, outputs: str, domain: str = "", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), outputs.split(), domain=domain, name=f"{op}_{outputs.split()[0]}", **attributes)


def reference(new: onnx.NodeProto, name: str, argument: str, kind: AttributeProto.AttributeType) -> onnx.NodeProto:
    """The node with an attribute that refers to one of the function."""
    new.attribute.add(name=name, ref_attr_name=argument, type=kind)
    return new


LEAKY = helper.make_function(
    DOMAIN, "Leaky", ["x"], ["y"], [reference(node("LeakyRelu", "x", "y"), "alpha", "slope", AttributeProto.FLOAT)],
    OPSETS, ["slope"],
)  # fmt: skip
DEFAULTED = helper.make_function(
    DOMAIN, "Defaulted", ["x"], ["y"], [reference(node("LeakyRelu", "x", "y"), "alpha", "slope", AttributeProto.FLOAT)], OPSETS,
    attribute_protos=[helper.make_attribute("slope", 0.25)],
)  # fmt: skip
NESTED = helper.make_function(
    DOMAIN, "Nested", ["x", "z"], ["y"],
    [reference(node("Leaky", "x", "t", DOMAIN), "slope", "amount", AttributeProto.FLOAT), node("Add", "t x", "y")],
    OPSETS, ["amount"],
)  # fmt: skip


def test_attribute_references():
    model = make_model([node("Leaky", "x", "y", DOMAIN, slope=0.5)], {"x": [2, 3]}, functions=[LEAKY], domains=[DOMAIN])
    np.testing.assert_allclose(run(model, X)[0], np.where(X < 0, 0.5 * X, X))


def test_attribute_defaults():
    for attributes, slope in (({}, 0.25), ({"slope": 0.5}, 0.5)):
        call = node("Defaulted", "x", "y", DOMAIN, **attributes)
        model = make_model([call], {"x": [2, 3]}, functions=[DEFAULTED], domains=[DOMAIN])
        np.testing.assert_allclose(run(model, X)[0], np.where(X < 0, slope * X, X))


def test_reference_without_argument_is_left_out():
    model = make_model([node("Leaky", "x", "y", DOMAIN)], {"x": [2, 3]}, functions=[LEAKY], domains=[DOMAIN])
    np.testing.assert_allclose(run(model, X)[0], np.where(X < 0, 0.01 * X, X), rtol=1e-6)


def test_nested_functions_and_their_locations():
    call = node("Nested", "x", "y", DOMAIN, amount=2.0)
    model = make_model([call], {"x": [2, 3]}, functions=[NESTED, LEAKY], domains=[DOMAIN])
    np.testing.assert_allclose(run(model, X)[0], np.where(X < 0, 2 * X, X) + X)
    ops = [op for op in main_of(model).body.block.ops if not isinstance(op, ReturnOp)]
    assert [location_of(op) for op in ops] == [("Nested_y/Leaky_t/LeakyRelu_y",), ("Nested_y/Add_y",)]


def test_schema_functions_keep_the_location_of_the_node():
    model = make_model([node("MeanVarianceNormalization", "x", "y", axes=[0, 1])], {"x": [2, 3]})
    ops = [op for op in main_of(model).body.block.ops if not isinstance(op, ReturnOp)]
    assert {location_of(op) for op in ops} == {("MeanVarianceNormalization_y",)}


def test_outputs_that_only_the_schema_function_has():
    model = make_model([node("LayerNormalization", "x s", "y m")], {"x": [2, 3], "s": [3]}, ["y", "m"])
    _, mean = run(model, X, np.ones(3, np.float32))
    np.testing.assert_allclose(mean, X.mean(1, keepdims=True), rtol=1e-6)


def test_recursion_is_refused():
    loop = helper.make_function(DOMAIN, "Again", ["x"], ["y"], [node("Again", "x", "y", DOMAIN)], OPSETS)
    model = make_model([node("Again", "x", "y", DOMAIN)], {"x": [1]}, functions=[loop], domains=[DOMAIN])
    with pytest.raises(BadModelError, match="calls itself"):
        main_of(model)


def test_unsupported_ops_in_functions_and_subgraphs_are_listed_together():
    inner = helper.make_function(DOMAIN, "Inner", ["x"], ["y"], [node("Mystery", "x", "y", "no.such")], OPSETS)
    inputs = [helper.make_value_info(name, onnx.TypeProto()) for name in ("i", "going", "v")]
    outputs = [helper.make_value_info(name, onnx.TypeProto()) for name in ("going", "b")]
    body = helper.make_graph([node("Puzzle", "x x x", "b")], "body", inputs, outputs)
    nodes = [
        node("Inner", "x", "a", DOMAIN),
        node("Loop", "n c x", "l", body=body),
        node("Add", "a l", "s"),
        node("Enigma", "s", "y"),
    ]
    inputs = {"x": [1], "n": Typed([], np.int64), "c": Typed([], np.bool_)}
    model = make_model(nodes, inputs, functions=[inner], domains=[DOMAIN])
    with pytest.raises(UnsupportedOpError) as caught:
        main_of(model)
    rows = [(row.node, row.op, row.domain, row.opset) for row in caught.value.nodes]
    assert rows == [
        ("Inner_a/Mystery_y", "Mystery", "no.such", 0),
        ("Puzzle_b", "Puzzle", "", 21),
        ("Enigma_y", "Enigma", "", 21),
    ]


# -- branches -------------------------------------------------------------------------------------------------------------


def branch(name: str, *nodes: onnx.NodeProto) -> onnx.GraphProto:
    return helper.make_graph(nodes, name, [], [helper.make_value_info(nodes[-1].output[0], onnx.TypeProto())])


def if_node() -> onnx.NodeProto:
    then, other = branch("then", node("Exp", "x", "t")), branch("else", node("Mul", "x w", "m"), node("Neg", "m", "e"))
    return node("If", "c", "y", then_branch=then, else_branch=other)


@pytest.mark.parametrize(("condition", "ops"), [(True, ["exp"]), (False, ["mul", "neg"])])
def test_known_condition(condition: bool, ops: list[str]):
    constants = {"c": np.array(condition), "w": np.full((2, 3), 2, np.float32)}
    model = make_model([if_node()], {"x": [2, 3]}, constants=constants)
    assert op_names(model) == ops


def test_condition_on_shapes_is_known():
    nodes = [node("Shape", "x", "s"), node("Size", "s", "r"), node("Equal", "r two", "c"), if_node()]
    model = make_model(nodes, {"x": ["a", "b"]}, constants={"two": 2, "w": np.ones(1, np.float32)})
    assert op_names(model) == ["exp"]


def test_runtime_condition():
    inputs = {"c": Typed([], np.bool_), "x": [2, 3]}
    model = make_model([if_node()], inputs, constants={"w": np.full((2, 3), 2, np.float32)})
    assert op_names(model) == ["if", "exp", "yield", "mul", "neg", "yield"]
    np.testing.assert_allclose(run(model, np.array(True), X)[0], np.exp(X), rtol=1e-6)
    np.testing.assert_allclose(run(model, np.array(False), X)[0], -2 * X)


def test_branches_of_different_dims_bind_them():
    then, other = branch("then", node("Identity", "x", "t")), branch("else", node("Transpose", "x", "e"))
    call = node("If", "c", "y", then_branch=then, else_branch=other)
    model = make_model([call], {"c": Typed([], np.bool_), "x": [2, 3]})
    assert op_names(model)[-1] == "bind"
    session = tilewright.compile(model)
    for condition, wanted in ((True, X), (False, X.T)):
        for run_in in (session, session.with_guard()):
            np.testing.assert_array_equal(run_in.run({"c": np.array(condition), "x": X})["y"], wanted)


def test_branches_of_different_rank_are_refused():
    then, other = branch("then", node("Identity", "x", "t")), branch("else", node("ReduceSum", "x", "e", keepdims=0))
    call = node("If", "c", "y", then_branch=then, else_branch=other)
    model = make_model([call], {"c": Typed([], np.bool_), "x": [2, 3]})
    with pytest.raises(UnsupportedOpError, match="has rank 2 here and 0 there"):
        main_of(model)


# -- sequences ------------------------------------------------------------------------------------------------------------


def test_split_to_sequence():
    nodes = [node("SplitToSequence", "x sizes", "s", axis=1), node("SequenceAt", "s last", "y")]
    model = make_model(nodes, {"x": [2, 3]}, constants={"sizes": [1, 2], "last": -1})
    assert op_names(model) == ["slice", "slice"] and output_dims(model) == ["2", "2"]
    np.testing.assert_array_equal(run(model, X)[0], X[:, 1:])


def test_sequence_surgery():
    nodes = [
        node("SequenceConstruct", "x x", "s0"),
        node("Neg", "x", "n"),
        node("SequenceInsert", "s0 n one", "s1"),
        node("SequenceErase", "s1 zero", "s2"),
        node("SequenceLength", "s2", "len"),
        node("ConcatFromSequence", "s2", "y", axis=0, new_axis=1),
    ]
    model = make_model(nodes, {"x": [2, 3]}, ["y", "len"], constants={"one": 1, "zero": 0})
    found, length = run(model, X)
    np.testing.assert_array_equal(found, np.stack([-X, X]))
    assert length == 2


def test_optional():
    nodes = [node("Optional", "x", "o"), node("OptionalHasElement", "o", "h"), node("OptionalGetElement", "o", "y")]
    model = make_model(nodes, {"x": [2, 3]}, ["y", "h"])
    found, has = run(model, X)
    assert has and np.array_equal(found, X)


def test_sequence_outputs_are_lists():
    model = make_model([node("SequenceConstruct", "x x", "y")], {"x": [2]})
    assert str(main_of(model).function_type.outputs.data[0]) == '!graph.object<"seq(tensor(float))">'
    x = np.ones(2, np.float32)
    found = tilewright.compile(model).run({"x": x})["y"]
    assert isinstance(found, list)
    np.testing.assert_array_equal(found, [x, x])
