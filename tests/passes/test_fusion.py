"""The fusion passes keep what a graph computes: the reference interpreter before and after, on random inputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import evaluate
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func, FuncOp
from xdsl.parser import Parser
from xdsl.utils.arg_spec import parse_pipeline

from tilewright.dialects.graph import Graph
from tilewright.dialects.graph.dtypes import numpy_dtype
from tilewright.dialects.graph.types import dims_of, element_of
from tilewright.passes.session import CompileSession
from tilewright.runtime.weights import WeightStore
from tilewright.universe import TILEWRIGHT_UNIVERSE

Array = NDArray[Any]


def parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, Func, Graph):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def store_for(module: ModuleOp) -> WeightStore:
    """Random weights for all entries that the module names."""
    from tilewright.dialects.graph import ConstantOp

    store, random = WeightStore(), np.random.default_rng(3)
    for op in module.walk():
        if isinstance(op, ConstantOp) and op.weight is not None and op.weight not in store:
            shape = [d.value for d in dims_of(op.result)]
            store.add(op.weight, random.uniform(0.5, 1.5, shape).astype(numpy_dtype(element_of(op.result))))
    return store


def inputs_for(function: FuncOp) -> list[Array]:
    random = np.random.default_rng(5)
    return [
        random.standard_normal([d.value if d.is_static else 3 for d in dims_of(arg)]).astype(numpy_dtype(element_of(arg)))
        for arg in function.body.block.args
    ]


def run_passes(module: ModuleOp, names: str, store: WeightStore) -> None:
    with CompileSession(weights=store).activate():
        for spec in parse_pipeline(names):
            TILEWRIGHT_UNIVERSE.all_passes[spec.name]().from_spec(spec).apply(Context(), module)
            module.verify()


def assert_near(found: Array, expected: Array) -> None:
    """Equal to the precision of the dtype, relative to the largest finite element."""
    tolerance = {"float16": 1e-2, "float32": 1e-5}.get(expected.dtype.name, 0.0)
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * float(finite.max(initial=0)))


def assert_kept(text: str, names: str, gone: str = "") -> None:
    """The passes leave what each function of the module computes, and no op named `gone`."""
    module = parse(text)
    store = store_for(module)
    cases = {f.sym_name.data: inputs_for(f) for f in module.ops if isinstance(f, FuncOp)}
    before = {name: evaluate(module, arrays, store, name) for name, arrays in cases.items()}
    run_passes(module, names, store)
    left = {op.name for op in module.walk()}
    assert not left & {f"graph.{name}" for name in gone.split()}, left
    for name, arrays in cases.items():
        for expected, found in zip(before[name], evaluate(module, arrays, store, name), strict=True):
            assert_near(found, expected)


def function(arguments: dict[str, str], weights: dict[str, str], body: list[str], result: str) -> str:
    """A function of these tensors ("2x4xf32") that returns %z, with weights of the store."""
    lines = [f'%{k} = graph.constant #graph.weight<"{k}"> : tensor<{t}>' for k, t in weights.items()]
    signature = ", ".join(f"%{k}: tensor<{t}>" for k, t in arguments.items())
    types = arguments | weights
    steps = "\n".join([*lines, *(typed(line, types) for line in body)])
    return f"func.func @main({signature}) -> tensor<{result}> {{\n{steps}\nfunc.return %z : tensor<{result}>\n}}"


def typed(line: str, types: dict[str, str]) -> str:
    """`%y = graph.op %a, %b {..} -> 4xf32` with the types of the operands filled in; remembers the result's."""
    text, result = line.split(" -> ")
    name, call = text.split(" = ", 1)
    operands = call.split(" {")[0].split(" ", 1)[1].split(", ")
    types[name[1:]] = result
    return f"{text} : ({', '.join(f'tensor<{types[o[1:]]}>' for o in operands)}) -> tensor<{result}>"


WINDOW = "strides = array<i64: 2, 1>, pads = array<i64: 1, 0, 1, 2>, dilations = array<i64: 1, 2>, group = 2 : i64"
VECTORS = {name: "6xf32" for name in "bcde"}
X = {"x": "2x4x6x5xf32"}

CASES = {
    "U1: batch-norm into a grouped convolution": (
        function(
            X,
            {"w": "6x2x3x2xf32", **VECTORS},
            [
                f"%y = graph.conv %x, %w, %b {{{WINDOW}}} -> 2x6x3x5xf32",
                "%z = graph.batch_norm %y, %b, %c, %d, %e {epsilon = 0.01} -> 2x6x3x5xf32",
            ],
            "2x6x3x5xf32",
        ),
        "decompose-batch-norm,fuse-scale-shift",
        "batch_norm mul add",
    ),
    "U1: batch-norm into a grouped transposed convolution": (
        function(
            X,
            {"w": "4x3x3x2xf32", **VECTORS},
            [
                f"%y = graph.conv_transpose %x, %w, %b {{{WINDOW}, output_padding = array<i64: 1, 0>}} -> 2x6x12x5xf32",
                "%z = graph.batch_norm %y, %b, %c, %d, %e {epsilon = 0.01} -> 2x6x12x5xf32",
            ],
            "2x6x12x5xf32",
        ),
        "decompose-batch-norm,fuse-scale-shift",
        "batch_norm mul add",
    ),
    "U1: batch-norm into a linear layer with a bias": (
        function(
            {"x": "5x4xf32"},
            {"w": "4x6xf32", **VECTORS},
            [
                "%y = graph.matmul %x, %w -> 5x6xf32",
                "%a = graph.add %y, %b -> 5x6xf32",
                "%z = graph.batch_norm %a, %b, %c, %d, %e {epsilon = 0.01} -> 5x6xf32",
            ],
            "5x6xf32",
        ),
        "decompose-batch-norm,fuse-scale-shift",
        "batch_norm mul",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rewritten_graphs_compute_the_same(name: str) -> None:
    assert_kept(*CASES[name])


LIT = Path(__file__).parents[2] / "lit" / "passes"
PASSES = (
    "absorb-",
    "fuse-input-scale",
    "hoist-slices",
    "pull-scales",
    "sink-movement",
    "assign-layouts",
    "decompose-batch-norm",
    "fuse-scale-shift",
    "recognize-",
    "simplify-elementwise",
)


@pytest.mark.parametrize("path", [p for name in PASSES for p in sorted(LIT.glob(f"{name}*.mlir"))], ids=lambda p: p.stem)
def test_lit_examples_compute_the_same(path: Path) -> None:
    """What FileCheck sees rewritten still computes the same."""
    text = path.read_text()
    pipeline = re.search(r"-p '?([^ ']+)'? \|", text)
    assert pipeline is not None
    assert_kept(text, pipeline[1])
