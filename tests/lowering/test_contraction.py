"""The contraction rule on matmuls, natively against the reference interpreter, on buffers that end at a protected page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Attribute, Operation, SSAValue

from tilewright.backends.targets import TargetModel
from tilewright.dialects import graph
from tilewright.dialects.graph.types import dims_of, tensor
from tilewright.dialects.kernel import ScheduleAttr
from tilewright.errors import CompileError
from tilewright.lowering.rules.contraction import ContractionRule
from tilewright.lowering.rules.contraction_schedule import GATHERED, IN_PLACE

from .loops_text import LOCAL_TARGETS
from .rule_kernels import Build, Prepared, assert_close, make_kernel, prepare, reference, run_rule

RULE = ContractionRule()
V4 = LOCAL_TARGETS[0]
targets = pytest.mark.parametrize("target", LOCAL_TARGETS, ids=lambda t: t.name)


def arrays_for(types: Sequence[Attribute], dtype: type = np.float32) -> list[NDArray[np.floating]]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal([d.value for d in dims_of(t)]).astype(dtype) for t in types]


def check(
    types: Sequence[Attribute], build: Build, target: TargetModel = V4, slices: int = 1, dtype: type = np.float32
) -> ScheduleAttr:
    """Run a kernel of static shape and compare; the schedule that it ran under."""
    kernel = make_kernel(types, build)
    arrays = arrays_for(types, dtype)
    expected = reference(kernel, arrays)
    assert RULE.accepts([op for op in kernel.body.block.ops][:-1], target)
    run = run_rule(RULE, kernel, arrays, target, slices=slices)
    assert_close(run.result, expected)
    return run.schedule


def linear(args: Sequence[SSAValue]) -> list[Operation]:
    x, w, bias = args
    product = graph.MatmulOp(x, w)
    biased = graph.AddOp(product, bias)
    return [product, biased, graph.ReluOp(biased)]


SHAPES = [(1, 1, 1), (1, 70, 33), (2, 17, 5), (7, 9, 70), (14, 64, 32), (29, 31, 61), (65, 300, 100), (33, 2100, 65), (50, 64, 1)]


@targets
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_linear(target: TargetModel, shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    check([tensor(f32, [m, k]), tensor(f32, [k, n]), tensor(f32, [n])], linear, target, slices=2)


DYNAMIC = [tensor(f32, ["m", "k"]), tensor(f32, ["k", "n"]), tensor(f32, ["n"])]


@pytest.fixture(scope="module")
def dynamic_kernel() -> Prepared:
    """One kernel for all sizes."""
    return prepare(RULE, make_kernel(DYNAMIC, linear), V4, sizes=["m", "k", "n"])


@given(m=st.integers(1, 70), k=st.integers(1, 70), n=st.integers(1, 70), slices=st.integers(1, 4), at_end=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sizes(dynamic_kernel: Prepared, m: int, k: int, n: int, slices: int, at_end: bool) -> None:
    x, w, bias = arrays_for([tensor(f32, [m, k]), tensor(f32, [k, n]), tensor(f32, [n])])
    found = dynamic_kernel.run([x, w, bias], {"m": m, "k": k, "n": n}, slices, at_end)
    assert_close(found, np.maximum(x.astype(np.float64) @ w + bias, 0).astype(np.float32))


@pytest.mark.parametrize("sizes", [(1, 2500, 40), (600, 20, 33), (40, 5000, 3)], ids=str)
def test_large_runtime_sizes(dynamic_kernel: Prepared, sizes: tuple[int, int, int]) -> None:
    m, k, n = sizes
    x, w, bias = arrays_for([tensor(f32, [m, k]), tensor(f32, [k, n]), tensor(f32, [n])])
    found = dynamic_kernel.run([x, w, bias], {"m": m, "k": k, "n": n}, 3)
    assert_close(found, np.maximum(x.astype(np.float64) @ w + bias, 0).astype(np.float32))


@pytest.mark.parametrize("m", [1, 4, 5, 19])
def test_few_rows_give_the_bits_of_many(dynamic_kernel: Prepared, m: int) -> None:
    """The smaller block of a runtime number of rows sums in the same order."""
    x, w, bias = arrays_for([tensor(f32, [40, 70]), tensor(f32, [70, 50]), tensor(f32, [50])])
    many = dynamic_kernel.run([x, w, bias], {"m": 40, "k": 70, "n": 50}, 1)
    few = dynamic_kernel.run([x[:m], w, bias], {"m": m, "k": 70, "n": 50}, 1)
    np.testing.assert_array_equal(few, many[:m])


@pytest.mark.parametrize(
    "params", [{"lhs": 0}, {"lhs": 1}, {"rhs": 1}, {"lhs": 0, "kc": 32, "far": 4}, {"lhs": 1, "kc": 48}, {"few": 3}], ids=str
)
def test_every_way_of_reading(params: dict[str, int]) -> None:
    types = [tensor(f32, [29, 100]), tensor(f32, [100, 61]), tensor(f32, [61])]
    kernel, arrays = make_kernel(types, linear), arrays_for(types)
    chosen = RULE.schedule(kernel, V4)
    assert chosen is not None
    schedule = ScheduleAttr.of("contraction", **({key: chosen[key] for key in chosen.params.data} | params))
    expected = reference(kernel, arrays)
    assert_close(run_rule(RULE, kernel, arrays, V4, schedule=schedule, slices=2).result, expected)


@pytest.mark.parametrize("params", [{"mc": 15, "mr": 14}, {"nr": 24}, {"nr": 16}, {"few": 99}], ids=str)
def test_schedules_that_do_not_fit_are_refused(params: dict[str, int]) -> None:
    kernel = make_kernel([tensor(f32, [28, 8]), tensor(f32, [8, 32]), tensor(f32, [32])], linear)
    chosen = RULE.schedule(kernel, V4)
    assert chosen is not None
    RULE.pack(kernel, chosen)
    with pytest.raises(CompileError, match=r"has a schedule|run pack-operands"):
        RULE.lower(kernel, ScheduleAttr.of("contraction", **({k: chosen[k] for k in chosen.params.data} | params)), V4)


def test_double_precision() -> None:
    check([tensor(f64, [9, 20]), tensor(f64, [20, 13]), tensor(f64, [13])], linear, dtype=np.float64)


def test_batch_rows_fold_into_one_axis() -> None:
    schedule = check([tensor(f32, [2, 3, 5, 8]), tensor(f32, [8, 20]), tensor(f32, [20])], linear)
    assert schedule["mr"] > 5


@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True), (True, True)], ids=str)
def test_batched_runtime_operands(flags: tuple[bool, bool]) -> None:
    lhs, rhs = [2, 3, 10, 7], [1, 3, 7, 35]
    left = [*lhs[:2], *(lhs[:1:-1] if flags[0] else lhs[2:])]
    right = [*rhs[:2], *(rhs[:1:-1] if flags[1] else rhs[2:])]
    check([tensor(f32, left), tensor(f32, right)], lambda a: [graph.MatmulOp(a[0], a[1], *flags)], slices=3)


@targets
@pytest.mark.parametrize("shape", [(3, 40, 64), (1, 100, 17), (2, 7, 33), (4, 64, 1)], ids=str)
@pytest.mark.parametrize("swap", [False, True])
def test_a_matrix_times_a_column(target: TargetModel, shape: tuple[int, int, int], swap: bool) -> None:
    """The matrix's rows become lanes: one row of sums is kept, whatever the number of rows."""
    batch, m, k = shape
    matrix = [batch, k, m] if swap else [batch, m, k]

    def build(args: Sequence[SSAValue]) -> list[Operation]:
        product = graph.MatmulOp(args[0], args[1], swap)
        return [product, graph.AddOp(product, args[2])]

    types = [tensor(f32, matrix), tensor(f32, [batch, k, 1]), tensor(f32, [m, 1])]
    schedule = check(types, build, target, slices=3)
    assert (schedule["mr"] == 1) == (swap or k >= 16 or k == 1)


