"""Attention in models: what exporters write is recognised, and computed as float64 has it, under the memory guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model

import tilewright
from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.dialects import graph

Array = NDArray[Any]
rng = np.random.default_rng(0)
HEADS = {"q": 4, "k": 2, "v": 2}
DEPTH = 16


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def attention_ops(model: onnx.ModelProto) -> list[graph.AttentionOp]:
    module = compile_to_ir(model, CompileOptions(until="graph")).module
    return [op for op in module.walk() if isinstance(op, graph.AttentionOp)]


def exact(arrays: Sequence[Array], mask: Any = 0.0) -> Array:
    """Attention of q, k, v [B, S, heads * D] in float64, heads of keys and values shared by groups."""

    def split(x: Array) -> Array:
        return x.reshape(*x.shape[:2], -1, DEPTH).transpose(0, 2, 1, 3).astype(np.float64)

    queries, keys, values = map(split, arrays)
    group = queries.shape[1] // keys.shape[1]
    keys, values = keys.repeat(group, axis=1), values.repeat(group, axis=1)
    scores = queries @ keys.swapaxes(2, 3) / np.sqrt(DEPTH) + mask
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    found = powers / powers.sum(-1, keepdims=True) @ values
    return found.transpose(0, 2, 1, 3).reshape(arrays[0].shape)


def heads(name: str) -> list[onnx.NodeProto]:
    """[B, S, H * D] -> [B, 4, S, D], the heads of keys and values repeated."""
    split = [
        helper.make_node("Reshape", [name, f"{name}_split"], [f"{name}1"]),
        helper.make_node("Transpose", [f"{name}1"], [f"{name}h"], perm=[0, 2, 1, 3]),
    ]
    if name == "q":
        return split
    return [
        *split,
        helper.make_node("Unsqueeze", [f"{name}h", "two"], [f"{name}2"]),
        helper.make_node("Expand", [f"{name}2", "twice"], [f"{name}3"]),
        helper.make_node("Reshape", [f"{name}3", "merged"], [f"{name}r"]),
    ]


def attention_model(
    inputs: Mapping[str, Sequence[int | str] | Typed], score_nodes: Sequence[onnx.NodeProto] = (), **constants: Any
) -> onnx.ModelProto:
    """q, k, v [B, S, H * D] -> y; `score_nodes` lead from "scaled" to "scores"."""
    split = {f"{name}_split": np.array([0, 0, count, DEPTH]) for name, count in HEADS.items()}
    nodes = [
        *(node for name in HEADS for node in heads(name)),
        helper.make_node("Transpose", ["kr"], ["kt"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["qh", "kt"], ["product"]),
        helper.make_node("Div", ["product", "root"], ["scaled"]),
        *(score_nodes or [helper.make_node("Identity", ["scaled"], ["scores"])]),
        helper.make_node("Softmax", ["scores"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "vr"], ["mixed"]),
        helper.make_node("Transpose", ["mixed"], ["rows"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["rows", "flat"], ["y"]),
    ]
    shapes = {"two": np.array([2]), "twice": np.array([1, 1, 2, 1, 1]), "merged": np.array([0, 4, -1, DEPTH])}
    root, flat = np.float32(np.sqrt(DEPTH)), np.array([0, 0, 4 * DEPTH])
    return make_model(nodes, inputs, constants={**split, **shapes, "root": root, "flat": flat, **constants})


def inputs_of(queries: int | str, keys: int | str, batch: int | str = 2) -> dict[str, Sequence[int | str]]:
    return {"q": [batch, queries, 64], "k": [batch, keys, 32], "v": [batch, keys, 32]}


def arrays_of(queries: int, keys: int, batch: int = 2) -> list[Array]:
    return [floats(batch, queries, 64), floats(batch, keys, 32), floats(batch, keys, 32)]


def assert_attends(model: onnx.ModelProto, arrays: Sequence[Array], expected: Array) -> None:
    assert len(attention_ops(model)) == 1
    found = tilewright.compile(model, guard=True).run(arrays)["y"]
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize(("queries", "keys"), [(1, 200), (50, 200), (37, 9)])
def test_shared_heads(queries: int, keys: int) -> None:
    arrays = arrays_of(queries, keys)
    assert_attends(attention_model(inputs_of(queries, keys)), arrays, exact(arrays))


def test_open_dims() -> None:
    model = attention_model(inputs_of("m", "n", "batch"))
    assert len(attention_ops(model)) == 1
    session = tilewright.compile(model, guard=True)
    for m, n, batch in ((1, 1, 1), (1, 300, 2), (5, 7, 1), (130, 131, 1)):
        arrays = arrays_of(m, n, batch)
        expected = exact(arrays)
        np.testing.assert_allclose(session.run(arrays)["y"], expected, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_array_equal(session.run(arrays_of(20, 0))["y"], np.zeros((2, 20, 64)))


@pytest.mark.parametrize("lowest", [-np.inf, -3.4e38])
def test_a_triangle_is_a_causal_limit(lowest: float) -> None:
    arrays = arrays_of(40, 50)
    mask = np.where(np.arange(50) <= np.arange(40)[:, None] + 10, 0, lowest).astype(np.float32)
    model = attention_model(inputs_of(40, 50), [helper.make_node("Add", ["scaled", "mask"], ["scores"])], mask=mask)
    (op,) = attention_ops(model)
    assert op.mask is None and op.causal is not None and op.causal.data.value == 10
    assert_attends(model, arrays, exact(arrays, mask))


def test_a_column_of_numbers_is_no_triangle() -> None:
    """A mask of one column hides whole rows of scores; read as a matrix of 5 x 1, it would be a triangle."""
    arrays, mask = arrays_of(5, 5), np.array([[-3e38]] * 4 + [[0]], np.float32)
    model = attention_model(inputs_of(5, 5), [helper.make_node("Add", ["scaled", "mask"], ["scores"])], mask=mask)
    (op,) = attention_ops(model)
    assert op.causal is None
    assert_attends(model, arrays, exact(arrays, mask))


@pytest.mark.parametrize("lowest", [-np.inf, -3.4e38])
def test_scores_put_in_after_a_triangle_count(lowest: float) -> None:
    """Where all keys that a query sees are padding, those after them are no less likely: -1e9 took the place of -inf."""
    arrays, padding = arrays_of(6, 6), np.zeros((2, 1, 1, 6), np.bool_)
    padding[0, ..., :3] = padding[0, ..., 5] = True
    nodes = [
        helper.make_node("Add", ["scaled", "triangle"], ["causal"]),
        helper.make_node("Where", ["padding", "low", "causal"], ["scores"]),
    ]
    triangle = np.where(np.tri(6, dtype=np.bool_), 0, lowest).astype(np.float32)
    model = attention_model(
        {**inputs_of(6, 6), "padding": Typed([2, 1, 1, 6], np.bool_)}, nodes, triangle=triangle, low=np.float32(-1e9)
    )
    found = tilewright.compile(model, guard=True).run([*arrays, padding])["y"]
    steps = tilewright.compile(model, guard=True, disable_pass=("recognize-attention",)).run([*arrays, padding])["y"]
    np.testing.assert_allclose(found, steps, atol=2e-6 * np.abs(steps).max())


def test_a_cache_of_open_length() -> None:
    """Keys and values behind those of the past; the queries' positions are counted when the model runs."""
    inputs = {"q": ["b", 4, "m", 8], **{x: ["b", 4, "m", 8] for x in "kv"}, **{f"past_{x}": ["b", 4, "p", 8] for x in "kv"}}
    nodes = [
        helper.make_node("Attention", ["q", "k", "v", "", "past_k", "past_v"], ["y", "all_k", "all_v"], is_causal=1),
    ]
    model = make_model(nodes, inputs, outputs=("y", "all_k", "all_v"), opset=24)
    (op,) = attention_ops(model)
    assert op.causal is not None and op.mask is None
    session = tilewright.compile(model, guard=True)
    for m, p in ((1, 0), (1, 200), (3, 5), (40, 130), (150, 0)):
        arrays = [floats(2, 4, n, 8) for n in (m, m, m, p, p)]
        q, k, v = arrays[0], *(np.concatenate([arrays[i + 2], arrays[i]], 2) for i in (1, 2))
        scores = np.where(np.tri(m, m + p, p, dtype=np.bool_), q.astype(np.float64) @ k.swapaxes(2, 3) / np.sqrt(8), -np.inf)
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        expected = powers / powers.sum(-1, keepdims=True) @ v
        np.testing.assert_allclose(session.run(arrays)["y"], expected, atol=2e-6 * np.abs(expected).max())


