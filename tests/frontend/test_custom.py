"""Ops of other domains: the examples of docs/custom-ops.md, and what can be wrong with a registration."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import DTypeLike
from onnx import helper
from onnx_models import Typed, make_model, native

import tilewright
from tilewright import registration
from tilewright.custom import AnyTensor, Definer, Indices, Node, Term, Value, dims_of, element_of, graph, like, tensor, term
from tilewright.errors import BadModelError, RegistrationError, RunError, UnsupportedOpError
from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "custom-ops.md"
DOMAIN = "my.ops"
COLLATZ = ("Collatz", {"steps": 3}, np.int64)


@pytest.fixture(autouse=True)
def _own_registrations() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]  # pytest calls it
    before = {key: list(rows) for key, rows in registration._rules.items()}  # pyright: ignore[reportPrivateUsage]  # restored below
    yield
    registration._rules.clear()  # pyright: ignore[reportPrivateUsage]  # as it was before
    registration._rules.update(before)  # pyright: ignore[reportPrivateUsage]  # as it was before


def examples() -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))


def load(folder: Path, name: str, source: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a new module of this source."""
    (folder / f"{name}.py").write_text(source)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    importlib.invalidate_caches()
    return importlib.import_module(name)


def model_of(name: str, dtype: DTypeLike = np.float32, inputs: int = 1, version: int = 1, **attributes: Any) -> onnx.ModelProto:
    names = ["x", "i"][:inputs]
    node = helper.make_node(name, names, ["y"], name="at", domain=DOMAIN, **attributes)
    specs = {"x": Typed(["rows", 5], dtype), "i": Typed(["rows"], np.int64)}
    return make_model([node], {n: specs[n] for n in names}, domains={DOMAIN: version})