@targets
@pytest.mark.parametrize("shape", [(3, 150, 64), (2, 70, 50), (1, 64, 128)], ids=str)
@pytest.mark.parametrize("swap", [False, True])
def test_a_row_times_a_matrix_that_is_computed(target: TargetModel, shape: tuple[int, int, int], swap: bool) -> None:
    """What is packed piece by piece, or read where it lies."""
    batch, k, n = shape
    types = [tensor(f32, [batch, 1, k]), tensor(f32, [batch, n, k] if swap else [batch, k, n])]
    check(types, lambda args: [graph.MatmulOp(args[0], args[1], False, swap)], target, slices=3)


def test_rows_on_the_same_set_of_l1_are_gathered() -> None:
    def ways(depth: int) -> int:
        kernel = make_kernel([tensor(f32, [28, depth]), tensor(f32, [depth, 32]), tensor(f32, [32])], linear)
        schedule = RULE.schedule(kernel, V4)
        assert schedule is not None
        return schedule["lhs"]

    assert [ways(depth) for depth in (1000, 1024, 1040)] == [IN_PLACE, GATHERED, IN_PLACE]


def test_heads_are_read_and_written_in_place() -> None:
    """The projections of attention stay where they are: heads are strides of operands and of the result."""

    def build(args: Sequence[SSAValue]) -> list[Operation]:
        q, k, mask = args
        ops: list[Operation] = []
        heads: list[SSAValue] = []
        for x in (q, k):
            split = graph.ReshapeOp(x, tensor(f32, [2, 9, 3, 8]))
            heads.append((turned := graph.TransposeOp(split, [0, 2, 1, 3])).result)
            ops += [split, turned]
        scores = graph.MatmulOp(heads[0], heads[1], transpose_rhs=True)
        return [*ops, scores, graph.AddOp(scores, mask)]

    check([tensor(f32, [2, 9, 24]), tensor(f32, [2, 9, 24]), tensor(f32, [2, 1, 1, 9])], build)


