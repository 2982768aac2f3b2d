"""Sizes that a model computes are found as expressions of its symbolic dims."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_models import Typed, main_of, make_model, op_names, output_dims, run

from tilewright.dialects.graph.attrs import DimsAttr
from tilewright.errors import BadInputError, ShapeError, UnsupportedOpError

I64 = np.int64


def nodes(text: str) -> list[onnx.NodeProto]:
    """Nodes from lines like `y = Reshape(x, shape) axis=1`; values in `[ ]` make an attribute a list."""
    return [_node(line.strip()) for line in text.strip().splitlines()]


def _node(line: str) -> onnx.NodeProto:
    outputs, call = line.split(" = ")
    op, rest = call.split("(", 1)
    inputs, attributes = rest.split(")", 1)
    pairs = (pair.split("=") for pair in attributes.split())
    values: dict[str, Any] = {k: [int(i) for i in v[1:-1].split(",")] if v.startswith("[") else _number(v) for k, v in pairs}
    return helper.make_node(op, [i.strip() for i in inputs.split(",") if i], outputs.split(", "), **values)


def _number(text: str) -> Any:
    return int(text) if text.lstrip("-").isdigit() else float(text) if text[0].isdigit() else text


Idiom: TypeAlias = tuple[str, dict[str, list[int | str]], dict[str, Any], list[str]]

IDIOMS: dict[str, Idiom] = {
    "flatten by -1": (
        "y = Reshape(x, c)",
        {"x": ["batch", 3, "h", "w"]}, {"c": [0, -1]}, ["batch", "3*h*w"],
    ),
    "view as heads": (
        """s = Shape(x)
        b = Gather(s, zero)
        n = Gather(s, one)
        b1 = Unsqueeze(b, axis)
        n1 = Unsqueeze(n, axis)
        shape = Concat(b1, n1, heads) axis=0
        y = Reshape(x, shape)""",
        {"x": ["batch", "seq", 768]}, {"zero": 0, "one": 1, "axis": [0], "heads": [12, 64]}, ["batch", "seq", "12", "64"],
    ),
    "half of a dim": (
        """s = Shape(x) start=1
        n = Squeeze(s, axis)
        half = Div(n, two)
        h1 = Unsqueeze(half, axis)
        y = Slice(x, start, h1, last)""",
        {"x": ["b", 64]}, {"axis": [0], "two": 2, "start": [0], "last": [1]}, ["b", "32"],
    ),
    "upsample to twice the size through floats": (
        """s = Shape(x) start=2
        f = Cast(s) to=1
        g = Mul(f, factor)
        r = Floor(g)
        hw = Cast(r) to=7
        nc = Shape(x) end=2
        sizes = Concat(nc, hw) axis=0
        y = Resize(x, , , sizes)""",
        {"x": [1, 3, "h", "w"]}, {"factor": np.float32(1.5)}, ["1", "3", "floordiv(3*h, 2)", "floordiv(3*w, 2)"],
    ),
    "expand with -1 replaced": (
        """s = Shape(x)
        e = Equal(want, minus)
        shape = Where(e, s, want)
        y = Expand(x, shape)""",
        {"x": ["b", 1]}, {"want": [-1, 7], "minus": -1}, ["b", "7"],
    ),
    "position ids": (
        """s = Shape(x)
        n = Gather(s, one)
        y = Range(zero, n, one)""",
        {"x": ["b", "n"]}, {"one": np.array(1), "zero": np.array(0)}, ["n"],
    ),
    "causal window of a table": (
        """n = Shape(x) start=1
        y = Slice(table, start, n, axis)""",
        {"x": ["b", "n"]}, {"table": np.zeros((1, 512), np.float32), "start": [0], "axis": [1]}, ["1", "n"],
    ),
    "fill": (
        """s = Shape(x)
        y = ConstantOfShape(s)""",
        {"x": ["b", 4]}, {}, ["b", "4"],
    ),
    "size": (
        """n = Size(x)
        n1 = Unsqueeze(n, axis)
        y = Reshape(x, n1)""",
        {"x": ["a", "b"]}, {"axis": [0]}, ["a*b"],
    ),
    "product of the spatial dims": (
        """s = Shape(x) start=2
        p = ReduceProd(s)
        nc = Shape(x) end=2
        shape = Concat(nc, p) axis=0
        y = Reshape(x, shape)""",
        {"x": ["b", 8, "h", "w"]}, {}, ["b", "8", "h*w"],
    ),
    "repeat": ("y = Tile(x, r)", {"x": ["a", "b"]}, {"r": [2, 1]}, ["2*a", "b"]),
    "same padding of a symbolic size": (
        "y = MaxPool(x) kernel_shape=[3,3] strides=[1,1] auto_pad=SAME_UPPER", {"x": [1, 2, "h", "w"]}, {}, ["1", "2", "h", "w"],
    ),
    "stride": ("y = MaxPool(x) kernel_shape=[2,2] strides=[2,2]", {"x": [1, 2, "h", 8]}, {}, ["1", "2", "floordiv(h, 2)", "4"]),
    "maximum": (
        """s = Shape(x)
        m = Max(s, one)
        y = Expand(x, m)""",
        {"x": ["b", 1]}, {"one": [1, 9]}, ["b", "9"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IDIOMS)
def test_idioms(name: str):
    text, inputs, constants, dims = IDIOMS[name]
    model = make_model(nodes(text), inputs, constants=constants)
    assert output_dims(model) == dims
    sizes = {"b": 2, "batch": 2, "seq": 5, "n": 4, "h": 6, "w": 7, "a": 3}
    x = np.random.default_rng(0).normal(size=[sizes[d] if isinstance(d, str) else d for d in inputs["x"]]).astype(np.float32)
    session: Any = ReferenceEvaluator(model)
    np.testing.assert_allclose(run(model, x)[0], np.asarray(session.run(None, {"x": x})[0]), rtol=1e-6)


def test_symbols_are_shared_and_sanitised():
    model = make_model(nodes("y = Concat(a, b) axis=0"), {"a": ["past len", "2"], "b": ["past.len", "2"]})
    assert output_dims(model) == ["past_len + past_len_1", "d2"]


def test_unknown_dims_get_symbols():
    model = make_model(nodes("y = Relu(x)"), {"x": [None, 3]})
    assert output_dims(model) == ["x_d0", "3"]


def test_shapes_pin_dims():
    model = make_model(nodes("y = Concat(a, b) axis=1"), {"a": ["n", 2], "b": ["n", "m"]})
    main = main_of(model, shapes={"a": (4, 2)})
    assert str(main.function_type.outputs.data[0]) == 'tensor<4x?xf32, #graph.tensor<[4, "m + 2"]>>'
    for shapes in ({"a": (4,)}, {"a": (4, 3)}, {"a": (4, 2), "b": (5, 1)}, {"a": (-1, 2)}, {"c": (1,)}):
        with pytest.raises(BadInputError):
            main_of(model, shapes=shapes)


def assumptions(model: onnx.ModelProto) -> list[str]:
    attribute = main_of(model).attributes.get("graph.assumptions")
    assert attribute is None or isinstance(attribute, DimsAttr)
    return [] if attribute is None else [str(d) for d in attribute.data]


def test_what_is_taken_for_granted_is_noted():
    inputs = {"x": ["b", "n"]}
    part = make_model(nodes("y = Slice(x, s, e, a)"), inputs, constants={"s": [2], "e": [5], "a": [1]})
    assert output_dims(part) == ["b", "3"] and assumptions(part) == ["n - 2", "n - 5"]
    rows = make_model(nodes("y = Reshape(x, c)"), inputs, constants={"c": [-1, 4]})
    assert output_dims(rows) == ["floordiv(b*n, 4)", "4"] and len(assumptions(rows)) == 2
    plain = make_model(nodes("y = Transpose(x)"), inputs)
    assert assumptions(plain) == []


def test_known_values_become_constants_and_dims():
    text = """s = Shape(x)
    t = Gather(s, i)
    y = Add(t, t)"""
    model = make_model(nodes(text), {"x": ["b", 3]}, constants={"i": [1, 0]})
    assert op_names(model) == []
    assert run(model, np.zeros((5, 3), np.float32))[0].tolist() == [6, 10]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("y = Reshape(x, i)", "input 'i' depends on data"),
        ("y = Expand(x, i)", "input 'i' depends on data"),
    ],
)
def test_ranks_that_depend_on_data_are_refused(text: str, reason: str):
    model = make_model(nodes(text), {"x": ["b", 2, "n"], "i": Typed(["rank"], I64)})
    with pytest.raises(UnsupportedOpError, match=reason):
        main_of(model)


@pytest.mark.parametrize(
    ("text", "ops", "dims"),
    [
        ("y = ConstantOfShape(i)", ["bind", "broadcast"], ["s1", "s2"]),
        ("y = Expand(x, i)", ["bind", "stretch"], ["max(b, s1)*min(1, b)*min(1, s1)", "2"]),
        ("y, z = TopK(x, k)", ["bind", "top_k"], ["b", "s1"]),
    ],
)
def test_sizes_that_depend_on_data_get_symbols(text: str, ops: list[str], dims: list[str]):
    inputs = {"x": ["b", 2], "i": Typed([2], I64), "k": Typed([1], I64)}
    model = make_model(nodes(text), inputs, text.split(" = ")[0].split(", "))
    assert (op_names(model), output_dims(model)) == (ops, dims)


def test_values_make_inputs_constants():
    model = make_model(nodes("y = Reshape(x, i)"), {"x": [2, 6], "i": Typed([2], I64)})
    main = main_of(model, values={"i": np.array([3, 4])})
    assert str(main.function_type) == "(tensor<2x6xf32>) -> tensor<3x4xf32>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y = MatMul(x, x)", "contracts dims that differ"),
        ("y = Reshape(x, c)", "do not divide"),
        ("y = Squeeze(x, z)", "dim 0 is 2"),
        ("y = Concat(x, x) axis=5", "axis 5 is out of range"),
        ("y = Transpose(x) perm=[0,0]", "not a permutation"),
        ("y = Add(x, c)", "differ in element type"),
        ("y = Conv(x, x)", "rank"),
        ("y = Gather(x, z) axis=9", "axis 9"),
    ],
)
def test_shape_errors_name_the_node(text: str, message: str):
    model = make_model(nodes(text), {"x": [2, 3]}, constants={"c": [4, -1], "z": [0]})
    model.graph.node[0].name = "culprit"
    with pytest.raises(ShapeError, match=message) as caught:
        main_of(model)
    assert caught.value.node == "culprit" and caught.value.op == model.graph.node[0].op_type
