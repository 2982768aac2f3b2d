"""Ops of com.microsoft, compiled and run, against onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model

import tilewright
from tilewright.errors import ShapeError, TilewrightError, UnsupportedOpError

Array = NDArray[Any]
RNG = np.random.default_rng(11)
BYTES = ("int8", "uint8")


def both(
    op: str,
    inputs: Mapping[str, Array | None],
    outputs: int = 1,
    constant: str = "",
    unused: str = "",
    below: int = 0,
    **attributes: Any,
) -> list[tuple[Array, Array]]:
    """(found, expected) for each output but those `unused`.

    Operands whose names start with `constant` are initializers; dims `below` a number are open.
    """
    given = {name: x for name, x in inputs.items() if x is not None}
    fixed = {name: x for name, x in given.items() if constant and name.startswith(constant)}
    fed = {name: x for name, x in given.items() if name not in fixed}
    results = [f"y{i}" if str(i) not in unused else "" for i in range(outputs)]
    node = helper.make_node(
        op, [n if x is not None else "" for n, x in inputs.items()], results, domain="com.microsoft", **attributes
    )
    types = {n: Typed([f"n{d}" if d < below else d for d in x.shape], x.dtype) for n, x in fed.items()}
    model = make_model([node], types, [r for r in results if r], fixed, opset=20, domains=["com.microsoft"])
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected: list[Any] = list(session.run(None, fed))
    return list(zip(tilewright.compile(model).run(fed).values(), expected, strict=True))


def assert_close(pairs: list[tuple[Array, Array]], tolerance: float = 1e-5) -> None:
    for found, expected in pairs:
        assert found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=tolerance, atol=tolerance)


def assert_steps(pairs: list[tuple[Array, Array]], share: float = 0.03) -> None:
    """Equal integers, but for a few (ties, or another order of sums) that are one apart."""
    for found, expected in pairs:
        assert found.dtype == expected.dtype and found.shape == expected.shape
        apart = np.abs(found.astype(int) - expected.astype(int))
        assert len(np.unique(expected)) > 3, "the case saturates everywhere"
        assert apart.max() <= 1 and (apart != 0).mean() <= share, (apart.max(), (apart != 0).mean())


def integers(dtype: str, *shape: int) -> Array:
    info = np.iinfo(dtype)
    return RNG.integers(int(info.min), int(info.max) + 1, shape).astype(dtype)


def scale(value: float) -> Array:
    return np.array(value, np.float32)


def middle(dtype: str, off: int = 5) -> Array:
    """A zero point near the middle of the type."""
    return np.array(off if dtype == "int8" else 128 + off, dtype)


def floats(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


# -- quantized ops ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
@pytest.mark.parametrize("shapes", [((2, 3, 17), (2, 3, 17)), ((2, 3, 17), (17,)), ((2, 1, 9), (3, 1)), ((40,), ())])
def test_binary(kind: str, op: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = (integers(kind, *s) for s in shapes)
    to = 0.05 if op == "QLinearAdd" else 0.1
    inputs = {"a": a, "sa": scale(0.02), "za": middle(kind), "b": b, "sb": scale(0.03), "zb": middle(kind, -9)}
    assert_steps(both(op, inputs | {"sc": scale(to), "zc": middle(kind, 20)}, constant="z"))


@pytest.mark.parametrize("kind", BYTES)
def test_binary_without_a_zero_point(kind: str) -> None:
    a, b = integers(kind, 5, 8), integers(kind, 5, 8)
    inputs = {"a": a, "sa": scale(0.02), "za": middle(kind), "b": b, "sb": scale(0.03), "zb": middle(kind)}
    assert_steps(both("QLinearAdd", inputs | {"sc": scale(0.06)}))


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize(("op", "to", "how"), [("QLinearSigmoid", 1 / 256, {}), ("QLinearLeakyRelu", 0.03, {"alpha": 0.2})])
def test_unary(kind: str, op: str, to: float, how: dict[str, Any]) -> None:
    inputs = {"x": integers(kind, 3, 70), "sx": scale(0.04), "zx": middle(kind), "sy": scale(to)}
    assert_steps(both(op, inputs | {"zy": middle(kind, -100)}, constant="s", **how))


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize(("axis", "opset"), [(-1, 13), (1, 13), (1, 12), (2, 11)])
def test_softmax(kind: str, axis: int, opset: int) -> None:
    inputs = {"x": integers(kind, 2, 5, 6), "sx": scale(0.02), "zx": middle(kind), "sy": scale(1 / 256)}
    zero = np.array(-128 if kind == "int8" else 0, kind)
    assert_steps(both("QLinearSoftmax", inputs | {"zy": zero}, constant="sz", axis=axis, opset=opset), 0.1)


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool(kind: str, last: int, include: int) -> None:
    x = integers(kind, 2, 8, 9, 4) if last else integers(kind, 2, 4, 8, 9)
    inputs = {"x": x, "sx": scale(0.02), "zx": middle(kind), "sy": scale(0.015), "zy": middle(kind, 2)}
    how: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 0], "strides": [2, 1], "count_include_pad": include}
    assert_steps(both("QLinearAveragePool", inputs, channels_last=last, **how))


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("last", [0, 1])
def test_global_average_pool(kind: str, last: int) -> None:
    x = integers(kind, 2, 5, 7, 40) if last else integers(kind, 2, 40, 5, 7)
    inputs = {"x": x, "sx": scale(0.02), "zx": middle(kind), "sy": scale(0.005), "zy": middle(kind, 2)}
    assert_steps(both("QLinearGlobalAveragePool", inputs, channels_last=last))


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat(kind: str, axis: int) -> None:
    """One of the parts has the scale of the result."""
    inputs: dict[str, Array | None] = {"sy": scale(0.05), "zy": middle(kind, 3)}
    for i, (factor, off) in enumerate(((0.05, 3), (0.02, 9), (0.05, 4))):
        inputs |= {f"x{i}": integers(kind, 3, 4, 5), f"s{i}": scale(factor), f"z{i}": middle(kind, off)}
    assert_steps(both("QLinearConcat", inputs, axis=axis))
    assert_steps(both("QLinearConcat", inputs, constant="s", axis=axis))
    names = [n for n in inputs if n[0] in "sz"]
    renamed = {("c" + n if n in names else n): x for n, x in inputs.items()}
    assert_steps(both("QLinearConcat", renamed, constant="c", axis=axis))


@pytest.mark.parametrize("kind", BYTES)
def test_where(kind: str) -> None:
    inputs: dict[str, Array | None] = {"c": RNG.integers(0, 2, (3, 1, 8)).astype(bool)}
    inputs |= {"x": integers(kind, 3, 5, 8), "sx": scale(0.02), "zx": middle(kind)}
    inputs |= {"y": integers(kind, 8), "sy": scale(0.04), "zy": middle(kind, -4), "sz": scale(0.03), "zz": middle(kind, 1)}
    assert_steps(both("QLinearWhere", {n if n in "cxy" else "k" + n: x for n, x in inputs.items()}, constant="k"))


@pytest.mark.parametrize("kind", BYTES)
def test_reduce_mean(kind: str) -> None:
    """onnxruntime has only the schema; the formula in numpy."""
    x = integers(kind, 3, 6, 5)
    inputs = {"x": x, "sx": scale(0.02), "zx": middle(kind), "sy": scale(0.01), "zy": middle(kind, 2)}
    node = helper.make_node("QLinearReduceMean", list(inputs), ["y"], domain="com.microsoft", axes=[1], keepdims=0)
    model = make_model([node], {n: Typed(v.shape, v.dtype) for n, v in inputs.items()}, domains=["com.microsoft"])
    (found,) = tilewright.compile(model).run(inputs).values()
    mean = ((x.astype(np.float64) - int(inputs["zx"])) * 0.02).mean(1)
    expected: Array = np.rint(mean / 0.01) + int(inputs["zy"])
    info = np.iinfo(kind)
    assert_steps([(found, np.clip(expected, int(info.min), int(info.max)).astype(kind))])


@pytest.mark.parametrize("kind", ["int16", "uint16", "int8", "uint8"])
def test_quantization_of_other_types(kind: str) -> None:
    zero = np.array(3, kind)
    assert_steps(both("QuantizeLinear", {"x": floats(6, 9) * 30, "s": scale(0.3), "z": zero}))
    assert_close(both("DequantizeLinear", {"x": integers(kind, 6, 9), "s": scale(0.3), "z": zero}))


# -- quantized products -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("trans", [(0, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("per_column", [False, True])
@pytest.mark.parametrize("to_float", [False, True])
def test_qgemm(kind: str, trans: tuple[int, int], per_column: bool, to_float: bool) -> None:
    a, b = integers(kind, *((30, 7) if trans[0] else (7, 30))), integers("int8", *((12, 30) if trans[1] else (30, 12)))
    columns = RNG.uniform(0.01, 0.02, 12).astype(np.float32) if per_column else scale(0.015)
    zeros = np.zeros(12, np.int8) if per_column else np.array(0, np.int8)
    inputs: dict[str, Array | None] = {"a": a, "sa": scale(0.02), "za": middle(kind), "kb": b, "ksb": columns, "kzb": zeros}
    inputs |= {"kc": RNG.integers(-900, 900, 12).astype(np.int32)}
    if kind == "int8" and trans[0]:
        inputs["kc"] = None
    inputs |= {} if to_float else {"sy": scale(0.2), "zy": middle(kind)}
    found = both("QGemm", inputs, constant="k", transA=trans[0], transB=trans[1], alpha=1.5)
    assert_close(found) if to_float else assert_steps(found)


@pytest.mark.parametrize("kinds", [("uint8", "int8"), ("uint8", "uint8"), ("int8", "int8")])
@pytest.mark.parametrize("batch", [(), (3,)])
@pytest.mark.parametrize("extras", [False, True])
def test_product_to_float(kinds: tuple[str, str], batch: tuple[int, ...], extras: bool) -> None:
    a, b = integers(kinds[0], *batch, 5, 33), integers(kinds[1], 33, 18)
    inputs: dict[str, Array | None] = {"a": a, "kb": b, "sa": scale(0.02), "ksb": scale(0.01)}
    if extras:
        inputs |= {"ksb": RNG.uniform(0.01, 0.02, 18).astype(np.float32), "za": middle(kinds[0]), "kzb": integers(kinds[1], 18)}
        inputs |= {"bias": floats(18)}
    assert_close(both("MatMulIntegerToFloat", inputs, constant="k"), 1e-4)


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("extras", [False, True])
def test_dynamic_product(kind: str, extras: bool) -> None:
    inputs: dict[str, Array | None] = {"a": floats(2, 5, 40), "kb": integers(kind, 40, 18), "ksb": scale(0.01)}
    if extras:
        columns = RNG.uniform(0.01, 0.02, 18).astype(np.float32)
        inputs |= {"ksb": columns, "kzb": integers(kind, 18), "bias": floats(18)}
    assert_close(both("DynamicQuantizeMatMul", inputs, constant="k"), 1e-4)


# -- fused ops --------------------------------------------------------------------------------------------------------------
ACTIVATIONS: list[tuple[str, list[float]]] = [
    ("", []),
    ("Relu", []), ("Tanh", []), ("Sigmoid", []), ("LeakyRelu", [0.3]), ("Clip", [-0.5, 0.7]), ("HardSigmoid", [0.3, 0.4]),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "parameters"), ACTIVATIONS)
@pytest.mark.parametrize("added", [False, True])
def test_fused_conv(activation: str, parameters: list[float], added: bool) -> None:
    inputs = {"x": floats(1, 4, 8, 9), "kw": floats(6, 4, 3, 3), "kb": floats(6), "z": floats(1, 6, 4, 9)}
    if not added:
        del inputs["z"]
    how: dict[str, Any] = ({"activation": activation} if activation else {}) | (
        {"activation_params": parameters} if parameters else {}
    )
    assert_close(both("FusedConv", inputs, constant="k", pads=[1, 1, 1, 1], strides=[2, 1], **how), 1e-4)


@pytest.mark.parametrize(("activation", "parameters"), [("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.3}), ("Tanh", {})])
def test_fused_gemm(activation: str, parameters: dict[str, Any]) -> None:
    inputs = {"a": floats(5, 12), "b": floats(7, 12), "c": floats(7)}
    assert_close(both("FusedGemm", inputs, transB=1, alpha=0.5, beta=2.0, activation=activation, **parameters))


@pytest.mark.parametrize("turned", ["", "A", "B", "AB"])
@pytest.mark.parametrize("moved", ["", "A", "B", "AB"])
def test_fused_matmul(turned: str, moved: str) -> None:
    shapes = {"A": (2, 3, 4, 5), "B": (2, 3, 5, 6)}
    operands: dict[str, Array | None] = {}
    for side, (b, c, rows, columns) in shapes.items():
        rows, columns = (columns, rows) if side in turned else (rows, columns)
        operands[side] = floats(*((rows, b, c, columns) if side in moved else (b, c, rows, columns)))
    how: dict[str, Any] = {f"trans{s}": int(s in turned) for s in "AB"} | {f"transBatch{s}": int(s in moved) for s in "AB"}
    assert_close(both("FusedMatMul", operands, alpha=0.25, **how))


GELUS = [("BiasGelu", True), ("FastGelu", True), ("FastGelu", False), ("Gelu", False), ("QuickGelu", False)]


@pytest.mark.parametrize(("op", "bias"), GELUS)
def test_gelus(op: str, bias: bool) -> None:
    assert_close(both(op, {"x": floats(3, 5, 33) * 3} | ({"b": floats(33)} if bias else {})))


@pytest.mark.parametrize("skip", [(2, 5, 48), (1, 5, 48), (5, 48)])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("simple", [False, True])
def test_skip_layer_norm(skip: tuple[int, ...], bias: bool, simple: bool) -> None:
    inputs: dict[str, Array | None] = {"x": floats(2, 5, 48), "skip": floats(*skip), "gamma": floats(48)}
    inputs |= {} if simple else {"beta": floats(48)}
    inputs |= {"bias": floats(48)} if bias else {}
    op = "SkipSimplifiedLayerNormalization" if simple else "SkipLayerNormalization"
    assert_close(both(op, inputs, 4, unused="12", epsilon=1e-5))


def test_the_norm_in_the_domain_of_onnx() -> None:
    inputs = {"x": floats(2, 5, 48), "gamma": floats(48)}
    node = helper.make_node("SimplifiedLayerNormalization", list(inputs), ["y"], axis=-1, epsilon=1e-5, stash_type=1)
    model = make_model([node], {n: x.shape for n, x in inputs.items()}, opset=17)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected: list[Any] = list(session.run(None, inputs))
    assert_close(list(zip(tilewright.compile(model).run(inputs).values(), expected, strict=True)))


@pytest.mark.parametrize("given", ["", "segments", "mask", "positions", "segments mask positions"])
def test_embed_layer_norm(given: str) -> None:
    ids = RNG.integers(0, 20, (2, 6)).astype(np.int32)
    segments = RNG.integers(0, 2, (2, 6)).astype(np.int32) if "segments" in given else None
    inputs: dict[str, Array | None] = {"ids": ids, "segments": segments, "kw": floats(20, 32), "kp": floats(9, 32)}
    inputs |= {"ks": floats(2, 32) if "segments" in given else None, "kgamma": floats(32), "kbeta": floats(32)}
    inputs["mask"] = RNG.integers(0, 2, (2, 6)).astype(np.int32) if "mask" in given else None
    inputs |= {"positions": RNG.integers(0, 9, (2, 6)).astype(np.int32)} if "positions" in given else {}
    assert_close(both("EmbedLayerNormalization", inputs, 3, constant="k", epsilon=1e-5))


# -- attention --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("mask", [None, (2, 7)])
@pytest.mark.parametrize("bias", [None, (2, 4, 7, 7), (1, 4, 7, 7)])
def test_attention(causal: int, mask: tuple[int, ...] | None, bias: tuple[int, ...] | None) -> None:
    inputs: dict[str, Array | None] = {"x": floats(2, 7, 32), "kw": floats(32, 96) * 0.2, "kb": floats(96)}
    inputs["mask"] = np.maximum(RNG.integers(0, 2, mask), np.arange(7) == 0).astype(np.int32) if mask else None
    inputs["past"] = None
    if bias:
        inputs["bias"] = floats(*bias)
    assert_close(both("Attention", inputs, constant="k", num_heads=4, unidirectional=causal), 1e-4)


@pytest.mark.parametrize("op", ["Attention", "MultiHeadAttention"])
def test_lengths(op: str) -> None:
    inputs: dict[str, Array | None] = {"x": floats(2, 7, 32), "kw": floats(32, 96) * 0.2, "kb": floats(96)}
    if op == "MultiHeadAttention":
        inputs = {name: floats(2, 7, 32) for name in "xyz"} | {"b": None}
    assert_close(both(op, inputs | {"lengths": np.array([7, 3], np.int32)}, constant="k", num_heads=4), 1e-4)


BEYOND: list[tuple[str, dict[str, tuple[int | str, ...]], dict[str, Any]]] = [
    ("RotaryEmbedding", {"x": (2, 4, 5, 8), "p": (1,), "c": (20, 8), "s": (20, 8)}, {}),
    ("Attention", {"x": (2, 5, 8), "w": (8, 24), "b": (24,)}, {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 16]}),
    ("Attention", {"x": (2, 5, 8), "w": (8, 24), "b": (24,)}, {"num_heads": 2, "qkv_hidden_sizes": [-8, 8, 8]}),
    ("MultiHeadAttention", {"q": (2, 5, 8), "k": (2, 5, 8), "v": (2, 5, 8), "b": (20,)}, {"num_heads": 2}),
]


@pytest.mark.parametrize(("op", "shapes", "how"), BEYOND)
def test_parts_beyond_the_end_are_errors(op: str, shapes: dict[str, tuple[int | str, ...]], how: dict[str, Any]) -> None:
    node = helper.make_node(op, list(shapes), ["y"], domain="com.microsoft", **how)
    types = {n: Typed(s, np.int64 if n == "p" else np.float32) for n, s in shapes.items()}
    with pytest.raises(ShapeError, match=op):
        tilewright.compile(make_model([node], types, domains=["com.microsoft"]))


def test_a_short_bias_is_an_error_when_it_comes() -> None:
    node = helper.make_node("MultiHeadAttention", ["q", "k", "v", "b"], ["y"], domain="com.microsoft", num_heads=2)
    types: dict[str, Any] = {n: (2, 5, 8) for n in "qkv"} | {"b": ("z",)}
    session = tilewright.compile(make_model([node], types, domains=["com.microsoft"]))
    operands = {n: floats(2, 5, 8) for n in "qkv"}
    assert session.run(operands | {"b": floats(24)})["y"].shape == (2, 5, 8)
    with pytest.raises(TilewrightError):
        session.run(operands | {"b": floats(20)})


def test_attention_with_a_past() -> None:
    inputs: dict[str, Array | None] = {"x": floats(2, 3, 32), "kw": floats(32, 96) * 0.2, "kb": floats(96), "mask": None}
    inputs["past"] = floats(2, 2, 4, 5, 8)
    assert_close(both("Attention", inputs, 2, constant="k", num_heads=4, unidirectional=1), 1e-4)


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("extras", [False, True])
def test_multi_head_attention(cross: bool, extras: bool) -> None:
    keys = (2, 4, 9, 8) if cross else (2, 9, 32)
    inputs: dict[str, Array | None] = {"q": floats(2, 5, 32), "k": floats(*keys), "v": floats(*keys)}
    if extras:
        mask = np.maximum(RNG.integers(0, 2, (2, 9)), np.arange(9) == 0).astype(np.int32)
        inputs |= {"kb": None if cross else floats(96), "mask": mask, "bias": floats(2, 4, 5, 9)}
    assert_close(both("MultiHeadAttention", inputs, num_heads=4), 1e-4)


def test_multi_head_attention_with_a_past() -> None:
    inputs: dict[str, Array | None] = {name: floats(2, 3, 32) for name in "qkv"}
    inputs |= {"b": None, "mask": None, "bias": None, "pk": floats(2, 4, 5, 8), "pv": floats(2, 4, 5, 8)}
    assert_close(both("MultiHeadAttention", inputs, 3, num_heads=4, unidirectional=1), 1e-4)


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("part", [False, True])
def test_rotary_embedding(interleaved: int, split: bool, offset: bool, part: bool) -> None:
    rotated = 8 if part else 16
    places = np.array([3]) if offset else RNG.integers(0, 20, (2, 5))
    angles = RNG.uniform(-3, 3, (20, rotated // 2))
    inputs: dict[str, Array | None] = {"x": floats(2, 4, 5, 16) if split else floats(2, 5, 64), "p": places.astype(np.int64)}
    inputs |= {"cos": np.cos(angles).astype(np.float32), "sin": np.sin(angles).astype(np.float32)}
    how: dict[str, Any] = {"num_heads": 4, "rotary_embedding_dim": rotated} if part else {}
    assert_close(both("RotaryEmbedding", inputs, interleaved=interleaved, **how))


def _quantized(kind: str, *shape: int) -> dict[str, Array | None]:
    return {"x": integers(kind, *shape), "ks": scale(0.02), "kz": middle(kind), "kt": scale(0.012), "ky": middle(kind, 2)}


OPEN: dict[str, tuple[Mapping[str, Array | None], dict[str, Any]]] = {
    "QLinearGlobalAveragePool": (_quantized("uint8", 2, 16, 5, 7), {}),
    "QLinearAveragePool": (_quantized("uint8", 2, 16, 5, 7), {"kernel_shape": [2, 2]}),
    "QLinearSoftmax": (_quantized("uint8", 5, 3, 20) | {"kt": scale(1 / 256), "ky": np.array(0, np.uint8)}, {"opset": 13}),
    "DynamicQuantizeMatMul": ({"x": floats(3, 5, 40), "kb": integers("int8", 40, 18), "ks": scale(0.01)}, {}),
    "SkipLayerNormalization": ({"x": floats(2, 5, 48), "s": floats(5, 48), "kg": floats(48), "kb": floats(48)}, {}),
    "Attention": (
        {"x": floats(2, 7, 32), "kw": floats(32, 96), "kb": floats(96), "m": np.tri(7, 7, 2)[:2].astype(np.int32)},
        {"num_heads": 4, "unidirectional": 1},
    ),
    "MultiHeadAttention": ({"q": floats(2, 5, 32), "x": floats(2, 9, 32), "v": floats(2, 9, 32)}, {"num_heads": 4}),
    "RotaryEmbedding": (
        {"x": floats(2, 5, 64), "p": np.array([3]), "kc": floats(20, 8), "ks": floats(20, 8)},
        {},
    ),
    "EmbedLayerNormalization": (
        {"x": integers("int32", 2, 6) % 20, "s": None, "kw": floats(20, 32), "kp": floats(9, 32), "": None}
        | {"kg": floats(32), "kb": floats(32)},
        {},
    ),
}


@pytest.mark.parametrize("op", OPEN)
def test_open_sizes(op: str) -> None:
    inputs, how = OPEN[op]
    pairs = both(op, inputs, 2 if op == "EmbedLayerNormalization" else 1, constant="k", below=16, **how)
    assert_steps(pairs) if op.startswith("QLinear") else assert_close(pairs, 1e-4)


@pytest.mark.parametrize(("op", "inputs", "how"), [("FusedConv", 2, {"activation": "Unheard"}), ("GroupQueryAttention", 3, {})])
def test_what_is_refused_is_named(op: str, inputs: int, how: dict[str, Any]) -> None:
    names = [f"x{i}" for i in range(inputs)]
    node = helper.make_node(op, names, ["y"], domain="com.microsoft", **how)
    model = make_model([node], dict.fromkeys(names, (1, 2, 3, 3)), domains=["com.microsoft"])
    with pytest.raises(UnsupportedOpError, match=op):
        tilewright.compile(model)