def test_the_examples_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    load(tmp_path, "page_ops", examples(), monkeypatch)
    x = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    (y,) = native(model_of("Squareplus", b=2.0), x)
    np.testing.assert_allclose(y, (x + np.sqrt(x * x + 2)) / 2, rtol=1e-6)
    n = np.arange(1, 21).reshape(4, 5)
    (y,) = native(model_of(COLLATZ[0], np.int64, steps=3), n)
    for _ in range(3):
        n = np.where(n % 2, 3 * n + 1, n // 2)
    np.testing.assert_array_equal(y, n)


def test_ir_of_a_kernel_function_goes_on_from_any_stage(tmp_path: Path):
    """The tools import what TILEWRIGHT_PLUGINS names; printed IR is taken up again, and ends in the same code."""
    (tmp_path / "page_ops.py").write_text(examples())
    (tmp_path / "m.onnx").write_bytes(model_of(COLLATZ[0], np.int64, steps=3).SerializeToString())
    environment = dict(os.environ) | {"TILEWRIGHT_PLUGINS": "page_ops", "PYTHONPATH": f"{tmp_path}:{ROOT / 'typings'}"}

    def opt(source: str, passes: str) -> str:
        command = [sys.executable, "-m", "tilewright.cli.opt", source, "-p", passes]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    stages = "kernels-pipeline,schedule-pipeline,memory-pipeline,loops-pipeline"
    text = opt("m.onnx", "graph-pipeline")
    assert '"my.ops::Collatz::1"' in text
    (tmp_path / "graph.mlir").write_text(text)
    loops = opt("graph.mlir", stages)
    assert loops == opt("m.onnx", f"graph-pipeline,{stages}")
    assert "graph.custom" not in loops and "arith.shrsi" in loops


def test_importing_the_package_stays_light():
    code = "import sys, tilewright; tilewright.register_op('a', 'B')(print); assert not {'xdsl', 'onnx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_changed_function_never_gets_old_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither when the function itself is another one, nor when a helper in another file is."""
    source = (
        "import tilewright, {helper}\nfrom tilewright.custom import like\n\n"
        "@tilewright.register_op('my.ops', 'Scale', result=like(0), replace=True)\n"
        "def scale(d, op, at):\n    return d.element(op.xs[0], at) * {helper}.FACTOR * {own}\n"
    )
    model, x = model_of("Scale"), np.ones((2, 5), np.float32)
    for number, (factor, own) in enumerate([(2, 1), (2, 1), (3, 1), (3, 7)]):
        load(tmp_path, f"factor_{number}", f"FACTOR = {factor}\n", monkeypatch)
        load(tmp_path, f"scale_{number}", source.format(helper=f"factor_{number}", own=own), monkeypatch)
        np.testing.assert_array_equal(native(model, x)[0], x * factor * own)


def test_ir_made_with_another_source_is_refused():
    def scaled(factor: float) -> None:
        def element(d: Definer, op: graph.CustomOp, at: Indices) -> Value:
            return d.element(op.xs[0], at) * factor

        tilewright.register_op(DOMAIN, "Scale", result=like(0), replace=True)(element)

    scaled(2.0)
    module = import_model(model_of("Scale"), WeightStore())
    (op,) = (op for op in module.walk() if isinstance(op, graph.CustomOp))
    first = op.rule().digest
    scaled(3.0)
    found = registration.find_key(op.key.data)
    assert found is not None and found.digest != first
    with pytest.raises(RegistrationError, match="its source changed"):
        op.rule()


def test_a_kernel_function_may_have_another_type_read_anywhere_and_fail():
    def picked(op: graph.CustomOp) -> AnyTensor:
        return tensor(element_of(op.xs[0]), dims_of(op.xs[1]))

    @tilewright.register_op(DOMAIN, "Pick", result=picked)
    def pick(d: Definer, op: graph.CustomOp, at: Indices) -> Value:
        column = d.wrapped(d.element(op.xs[1], at), d.dims(op.xs[0])[1])
        return d.checked([(column, d.dims(op.xs[0])[1])], lambda: d.element(op.xs[0], [at[0], column]), op.result)

    x, model = np.arange(15, dtype=np.float16).reshape(3, 5), model_of("Pick", np.float16, 2)
    np.testing.assert_array_equal(native(model, x, np.array([0, -1, 2]))[0], [0, 9, 12])
    with pytest.raises(RunError, match="'at'"):
        tilewright.compile(model).run([x, np.array([0, 5, 2])])
    assert pick


def test_versions_follow_each_other_and_outputs_may_be_several():
    def rule(number: float) -> Callable[[Node], list[Term]]:
        return lambda n: [term(n) + number, term(n) * number]

    for since in (1, 3):
        tilewright.register_op(DOMAIN, "Both", since=since)(rule(since))
    for version, number in ((1, 1), (2, 1), (3, 3), (9, 3)):
        node = helper.make_node("Both", ["x"], ["y", "z"], domain=DOMAIN)
        model = make_model([node], {"x": [2]}, ["y", "z"], domains={DOMAIN: version})
        y, z = native(model, np.ones(2, np.float32))
        np.testing.assert_array_equal([y, z], [[1 + number] * 2, [number] * 2])
    tilewright.unregister_op(DOMAIN, "Both")
    with pytest.raises(UnsupportedOpError, match=r"Both \(my.ops opset 1\)"):
        tilewright.compile(model_of("Both"))


def nothing(_: Any) -> None: ...


@pytest.mark.parametrize(
    ("domain", "name", "since", "message"),
    [
        ("", "Relu", 1, "is ONNX's"),
        ("ai.onnx.ml", "New", 1, "is ONNX's"),
        (DOMAIN, "No-name", 1, "an op has a domain"),
        (DOMAIN, "Zero", 0, "an op has a domain"),
        (DOMAIN, "Twice", 1, "version 1 is registered already"),
    ],
)
def test_clashes_are_refused(domain: str, name: str, since: int, message: str):
    tilewright.register_op(DOMAIN, "Twice")(nothing)
    with pytest.raises(RegistrationError, match=message):
        tilewright.register_op(domain, name, since)(nothing)


def test_what_is_no_function_is_refused():
    with pytest.raises(RegistrationError, match=r"my\.ops\.Odd: expected a function, got 3"):
        tilewright.register_op(DOMAIN, "Odd")(3)  # pyright: ignore[reportArgumentType]  # which is refused


def number(*_: Any) -> int:
    return 3


def two_outputs(n: Node) -> list[Term]:
    return [term(n), term(n)]


def missing_input(n: Node) -> Term:
    return term(n, 4)


def wrong_element(d: Definer, op: graph.CustomOp, at: Indices) -> Value:
    return d.element(op.xs[0], at).gt(0)


@pytest.mark.parametrize(
    ("function", "result", "error", "message"),
    [
        (number, None, RegistrationError, "node 'at' .*gives int as output 0, expected a term"),
        (two_outputs, None, RegistrationError, "node 'at' .*gives 2 outputs, the node has 1"),
        (nothing, None, UnsupportedOpError, "its output 'y' is used"),
        (missing_input, None, BadModelError, "node 'at' .*input 4 is missing"),
        (number, like(0), RegistrationError, "my.ops::Bad::1: its kernel function gives int"),
        (wrong_element, like(0), RegistrationError, "my.ops::Bad::1: its kernel function gives i1, expected f32"),
    ],
)
def test_what_a_function_gives_is_checked(function: Any, result: Any, error: type[Exception], message: str):
    tilewright.register_op(DOMAIN, "Bad", result=result)(function)
    with pytest.raises(error, match=message):
        tilewright.compile(model_of("Bad"))
