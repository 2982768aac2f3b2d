"""The scalar rule: every op by its definition, against the reference interpreter."""
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from tilewright.backends.targets import get_target
from tilewright.dialects import graph
from tilewright.dialects.graph.base import si64
from tilewright.dialects.graph.dtypes import dense_attribute
from tilewright.dialects.graph.types import tensor
from tilewright.errors import RunError
from tilewright.lowering.rules import scalar

from .kernels import Case, assert_matches, compile_case, reference

Array = NDArray[Any]
TARGET = get_target("x86-64-v3")
rng = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _scalar_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the faster rules from taking the kernels."""
    monkeypatch.setattr("tilewright.lowering.choose_schedules.RULES", (scalar.ScalarRule(),))


def floats(*shape: int) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> Array:
    return (rng.random(shape) + 0.5).astype(np.float32)


def ints(high: int, *shape: int, low: int = 0) -> Array:
    return rng.integers(low, high, shape).astype(np.int64)


def check(case: Case) -> None:
    compiled = compile_case(case, TARGET)
    for pieces, at_end in ((1, True), (2, False)):
        for found, wanted in zip(compiled.run(pieces, at_end), reference(case), strict=True):
            assert_matches(found, wanted, case.tolerance)


def constant(array: Array) -> SSAValue:
    return graph.ConstantOp(dense_attribute(array)).result


X = floats(2, 4, 5, 3)
IMAGE = floats(1, 2, 5, 6)
KINDS = ["sum", "mean", "max", "min", "prod", "l1", "l2", "log_sum", "log_sum_exp", "sum_square"]

CASES: dict[str, Case] = {
    "transpose": Case(lambda x: graph.TransposeOp(x, [2, 0, 3, 1]).result, [X]),
    "relayout": Case(lambda x: graph.RelayoutOp(x, [0, 2, 3, 1]).result, [X]),
    "reshape": Case(lambda x: graph.ReshapeOp(x, tensor(f32, [8, 15])).result, [X]),
    "reshape of a transpose": Case(
        lambda x: graph.ReshapeOp(graph.TransposeOp(x, [1, 0, 2, 3]), tensor(f32, [4, 30])).result, [X]
    ),
    "broadcast": Case(lambda x: graph.BroadcastOp(x, tensor(f32, [2, 3, 4])).result, [floats(3, 1)]),
    "slice": Case(lambda x: graph.SliceOp(x, [1, 3, 0, 2], tensor(f32, [1, 2, 3, 3]), [1, -2, 2, -1]).result, [X]),
    "concat": Case(lambda x, y, z: graph.ConcatOp([x, y, z], 1).result, [X, floats(2, 1, 5, 3), floats(2, 0, 5, 3)]),
    "pad": Case(lambda x, v: graph.PadOp(x, [1, 0, -1, 2], [0, 2, 1, -1], v).result, [X, np.array(7, np.float32)]),
    "pad reflect": Case(lambda x: graph.PadOp(x, [0, 2, 3, 0], [1, 1, 4, 0], mode="reflect").result, [X]),
    "pad edge": Case(lambda x: graph.PadOp(x, [0, 2, 3, 0], [1, 9, 4, 0], mode="edge").result, [X]),
    "pad wrap": Case(lambda x: graph.PadOp(x, [0, 2, 3, 0], [1, 1, 9, 0], mode="wrap").result, [X]),
    "triu": Case(lambda x: graph.TriluOp(x, True, 1).result, [X]),
    "tril": Case(lambda x: graph.TriluOp(x, False, -1).result, [X]),
    "shape": Case(lambda x: graph.ShapeOp(x).result, [X]),
    "range": Case(lambda a, b, c: graph.RangeOp(a, b, c, tensor(si64, [4])).result, [np.array(v) for v in (10, -2, -3)]),
    "gather": Case(lambda x, i: graph.GatherOp(x, i, axis=1).result, [X, ints(4, 2, 3, low=-4)]),
    "gather scalar": Case(lambda x, i: graph.GatherOp(x, i, axis=2).result, [X, np.array(-1, np.int32)]),
    "gather elements": Case(lambda x, i: graph.GatherElementsOp(x, i, axis=2).result, [X, ints(5, 2, 4, 7, 3, low=-5)]),
    "gather nd": Case(lambda x, i: graph.GatherNdOp(x, i).result, [X, np.array([[1, 3], [0, -1], [1, 0]])]),
    "gather nd batch": Case(lambda x, i: graph.GatherNdOp(x, i, batch_dims=1).result, [X, ints(3, 2, 5, 2)]),
    "scatter elements": Case(
        lambda x, i, u: graph.ScatterElementsOp(x, i, u, axis=1).result, [floats(3, 5), ints(5, 2, 3), floats(2, 3)]
    ),
    "scatter elements add": Case(
        lambda x, i, u: graph.ScatterElementsOp(x, i, u, axis=0, reduction="add").result,
        [floats(3, 5), ints(3, 4, 3, low=-3), floats(4, 3)],
    ),
    "scatter nd": Case(lambda x, i, u: graph.ScatterNdOp(x, i, u).result, [X, np.array([[1, 3], [0, -1]]), floats(2, 5, 3)]),
    "scatter nd max": Case(
        lambda x, i, u: graph.ScatterNdOp(x, i, u, reduction="max").result, [floats(6), ints(6, 9, 1), floats(9)]
    ),
    "one hot": Case(
        lambda i, d, v: graph.OneHotOp(i, d, v, 1, tensor(f32, [3, 6, 2])).result,
        [ints(8, 3, 2, low=-6), np.array(6), np.array([-1.5, 2.5], np.float32)],
    ),
    "softmax": Case(lambda x: graph.SoftmaxOp(x, 1).result, [X * 10]),
    "log softmax": Case(lambda x: graph.LogSoftmaxOp(x, 2).result, [X * 10]),
    "arg max": Case(lambda x: graph.ArgReduceOp(x, "max", 1).result, [X]),
    "arg min last": Case(
        lambda x: graph.ArgReduceOp(x, "min", 1, keepdims=False, select_last_index=True).result, [ints(3, 4, 9, 2)]
    ),
    "cumsum": Case(lambda x: graph.CumsumOp(x, 1).result, [X]),
    "cumsum reverse": Case(lambda x: graph.CumsumOp(x, 2, exclusive=True, reverse=True).result, [ints(9, 2, 3, 6)]),
    "cumsum exclusive": Case(lambda x: graph.CumsumOp(x, 0, exclusive=True).result, [X]),
    "cumprod": Case(lambda x: graph.CumprodOp(x, 1, exclusive=True, reverse=True).result, [X]),
    "top k": Case(lambda x: graph.TopKOp(x, 3, axis=1).results, [ints(5, 4, 9, 2)]),
    "top k smallest": Case(lambda x: graph.TopKOp(x, 2, axis=-1, largest=False).results, [X]),
    "layer norm": Case(lambda x, s, b: graph.LayerNormOp(x, s, b, axis=2).result, [X, floats(5, 3), floats(3)]),
    "rms norm": Case(lambda x, s: graph.RmsNormOp(x, s).result, [X, floats(3)]),
    "instance norm": Case(lambda x, s, b: graph.InstanceNormOp(x, s, b).result, [X, floats(4), floats(4)]),
    "group norm": Case(lambda x, s, b: graph.GroupNormOp(x, s, b, 2).result, [X, floats(4), floats(4)]),
    "batch norm": Case(
        lambda x, s, b, m, v: graph.BatchNormOp(x, s, b, m, v).result, [X, floats(4), floats(4), floats(4), positive(4)]
    ),
    "l1 normalize": Case(lambda x: graph.LpNormalizeOp(x, 1, 1).result, [X]),
    "l2 normalize": Case(lambda x: graph.LpNormalizeOp(x, 1, 2).result, [np.where(X > 0.5, X, 0)[:, :, :1]]),
    "matmul": Case(lambda x, y: graph.MatmulOp(x, y).result, [X, floats(4, 3, 2)]),
    "matmul transposed": Case(lambda x, y: graph.MatmulOp(x, y, True, True).result, [floats(1, 5, 3), floats(2, 4, 5)]),
    "matmul integers": Case(
        lambda x, y: graph.MatmulOp(x, y).result, [ints(255, 3, 20).astype(np.uint8), ints(127, 20, 4, low=-128).astype(np.int8)]
    ),
    "conv": Case(
        lambda x, w, b: graph.ConvOp(x, w, b, [2, 1], [1, 0, 2, 1], [1, 2], 2).result,
        [floats(2, 4, 5, 6), floats(6, 2, 3, 2), floats(6)],
    ),
    "conv 1d": Case(lambda x, w: graph.ConvOp(x, w).result, [floats(1, 2, 9), floats(3, 2, 3)]),
    "conv transpose": Case(
        lambda x, w, b: graph.ConvTransposeOp(x, w, b, [2, 1], [1, 0, 0, 1], [1, 2], 2, [1, 0]).result,
        [floats(1, 4, 3, 4), floats(4, 3, 2, 3), floats(6)],
    ),
    "max pool": Case(lambda x: graph.PoolOp(x, "max", [3, 2], [2, 1], [1, 0, 1, 1], [1, 2]).result, [IMAGE]),
    "max pool indices": Case(lambda x: graph.ArgPoolOp(x, [3, 2], [2, 1], [1, 0, 1, 1], [1, 2]).result, [ints(4, 2, 3, 5, 6)]),
    "max pool indices by column": Case(
        lambda x: graph.ArgPoolOp(x, [2, 2], [2, 2], ceil_mode=True, column_major=True).result, [floats(1, 2, 5, 3)]
    ),
    "sample": Case(lambda x, at: graph.SampleOp(x, at).result, [IMAGE, floats(1, 9, 2) * 5]),
    "sample nearest": Case(
        lambda x, at: graph.SampleOp(x, at, "nearest", "border").result, [ints(99, 1, 2, 5, 6), floats(1, 3, 3, 2) * 5]
    ),
    "sample cubic": Case(
        lambda x, at: graph.SampleOp(x, at, "cubic", "reflection", True).result, [floats(2, 1, 3, 4, 2), floats(2, 9, 3) * 5]
    ),
    "roi align": Case(
        lambda x, r, b: graph.RoiAlignOp(x, r, b, [2, 3], spatial_scale=0.5).result,
        [IMAGE, np.array([[1, 2, 9, 8], [-3, 0, 30, 4]], np.float32), np.array([0, 0])],
    ),
    "roi align max": Case(
        lambda x, r, b: graph.RoiAlignOp(x, r, b, [2, 2], "max", 2, 1.0, False).result,
        [IMAGE, np.array([[1, 2, 4, 3.5], [0, 1, 0.5, 1]], np.float32), np.array([0, 0], np.int32)],
    ),
    "roi max pool": Case(
        lambda x, r: graph.RoiMaxPoolOp(x, r, [2, 2]).result, [IMAGE, np.array([[0, 1, 0, 4, 3], [0, 9, 9, 12, 9]], np.float32)]
    ),
    "average pool": Case(lambda x: graph.PoolOp(x, "average", [3, 3], [2, 2], [1, 1, 1, 1], ceil_mode=True).result, [IMAGE]),
    "average pool padded": Case(
        lambda x: graph.PoolOp(x, "average", [3, 3], [2, 2], [1, 1, 1, 1], count_include_pad=True, ceil_mode=True).result, [IMAGE]
    ),
    "lp pool": Case(lambda x: graph.PoolOp(x, "lp", [2, 2], p=3).result, [IMAGE]),
    "lrn": Case(lambda x: graph.LrnOp(x, 3, 0.1, 0.75, 1.5).result, [X]),
}
for _kind in KINDS:
    _data = positive(2, 3, 4, 5)
    CASES[f"reduce {_kind}"] = Case(lambda x, k=_kind: graph.ReduceOp(x, k, [1, 3]).result, [_data])
    if _kind == "log_sum_exp":
        continue
    CASES[f"reduce {_kind} integers"] = Case(
        lambda x, k=_kind: graph.ReduceOp(x, k, [0], keepdims=False).result, [ints(9, 3, 4, low=1).astype(np.int32)]
    )

for _mode in ("nearest", "linear", "cubic"):
    for _coordinate in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric"):
        CASES[f"resize {_mode} {_coordinate}"] = Case(
            lambda x, m=_mode, c=_coordinate: graph.ResizeOp(x, tensor(f32, [1, 2, 10, 9]), m, c).result, [IMAGE]
        )
CASES.update(
    {
        "resize crop": Case(
            lambda x: (
                graph.ResizeOp(
                    x,
                    tensor(f32, [1, 2, 4, 4]),
                    "linear",
                    "tf_crop_and_resize",
                    roi=[0, 0, 0.1, 0.2, 1, 1, 0.8, 1.4],
                    extrapolation=5.0,
                ).result
            ),
            [IMAGE],
        ),
        "resize down antialias": Case(
            lambda x: graph.ResizeOp(x, tensor(f32, [1, 2, 2, 4]), "cubic", antialias=True, exclude_outside=True).result, [IMAGE]
        ),
        "resize nearest down": Case(
            lambda x: graph.ResizeOp(x, tensor(f32, [1, 2, 3, 3]), "nearest", "asymmetric", "floor").result, [IMAGE]
        ),
    }
)


@pytest.mark.parametrize("name", CASES)
def test_definition(name: str) -> None:
    check(CASES[name])


@pytest.mark.parametrize("name", ["conv", "softmax", "gather", "layer norm", "pad", "max pool"])
def test_memory_orders(name: str) -> None:
    case = CASES[name]
    check(Case(case.build, case.inputs, orders=[[0, 2, 3, 1]], generalize=False))


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint16"])
def test_dtypes(dtype: str) -> None:
    x = rng.integers(0, 9, (3, 4)).astype(dtype)
    check(Case(lambda x: graph.ReduceOp(x, "sum", [1]).result, [x]))
    check(Case(lambda x: graph.ReduceOp(x, "max", [0]).result, [x]))
    check(Case(lambda x: graph.TransposeOp(x, [1, 0]).result, [x]))


def test_pointwise_and_constants_inside() -> None:
    def body(x: SSAValue) -> SSAValue:
        scaled = graph.MulOp(x, constant(np.array([0.5, 2.0, 3.0], np.float32)))
        return graph.ReluOp(graph.ReduceOp(graph.ReluOp(scaled), "sum", [0])).result

    check(Case(body, [floats(4, 3)]))


@pytest.mark.parametrize(("shape", "axes"), [((0, 3), [0]), ((3, 0), [0]), ((), [])])
def test_empty(shape: tuple[int, ...], axes: list[int]) -> None:
    check(Case(lambda x: graph.ReduceOp(x, "sum", axes).result, [floats(*shape)]))


@pytest.mark.parametrize("index", [4, -5, 2**40])
def test_bad_index(index: int) -> None:
    i = np.array([1, index], np.int64)
    for build, inputs in [
        (lambda x, i: graph.GatherOp(x, i).result, [floats(4, 3), i]),
        (lambda x, i: graph.GatherElementsOp(x, i).result, [floats(4), i]),
        (lambda x, i: graph.GatherNdOp(x, i).result, [floats(4, 3), i[:, None]]),
        (lambda x, i, u: graph.ScatterElementsOp(x, i, u).result, [floats(4), i, floats(2)]),
        (lambda x, i, u: graph.ScatterNdOp(x, i, u).result, [floats(4), i[:, None], floats(2)]),
    ]:
        with pytest.raises(RunError):
            compile_case(Case(build, inputs), TARGET).run()


def test_every_op_is_defined() -> None:
    control = (".if", ".loop", ".scan", ".yield", ".constant", ".dims", ".bind", ".host", ".unbox")
    other = (*control, ".sort_rows", ".suppress")  # each has a rule of its own, which takes every form of it
    computed = [op for op in graph.Graph.operations if not op.name.endswith(other)]
    types = [tensor(f32, [1])]
    assert not [op.name for op in computed if not scalar.is_defined(op.create(result_types=types))]
