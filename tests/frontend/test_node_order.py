"""Files whose nodes are out of order, as converters write them."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from onnx_models import make_model, native

from tilewright.frontend.node_order import in_order

node = helper.make_node


def test_a_value_may_be_defined_later_in_the_file():
    nodes = [node("Mul", ["a", "b"], ["y"]), node("Neg", ["x"], ["a"]), node("Exp", ["a"], ["b"])]
    x = np.array([0.5, -1.0], np.float32)
    np.testing.assert_allclose(native(make_model(nodes, {"x": [2]}), x)[0], -x * np.exp(-x), rtol=1e-6)


def test_what_a_branch_captures_counts_as_used():
    def branch(op: str):
        return helper.make_graph([node(op, ["later"], [op])], op, [], [helper.make_tensor_value_info(op, TensorProto.FLOAT, [2])])

    chosen = node("If", ["c"], ["y"], then_branch=branch("Neg"), else_branch=branch("Abs"))
    nodes = [chosen, node("Exp", ["x"], ["later"]), node("Greater", ["s", "zero"], ["c"])]
    model = make_model(nodes, {"x": [2], "s": []}, constants={"zero": np.float32(0)})
    x = np.array([0.5, -1.0], np.float32)
    np.testing.assert_allclose(native(model, x, np.array(1, np.float32))[0], -np.exp(x), rtol=1e-6)


def test_order_is_kept_where_it_can_be():
    nodes = [node("Neg", ["x"], ["a"]), node("Abs", ["x"], ["b"]), node("Add", ["a", "b"], ["y"])]
    assert in_order(nodes) is nodes
    assert [n.op_type for n in in_order([nodes[2], nodes[0], nodes[1]])] == ["Neg", "Abs", "Add"]