def test_result_is_stored_transposed() -> None:
    def build(args: Sequence[SSAValue]) -> list[Operation]:
        p, v = args
        product = graph.MatmulOp(p, v)
        turned = graph.TransposeOp(product, [0, 2, 1, 3])
        return [product, turned, graph.ReshapeOp(turned, tensor(f32, [2, 9, 24]))]

    check([tensor(f32, [2, 3, 9, 9]), tensor(f32, [2, 3, 9, 8])], build, slices=2)


def test_residual_and_scalar_in_the_epilogue() -> None:
    def build(args: Sequence[SSAValue]) -> list[Operation]:
        x, w, r, s, rows = args
        product = graph.MatmulOp(x, w)
        scaled = graph.MulOp(product, s)
        added = graph.AddOp(r, scaled)
        return [product, scaled, added, graph.SubOp(added, rows)]

    types = [tensor(f32, [15, 40]), tensor(f32, [40, 37]), tensor(f32, [15, 37]), tensor(f32, []), tensor(f32, [15, 1])]
    check(types, build)


def test_order_of_sums_depends_on_nothing_but_the_depth() -> None:
    """The same rows in another batch, other blocks, other slices: the same bits."""
    types = [tensor(f32, [40, 2500]), tensor(f32, [2500, 50])]
    x, w = arrays_for(types)
    results: list[NDArray[np.floating]] = []
    for rows, block in ((40, None), (3, None), (40, {"mr": 5, "nr": 32, "kc": 256, "mc": 10, "unroll": 3})):
        kernel = make_kernel([tensor(f32, [rows, 2500]), types[1]], lambda a: [graph.MatmulOp(a[0], a[1])])
        chosen = RULE.schedule(kernel, V4)
        assert chosen is not None
        params = {key: chosen[key] for key in chosen.params.data} | (block or {})
        schedule = ScheduleAttr.of("contraction", **params)
        results.append(run_rule(RULE, kernel, [x[:rows], w], V4, schedule=schedule, slices=rows // 3).result)
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_array_equal(results[0][:3], results[1])


@targets
def test_expensive_epilogue(target: TargetModel) -> None:
    def build(args: Sequence[SSAValue]) -> list[Operation]:
        x, w, bias = args
        product = graph.MatmulOp(x, w)
        biased = graph.AddOp(product, bias)
        return [product, biased, graph.GeluOp(biased, "none")]

    check([tensor(f32, [15, 40]), tensor(f32, [40, 37]), tensor(f32, [37])], build, target)


REFUSED: dict[str, Build] = {
    "two matmuls": lambda a: [p := graph.MatmulOp(a[0], a[1]), graph.MatmulOp(p, a[1])],
    "broadcast after": lambda a: [p := graph.MatmulOp(a[0], a[1]), graph.AddOp(p, a[2])],
    "pointwise before": lambda a: [r := graph.ReluOp(a[0]), graph.MatmulOp(r, a[1])],
    "no matmul": lambda a: [graph.ReluOp(a[0])],
    "columns apart": lambda a: [p := graph.MatmulOp(a[0], a[1]), graph.TransposeOp(p, [1, 0])],
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    types = [tensor(f32, [4, 4]), tensor(f32, [4, 4]), tensor(f32, [3, 4, 4])]
    kernel = make_kernel(types, REFUSED[name])
    assert not RULE.accepts([op for op in kernel.body.block.ops][:-1], V4)
    assert RULE.schedule(kernel, V4) is None
