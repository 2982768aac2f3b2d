"""Graph passes keep what a graph computes, bit for bit, on random graphs; and what the lit tests can't say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from random_graphs import Case, graphs
from reference import evaluate
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region
from xdsl.passes import ModulePass

from tilewright.dialects import graph
from tilewright.passes.canonicalize_graph import CanonicalizeGraphPass
from tilewright.passes.constants import make_constant
from tilewright.passes.cse_graph import CseGraphPass
from tilewright.passes.fold_constants import FoldConstantsPass
from tilewright.passes.fold_shapes import FoldShapesPass
from tilewright.passes.session import CompileSession
from tilewright.passes.verify import check_dominance
from tilewright.runtime.weights import WeightStore

Array = NDArray[Any]
PASSES: tuple[type[ModulePass], ...] = (FoldConstantsPass, FoldShapesPass, CanonicalizeGraphPass, CseGraphPass)


def run(module: ModuleOp, store: WeightStore, *passes: type[ModulePass]) -> CompileSession:
    """Apply passes, verifying after each."""
    session = CompileSession(weights=store)
    with session.activate():
        for kind in passes:
            kind().apply(Context(), module)
            module.verify()
            check_dominance(module)
    return session


def assert_same_bits(found: list[Array], expected: list[Array]) -> None:
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        if a.dtype.kind == "f":
            numbers = ~np.isnan(a)
            np.testing.assert_array_equal(np.signbit(a)[numbers], np.signbit(b)[numbers])


@pytest.mark.parametrize("kind", PASSES)
@given(case=graphs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_outputs_keep_their_bits(kind: type[ModulePass], case: Case) -> None:
    case.module.verify()
    expected = evaluate(case.module, case.inputs, case.store)
    run(case.module, case.store, kind)
    assert_same_bits(evaluate(case.module, case.inputs, case.store), expected)


@given(case=graphs())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_canonical_graphs_stay(case: Case) -> None:
    run(case.module, case.store, CanonicalizeGraphPass)
    once = str(case.module)
    session = run(case.module, case.store, CanonicalizeGraphPass)
    assert session.rewrites.total == 0
    assert str(case.module) == once


def weights(store: WeightStore, *arrays: Array) -> tuple[ModuleOp, Block]:
    """A function that returns constants."""
    ops = [make_constant(a, store, f"w{i}") for i, a in enumerate(arrays)]
    block = Block([*ops, ReturnOp(*[op.result for op in ops])])
    return ModuleOp([FuncOp("main", ([], [op.result.type for op in ops]), Region(block))]), block


def test_weights_of_equal_content_are_one() -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal((64, 64)).astype(np.float32)
    b = a.copy()
    b[63, 62] += 1  # differs where no sample looks
    store = WeightStore()
    module, block = weights(
        store, a, a.copy(), b, a.astype(np.float64), np.ones((64, 64), np.float32), np.ones((64, 64), np.float32)
    )
    run(module, store, CseGraphPass)
    assert len([op for op in block.ops if isinstance(op, graph.ConstantOp)]) == 4


def test_large_weights_fold_to_recipes_that_run_once_read() -> None:
    store = WeightStore()
    array = np.random.default_rng(0).standard_normal((512, 1024)).astype(np.float32)
    module, block = weights(store, array)
    constant = block.first_op
    assert isinstance(constant, graph.ConstantOp)
    turned = graph.TransposeOp(constant, [1, 0])
    block.insert_op_after(turned, constant)
    last = block.last_op
    assert last is not None
    last.operands[0] = turned.result
    function = block.parent_op()
    assert isinstance(function, FuncOp)
    function.update_function_type()
    run(module, store, FoldConstantsPass)
    folded = block.first_op
    assert isinstance(folded, graph.ConstantOp) and folded.weight == "w0.transpose"
    assert not store.is_computed("w0.transpose")
    np.testing.assert_array_equal(evaluate(module, [], store)[0], array.T)
