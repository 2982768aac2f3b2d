"""Which graph inputs the imported function has, what it says of them, and the wire format."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_models import main_of, make_model, run
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, StringAttr

from tilewright.dialects.graph.attrs import WeightAttr
from tilewright.errors import BadModelError
from tilewright.frontend.importer import import_model
from tilewright.frontend.reader import open_model, parse_text
from tilewright.frontend.wire import strip
from tilewright.runtime.weights import WeightStore, is_splat


def names(attribute: object) -> list[str]:
    assert isinstance(attribute, ArrayAttr)
    return [a.data for a in attribute if isinstance(a, StringAttr)]  # pyright: ignore[reportUnknownVariableType]


def biased(ir_version: int) -> onnx.ModelProto:
    """x + w, w being an input with an initializer."""
    constants = {"w": np.arange(3, dtype=np.float32)}
    add = helper.make_node("Add", ["x", "w"], ["y"])
    return make_model([add], {"x": [2, 3], "w": [3]}, constants=constants, ir_version=ir_version)


def test_initializer_that_is_an_input_is_a_constant_before_ir_4():
    main = main_of(biased(3))
    assert names(main.attributes["graph.input_names"]) == ["x"]
    assert "graph.input_defaults" not in main.attributes


def test_initializer_that_is_an_input_is_a_default_from_ir_4_on():
    store = WeightStore()
    main = import_model(biased(4), store).body.block.first_op
    assert main is not None and names(main.attributes["graph.input_names"]) == ["x", "w"]
    defaults = main.attributes["graph.input_defaults"]
    assert isinstance(defaults, DictionaryAttr)
    weight = defaults.data["w"]
    assert isinstance(weight, WeightAttr) and store[weight.key.data].tolist() == [0, 1, 2]
    found = run(biased(4), np.zeros((2, 3), np.float32), np.full(3, 7, np.float32))[0]
    assert found.tolist() == [[7, 7, 7]] * 2


def test_names_of_inputs_and_outputs():
    nodes = [helper.make_node("Relu", ["in:0"], ["out/1"]), helper.make_node("Neg", ["in:0"], ["2"])]
    main = main_of(make_model(nodes, {"in:0": [1]}, ["out/1", "2", "out/1"]))
    assert names(main.attributes["graph.input_names"]) == ["in:0"]
    assert names(main.attributes["graph.output_names"]) == ["out/1", "2", "out/1"]


def test_weights_and_small_constants():
    constants = {
        "big": np.arange(600, dtype=np.float32).reshape(2, 300),
        "same": np.full((2, 300), 0.5, np.float32),
        "small": np.array([0, 1]),
    }
    nodes = [
        helper.make_node("Add", ["x", "big"], ["a"]),
        helper.make_node("Add", ["a", "same"], ["b"]),
        helper.make_node("Gather", ["b", "small"], ["y"], axis=1),
    ]
    store = WeightStore()
    text = str(import_model(make_model(nodes, {"x": [2, 300]}, constants=constants), store))
    assert sorted(store) == ["big", "same"] and is_splat(store["same"])
    assert '#graph.weight<"big">' in text and "dense<[0, 1]> : tensor<2xsi64>" in text


def test_unused_weights_stay_out_of_the_store():
    store = WeightStore()
    import_model(make_model([helper.make_node("Relu", ["x"], ["y"])], {"x": [1]}, constants={"w": np.ones(100)}), store)
    assert not list(store)


def test_sparse_initializers():
    model = make_model([helper.make_node("Add", ["x", "s"], ["y"])], {"x": [2, 3]})
    values = helper.make_tensor("s", onnx.TensorProto.FLOAT, [2], [5.0, 7.0])
    for indices in (
        helper.make_tensor("i", onnx.TensorProto.INT64, [2], [1, 5]),
        helper.make_tensor("i", onnx.TensorProto.INT64, [2, 2], [0, 1, 1, 2]),
    ):
        del model.graph.sparse_initializer[:]
        model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [2, 3]))
        assert run(model, np.zeros((2, 3), np.float32))[0].tolist() == [[0, 5, 0], [0, 0, 7]]
    model.graph.sparse_initializer[0].indices.CopyFrom(helper.make_tensor("i", onnx.TensorProto.INT64, [2], [1, 99]))
    with pytest.raises(BadModelError, match="sparse tensor 's'"):
        main_of(model)


def test_strip_leaves_out_large_raw_data_only():
    constants = {"a": np.arange(1000), "b": np.arange(3), "c": np.arange(500, dtype=np.float32)}
    model = make_model([helper.make_node("Relu", ["x"], ["y"])], {"x": [1]}, constants=constants)
    data = model.SerializeToString()
    stripped = strip(memoryview(data))
    assert sorted(stripped.blobs) == [0, 2] and len(stripped.model) < 1000
    start, end = stripped.blobs[0]
    assert np.frombuffer(data[start:end], np.int64).tolist() == list(range(1000))
    for tensor in model.graph.initializer:
        if tensor.name != "b":
            tensor.ClearField("raw_data")
    assert onnx.ModelProto.FromString(stripped.model) == model


def test_textual_models():
    model = parse_text(b'<ir_version: 8, opset_import: ["": 18]> g (float[2] x) => (float[2] y) { y = Relu(x) }')
    assert open_model(model).proto.graph.node[0].op_type == "Relu"
    with pytest.raises(BadModelError, match="ParseError"):
        parse_text(b"g (float[2] x")