def test_a_boolean_mask() -> None:
    arrays, mask = arrays_of(20, 150), rng.random((2, 1, 1, 150)) < 0.5
    nodes = [helper.make_node("Where", ["mask", "scaled", "low"], ["scores"])]
    inputs = {**inputs_of(20, 150), "mask": Typed([2, 1, 1, 150], np.bool_)}
    model = attention_model(inputs, nodes, low=np.array(-1e9, np.float32))
    assert_attends(model, [*arrays, mask], exact(arrays, np.where(mask, 0, -np.inf)))


def test_no_less_exact_than_step_by_step() -> None:
    arrays = arrays_of(64, 1500)
    expected, model = exact(arrays), attention_model(inputs_of(64, 1500))
    tiles, steps = (
        np.abs(tilewright.compile(model, disable_pass=passes).run(arrays)["y"] - expected).max()
        for passes in ((), ("recognize-attention",))
    )
    assert tiles <= 1.5 * steps


def test_halves_are_computed_in_f32() -> None:
    arrays = arrays_of(20, 150)
    inputs = {name: Typed(shape, np.float16) for name, shape in inputs_of(20, 150).items()}
    model = attention_model(inputs, root=np.float16(4))
    assert len(attention_ops(model)) == 1
    halves = [x.astype(np.float16) for x in arrays]
    expected = exact(halves)
    found = tilewright.compile(model, guard=True).run(halves)["y"]
    np.testing.assert_allclose(found.astype(np.float64), expected, atol=1e-3 * np.abs(expected).max())
