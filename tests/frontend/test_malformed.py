"""Malformed models end in an error that says what is wrong, and never in anything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_models import Typed, main_of, make_model, run
from zoo import LIGHT, ZOO

from tilewright.errors import BadModelError, ShapeError, TilewrightError, UnsupportedOpError
from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), outputs.split(), name=f"{op}_{outputs.split()[0]}", **attributes)


def refused(model: onnx.ModelProto | bytes | str | Path, message: str, error: type[TilewrightError] = BadModelError) -> None:
    with pytest.raises(error, match=message) as caught:
        import_model(model, WeightStore())
    assert "\n" not in str(caught.value)


RELU = make_model([node("Relu", "x", "y")], {"x": [2, 3]})


# -- files ----------------------------------------------------------------------------------------------------------------


def test_not_a_model(tmp_path: Path):
    refused(b"", "is empty")
    refused(b"this is not a protobuf message", "isn't an ONNX model")
    refused(b"\x08\x08", "has no graph")
    refused(onnx.ModelProto(), "has no graph")
    refused(str(tmp_path / "missing.onnx"), "is not there")
    refused(tmp_path, "is not a file")
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    refused(path, "isn't an ONNX model")


def test_truncated():
    data = LIGHT["light_squeezenet"].read_bytes()
    for length in (1, 10, len(data) // 2, len(data) - 1):
        refused(data[:length], "truncated|has no graph|not defined|names no opset")


def test_path_bytes_and_proto_give_the_same(tmp_path: Path):
    weight = np.arange(600, dtype=np.float32).reshape(3, 200)
    model = make_model([node("MatMul", "x w", "y")], {"x": [2, 3]}, constants={"w": weight})
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    texts: list[str] = []
    for form in (model, model.SerializeToString(), str(path), path):
        store = WeightStore()
        texts.append(str(import_model(form, store)))
        np.testing.assert_array_equal(store["w"], weight)
    assert len(set(texts)) == 1


def test_opset_headers():
    newer = make_model([node("Relu", "x", "y")], {"x": [1]}, opset=999)
    refused(newer, "opset 999; the newest known")
    none = make_model([node("Relu", "x", "y")], {"x": [1]})
    del none.opset_import[:]
    refused(none, "names no opset")


# -- graphs ---------------------------------------------------------------------------------------------------------------

GRAPHS: dict[str, tuple[list[onnx.NodeProto], str]] = {
    "undefined": ([node("Add", "x nothing", "y")], "value 'nothing' is not defined"),
    "cycle": ([node("Add", "x b", "a"), node("Neg", "a", "b"), node("Neg", "b", "y")], "'b' depends on itself"),
    "twice": ([node("Neg", "x", "y"), node("Exp", "x", "y")], "value 'y' is defined twice"),
    "hides an input": ([node("Neg", "x", "x"), node("Neg", "x", "y")], "value 'x' is defined twice"),
    "no output": ([node("Neg", "x", "z")], "graph output 'y' is not defined"),
    "too few inputs": ([node("Add", "x", "y")], "it has 1 inputs, expected 2"),
    "too many inputs": ([node("Relu", "x x", "y")], "it has 2 inputs, expected 1"),
    "unknown attribute": ([node("Relu", "x", "y", alpha=1.0)], "no attribute 'alpha'"),
    "wrong attribute": ([node("LeakyRelu", "x", "y", alpha=1)], "attribute 'alpha' has the wrong type"),
    "missing attribute": ([node("Concat", "x x", "y")], "attribute 'axis' is missing"),
    "two values": ([node("Constant", "", "y", value_int=1, value_float=2.0)], "a constant has one value, got 2"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs(name: str):
    nodes, message = GRAPHS[name]
    refused(make_model(nodes, {"x": [2, 3]}), message)


def test_names():
    twice = make_model([node("Relu", "x", "y")], {"x": [1]}, constants={"c": 1})
    twice.graph.initializer.append(twice.graph.initializer[0])
    refused(twice, "initializer 'c' is defined twice")
    unnamed = make_model([node("Relu", "x", "y")], {"x": [1]})
    unnamed.graph.input.append(unnamed.graph.input[0])
    refused(unnamed, "graph input 'x' is defined twice")


def test_inputs_without_a_numeric_tensor_type():
    refused(make_model([node("Identity", "x", "y")], {"x": Typed([1], np.complex64)}), "COMPLEX64", UnsupportedOpError)
    unranked = make_model([node("Relu", "x", "y")], {"x": [1]})
    unranked.graph.input[0].type.tensor_type.ClearField("shape")
    refused(unranked, "rank is not known", UnsupportedOpError)
    assert str(main_of(unranked, shapes={"x": (4,)}).function_type) == "(tensor<4xf32>) -> tensor<4xf32>"
    untyped = make_model([node("Relu", "x", "y")], {"x": [1]})
    untyped.graph.input[0].ClearField("type")
    refused(untyped, "without type", UnsupportedOpError)


def test_huge_sizes():
    refused(make_model([node("Relu", "x", "y")], {"x": [1 << 40, 1 << 40]}), "too large", ShapeError)
    outer = make_model([node("Expand", "x s", "y")], {"x": [1]}, constants={"s": [1 << 30, 1 << 30]})
    refused(outer, "too large", ShapeError)
    filled = make_model([node("ConstantOfShape", "s", "y")], {"x": [1]}, constants={"s": [1 << 62, 1 << 62]})
    refused(filled, "too large|Maximum|maximum", TilewrightError)


# -- tensors --------------------------------------------------------------------------------------------------------------


def with_tensor(change: Callable[[TensorProto], object]) -> onnx.ModelProto:
    model = make_model([node("Add", "x w", "y")], {"x": [4]}, constants={"w": np.ones(4, np.float32)})
    change(model.graph.initializer[0])
    return model


TENSORS: dict[str, tuple[Callable[[TensorProto], object], str]] = {
    "short": (lambda t: t.CopyFrom(TensorProto(name="w", data_type=1, dims=[4], raw_data=b"123")), "3 bytes.* dims want 16"),
    "long": (lambda t: t.CopyFrom(TensorProto(name="w", data_type=1, dims=[1], raw_data=bytes(16))), "16 bytes.* dims want 4"),
    "negative": (lambda t: t.CopyFrom(TensorProto(name="w", data_type=1, dims=[-4])), "negative dim"),
    "huge": (lambda t: t.CopyFrom(TensorProto(name="w", data_type=1, dims=[1 << 62, 4])), "too large"),
    "typed": (lambda t: t.CopyFrom(TensorProto(name="w", data_type=1, dims=[4], float_data=[1.0])), "1 values, its dims want 4"),
    "no type": (lambda t: t.CopyFrom(TensorProto(name="w", dims=[4])), "tensor 'w'"),
    "odd type": (lambda t: t.CopyFrom(TensorProto(name="w", data_type=99, dims=[4])), "unknown element type 99"),
}  # fmt: skip


@pytest.mark.parametrize("name", TENSORS)
def test_tensors(name: str):
    change, message = TENSORS[name]
    refused(with_tensor(change), message)


def test_typed_tensor_data():
    arrays = [np.array([1.5, -2], np.float16), np.array([True, False]), np.array([200], np.uint8), np.array([2**63], np.uint64)]
    for array in arrays:
        tensor = helper.make_tensor("w", helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array.tolist())
        model = make_model([node("Identity", "w", "y")], {"x": [1]})
        model.graph.initializer.append(tensor)
        found = run(model, np.zeros(1, np.float32))[0]
        assert found.dtype == array.dtype and found.tolist() == array.tolist()


def test_unused_tensor_of_a_foreign_type():
    model = make_model([node("Relu", "x", "y")], {"x": [1]}, constants={"s": np.array([1j], np.complex64)})
    refused(model, "element type", UnsupportedOpError)


# -- external data --------------------------------------------------------------------------------------------------------


def external(folder: Path, **info: str) -> Path:
    """A model in `folder` whose weight, four floats, is in a file."""
    model = make_model([node("Add", "x w", "y")], {"x": [4]}, constants={"w": np.ones(4, np.float32)})
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in info.items():
        tensor.external_data.add(key=key, value=value)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_external_data(tmp_path: Path):
    (tmp_path / "w.bin").write_bytes(bytes(8) + np.arange(4, dtype=np.float32).tobytes())
    for info in ({"offset": "8", "length": "16"}, {"offset": "8"}):
        store = WeightStore()
        import_model(external(tmp_path, location="w.bin", **info), store)
        assert store["w"].tolist() == [0, 1, 2, 3]
    (tmp_path / "sub").mkdir()
    os.replace(tmp_path / "w.bin", tmp_path / "sub/w.bin")
    import_model(external(tmp_path, location="sub/w.bin", offset="8"), WeightStore())


def test_external_data_outside_the_folder(tmp_path: Path):
    inside = tmp_path / "inside"
    inside.mkdir()
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(16))
    (inside / "link.bin").symlink_to(secret)
    (inside / "dir").symlink_to(tmp_path)
    os.mkfifo(inside / "pipe")
    for location, message in (
        ("../secret.bin", "outside the model's folder"),
        ("dir/../../secret.bin", "outside the model's folder"),
        (str(secret), "outside the model's folder"),
        ("link.bin", "symbolic link"),
        ("dir/secret.bin", "symbolic link"),
        ("pipe", "not a plain file"),
        ("dir", "symbolic link"),
        ("missing.bin", "can't read"),
        ("", "outside the model's folder"),
        (".", "not a plain file"),
    ):
        refused(external(inside, location=location), message)


def test_external_data_of_wrong_size(tmp_path: Path):
    (tmp_path / "w.bin").write_bytes(bytes(16))
    for info, message in (
        ({"length": "12"}, "12 bytes of external data, its dims want 16"),
        ({"offset": "8"}, "8 bytes of external data"),
        ({"offset": "8", "length": "16"}, "are not in 'w.bin', which has 16"),
        ({"offset": "-8", "length": "16"}, "offset is '-8'"),
        ({"offset": "9" * 30}, "external offset"),
        ({"length": "many"}, "length is 'many'"),
        ({"offset": "32"}, "bytes of external data"),
    ):
        refused(external(tmp_path, location="w.bin", **info), message)


def test_external_data_without_a_folder(tmp_path: Path):
    (tmp_path / "w.bin").write_bytes(bytes(16))
    model = onnx.ModelProto.FromString(external(tmp_path, location="w.bin").read_bytes())
    refused(model, "wasn't read from a file")


# -- anything at all ------------------------------------------------------------------------------------------------------

SEEDS = [
    ZOO["espcn_x3"].read_bytes(),
    LIGHT["light_bvlc_alexnet"].read_bytes(),
    ZOO["branchy_if"].read_bytes()[:6000],
    make_model(
        [node("Shape", "x", "s"), node("Gather", "s i", "g"), node("Reshape", "x g", "r"), node("Softmax", "r", "y", axis=1)],
        {"x": ["n", 4]},
        constants={"i": [1, 0]},
        opset=11,
    ).SerializeToString(),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_mutated_models(data: st.DataObject):
    """Overwrite, cut out or repeat bytes: import gives a module or a TilewrightError."""
    model = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(model) - 1)))
        match data.draw(st.integers(0, 2)):
            case 0:
                model[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case 1:
                del model[at : at + data.draw(st.integers(1, 16))]
            case _:
                model[at:at] = model[at : at + data.draw(st.integers(1, 64))]
    try:
        import_model(bytes(model), WeightStore()).verify()
    except TilewrightError as error:
        assert str(error)
