"""Folding gives what the reference interpreter gives, for every op that is folded; and refuses what it must."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from random_graphs import Case, graphs
from reference import evaluate
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region

from tilewright.dialects import graph
from tilewright.dialects.graph.base import si64
from tilewright.dialects.graph.dtypes import element_type
from tilewright.dialects.graph.types import tensor
from tilewright.passes.constant_eval import RULES
from tilewright.passes.constants import make_constant
from tilewright.passes.fold_constants import FoldConstantsPass
from tilewright.passes.session import CompileSession
from tilewright.runtime.weights import WeightStore

Array = NDArray[Any]
X = np.array([[1.5, -2.5, 0.0], [np.nan, np.inf, -0.0]], np.float32)
I = np.array([[7, -7, 2], [0, 5, -1]], np.int32)  # noqa: E741  # as in mathematics
U = np.array([[7, 200, 2], [0, 5, 1]], np.uint8)
B = np.array([[True, False, True], [False, False, True]])
INDEX = np.array([[0, -1, 1], [2, 0, 0]])
NUMBERS = [X, X.astype(np.float16), X.astype(ml_dtypes.bfloat16), I, U]


def folded(kind: type[Operation], arrays: list[Array], keywords: dict[str, Any]) -> tuple[Array, Array, bool]:
    """The result of an op on constants by the reference, after folding, and whether it was folded."""
    store = WeightStore()
    constants = [make_constant(a, store) for a in arrays]
    operands: list[Any] = [constants] if kind is graph.ConcatOp else constants
    op = kind(*operands, **keywords)
    block = Block([*constants, op, ReturnOp(op.results[0])])
    module = ModuleOp([FuncOp("main", ([], [op.results[0].type]), Region(block))])
    module.verify()
    expected = evaluate(module, [], store)[0]
    with CompileSession(weights=store).activate():
        FoldConstantsPass().apply(Context(), module)
    module.verify()
    return expected, evaluate(module, [], store)[0], isinstance(block.first_op, graph.ConstantOp) and len(block.ops) == 2


ORDERED = (graph.LessOp, graph.LessEqualOp, graph.GreaterOp, graph.GreaterEqualOp)
ROWS: list[tuple[type[Operation], list[Array], dict[str, Any]]] = [
    *((kind, [a], {}) for kind in (graph.AbsOp, graph.NegOp, graph.SignOp, graph.ReluOp) for a in NUMBERS),
    *((kind, [X], {}) for kind in (graph.SqrtOp, graph.ReciprocalOp, graph.FloorOp, graph.CeilOp, graph.RoundOp, graph.IsNanOp)),
    (graph.NotOp, [B], {}),
    (graph.BitwiseNotOp, [U], {}),
    (graph.IdentityOp, [B], {}),
    *((kind, [a, a[::-1]], {}) for kind in (graph.AddOp, graph.SubOp, graph.MulOp, graph.MinOp, graph.MaxOp) for a in NUMBERS),
    *((kind, [a, a[::-1]], {}) for kind in ORDERED for a in NUMBERS),
    (graph.EqualOp, [B, B[::-1]], {}),
    *((kind, [B, B[::-1]], {}) for kind in (graph.AndOp, graph.OrOp, graph.XorOp)),
    *((kind, [U, U[::-1]], {}) for kind in (graph.BitwiseAndOp, graph.BitwiseOrOp, graph.BitwiseXorOp)),
    *((kind, [I, np.array([1, 2, 3], np.int32)], {}) for kind in (graph.ShiftLeftOp, graph.ShiftRightOp, graph.PowOp)),
    *((graph.DivOp, [a, np.array([3, -2, 5]).astype(a.dtype)], {}) for a in (X, I)),
    (graph.ModOp, [I, np.array([3, -2, 5], np.int32)], {}),
    (graph.ModOp, [I, np.array([3, -2, 5], np.int32)], {"fmod": True}),
    (graph.PreluOp, [X, np.array([0.5, 2, 3], np.float32)], {}),
    (graph.LeakyReluOp, [X], {"alpha": 0.1}),
    *((graph.ClipOp, [a], {"min": -1.0, "max": 2.0}) for a in (X, I)),
    (graph.IsInfOp, [X], {"detect_negative": False, "detect_positive": True}),
    (graph.WhereOp, [B, X, X[::-1]], {}),
    *((graph.CastOp, [a], {"to": element_type(t)}) for a in (I, U, B) for t in (np.float32, np.float16, np.int8, np.bool_)),
    (graph.CastOp, [X[:1]], {"to": si64}),
    (graph.CastOp, [np.array([-8, 7], ml_dtypes.int4)], {"to": si64}),
    (graph.CastOp, [np.array([0.5, -6], ml_dtypes.float4_e2m1fn)], {"to": element_type(np.float16)}),
    (graph.BitcastOp, [X], {"to": element_type(np.int32)}),
    (graph.TransposeOp, [X], {"perm": [1, 0]}),
    (graph.ReshapeOp, [X], {"result_type": tensor(element_type(X.dtype), [3, 2])}),
    (graph.BroadcastOp, [X], {"result_type": tensor(element_type(X.dtype), [4, 2, 3])}),
    (graph.SliceOp, [X], {"starts": [1, 2], "steps": [-1, -2], "result_type": tensor(element_type(X.dtype), [2, 2])}),
    (graph.ConcatOp, [X, X], {"axis": 1}),
    *((graph.PadOp, [X], {"low": [1, 0], "high": [0, 2], "mode": mode}) for mode in ("constant", "reflect", "edge", "wrap")),
    (graph.PadOp, [X], {"low": [-1, 2], "high": [0, -1]}),
    (graph.TriluOp, [X], {"upper": False, "k": -1}),
    (graph.GatherOp, [X, INDEX], {"axis": 1}),
    (graph.GatherElementsOp, [X, INDEX], {"axis": 1}),
    (graph.GatherNdOp, [X, np.array([[1, 0], [0, -1]])], {}),
    (graph.GatherNdOp, [X, np.array([[1], [-1]])], {"batch_dims": 1}),
    *((graph.ScatterElementsOp, [I, INDEX, I], {"axis": 1, "reduction": r}) for r in ("add", "mul", "max", "min")),
    (graph.ScatterElementsOp, [X, np.array([[1]]), np.ones((1, 1), np.float32)], {"axis": 0}),
    (graph.ScatterNdOp, [X, np.array([[1]]), np.ones((1, 3), np.float32)], {}),
    (graph.OneHotOp, [np.array([1, -1]), np.array(3), np.array([5, 6])], {"axis": 0, "result_type": tensor(si64, [3, 2])}),
    (graph.RangeOp, [np.array(5), np.array(-1), np.array(-2)], {"result_type": tensor(si64, [3])}),
    *((graph.ReduceOp, [I], {"kind": k, "axes": [1], "keepdims": False}) for k in ("sum", "max", "min", "prod")),
    (graph.ReduceOp, [X], {"kind": "max", "axes": [0, 1]}),
    (graph.CumsumOp, [I], {"axis": 1, "exclusive": True, "reverse": True}),
    *((graph.ArgReduceOp, [I], {"kind": k, "axis": 0, "select_last_index": k == "min"}) for k in ("max", "min")),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[f"{i}-{kind.name}" for i, (kind, _, _) in enumerate(ROWS)])
def test_folding_agrees_with_the_reference(row: tuple[type[Operation], list[Array], dict[str, Any]]) -> None:
    kind, arrays, keywords = row
    expected, found, was_folded = folded(kind, arrays, keywords)
    assert was_folded
    assert expected.dtype == found.dtype
    np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64))


def test_every_rule_is_tested() -> None:
    assert set(RULES) == {kind for kind, _, _ in ROWS}


REFUSED: list[tuple[type[Operation], list[Array], dict[str, Any]]] = [
    (graph.DivOp, [I, I], {}),
    (graph.ModOp, [X, X], {"fmod": True}),
    (graph.PowOp, [X, X], {}),
    (graph.CastOp, [X], {"to": si64}),
    (graph.ReduceOp, [X], {"kind": "sum", "axes": [1]}),
    (graph.CumsumOp, [X], {"axis": 1}),
    (graph.RangeOp, [np.asarray(v, np.float32) for v in (0, 1, 0.3)], {"result_type": tensor(element_type(np.float32), [4])}),
    (graph.ScatterElementsOp, [X, np.array([[1]]), np.ones((1, 1), np.float32)], {"axis": 0, "reduction": "add"}),
]


@pytest.mark.parametrize("row", REFUSED, ids=[kind.name for kind, _, _ in REFUSED])
def test_what_machines_disagree_on_stays(row: tuple[type[Operation], list[Array], dict[str, Any]]) -> None:
    kind, arrays, keywords = row
    assert not folded(kind, [np.asarray(a) for a in arrays], keywords)[2]


def test_a_bad_index_stays_for_run_time() -> None:
    store = WeightStore()
    x, index = make_constant(X, store), make_constant(np.array([5]), store)
    op = graph.GatherOp(x, index)
    block = Block([x, index, op, ReturnOp(op)])
    module = ModuleOp([FuncOp("main", ([], [op.result.type]), Region(block))])
    with CompileSession(weights=store).activate():
        FoldConstantsPass().apply(Context(), module)
    assert op.parent is block


@given(case=graphs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_graphs_of_constants_keep_their_bits(case: Case) -> None:
    function = case.module.body.block.first_op
    assert isinstance(function, FuncOp)
    expected = evaluate(case.module, case.inputs, case.store)
    block = function.body.block
    for argument, array in zip(block.args, case.inputs, strict=True):
        constant = make_constant(array, case.store)
        block.insert_op_before(constant, block.first_op)  # pyright: ignore[reportArgumentType]  # it has a return
        argument.replace_all_uses_with(constant.result)
    with CompileSession(weights=case.store).activate():
        FoldConstantsPass().apply(Context(), case.module)
    for found, wanted in zip(evaluate(case.module, case.inputs, case.store), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_the_sum_of_a_weight_folds_though_the_cast_weight_would_be_too_large() -> None:
    """REWRITES F1: sums over the columns of 8-bit weights, which zero points multiply."""
    store, array = WeightStore(), np.random.default_rng(0).integers(-128, 128, (2048, 1024)).astype(np.int8)
    weight = make_constant(array, store)
    cast = graph.CastOp(weight, element_type(np.int32))
    total = graph.ReduceOp(cast, "sum", [0])
    block = Block([weight, cast, total, ReturnOp(total)])
    module = ModuleOp([FuncOp("main", ([], [total.result.type]), Region(block))])
    with CompileSession(weights=store).activate():
        FoldConstantsPass().apply(Context(), module)
    folded, returned = block.ops
    assert isinstance(folded, graph.ConstantOp) and folded.weight is not None and returned.operands[0] is folded.result
    np.testing.assert_array_equal(store[folded.weight], array.sum(0, dtype=np.int32, keepdims=True))
