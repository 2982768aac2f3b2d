"""What the FileCheck tests of graph passes rewrite computes the same before and after, on random inputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import ReferenceError, evaluate
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.parser import Parser

from tilewright.compiler import make_context
from tilewright.dialects import graph
from tilewright.dialects.graph.dtypes import numpy_dtype
from tilewright.dialects.graph.types import dims_of, element_of
from tilewright.passes.session import CompileSession
from tilewright.runtime.weights import WeightStore
from tilewright.universe import GRAPH_PASSES, TILEWRIGHT_UNIVERSE

Array = NDArray[Any]
LIT = Path(__file__).parents[2] / "lit" / "passes"
SIZES = (5, 7, 11, 13)
RUN = re.compile(r"RUN: tilewright-opt %s -p ([a-z-]+)(?:\{.*\})? .*filecheck %s")


def cases() -> list[tuple[str, str, str]]:
    """(name, pass, module) for each part of each lit test that runs one graph pass and expects no error."""
    found: list[tuple[str, str, str]] = []
    for path in sorted(LIT.rglob("*.mlir")):
        text = path.read_text()
        run = RUN.search(text.splitlines()[0])
        if run is None or run[1] not in GRAPH_PASSES or "--verify-diagnostics" in text or "{" in run[0]:
            continue
        if "!graph.object" in text:  # there are no random strings and sequences
            continue
        parts = text.split("// -----")
        found.extend((f"{path.relative_to(LIT).with_suffix('')}-{i}", run[1], part) for i, part in enumerate(parts))
    return found


def filled_store(module: ModuleOp, rng: np.random.Generator) -> WeightStore:
    """Random arrays for the weights that a module refers to; positive, as variances must be."""
    store = WeightStore()
    for op in module.walk():
        if isinstance(op, graph.ConstantOp) and op.weight is not None and op.weight not in store:
            store.add(op.weight, abs(random_array(op.result, {}, rng)))
    return store


def random_array(value: SSAValue, sizes: dict[str, int], rng: np.random.Generator) -> Array:
    """Floats around zero; integers that are legal indices and divisors as a rule."""
    for dim in dims_of(value):
        for symbol in sorted(dim.symbols):
            sizes.setdefault(symbol, SIZES[len(sizes)])
    shape = [dim.evaluate(sizes) for dim in dims_of(value)]
    dtype = numpy_dtype(element_of(value))
    if dtype.kind in "iub":
        return rng.integers(0, 2, shape).astype(dtype)
    return (rng.standard_normal(shape) * 2).astype(dtype)


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[name for name, _, _ in CASES])
def test_a_rewrite_keeps_what_is_computed(case: tuple[str, str, str]) -> None:
    _, name, text = case
    rng = np.random.default_rng(0)
    module = Parser(make_context(), text).parse_module()
    store = filled_store(module, rng)
    functions = [op for op in module.walk() if isinstance(op, FuncOp)]
    expected: dict[str, tuple[list[Array], list[Array]]] = {}
    for function in functions:
        sizes: dict[str, int] = {}
        inputs = [random_array(a, sizes, rng) for a in function.body.block.args]
        try:
            expected[function.sym_name.data] = inputs, evaluate(module, inputs, store, function.sym_name.data)
        except ReferenceError as error:
            pytest.skip(str(error))
    session = CompileSession(weights=store)
    with session.activate():
        TILEWRIGHT_UNIVERSE.all_passes[name]()().apply(make_context(), module)
    module.verify()
    for function, (inputs, outputs) in expected.items():
        for before, after in zip(outputs, evaluate(module, inputs, store, function), strict=True):
            assert before.dtype == after.dtype
            tolerance = 1e-2 if before.dtype.itemsize < 4 and before.dtype.kind not in "iub" else 1e-4
            np.testing.assert_allclose(after.astype(np.float64), before.astype(np.float64), rtol=tolerance, atol=tolerance / 10)
