"""Random small graphs for property tests: elementwise ops, casts, data movement and reductions on a few small tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from tilewright.dialects import graph
from tilewright.dialects.graph.dtypes import element_type, numpy_dtype
from tilewright.dialects.graph.types import element_of, static_shape, tensor
from tilewright.passes.constants import make_constant
from tilewright.runtime.weights import WeightStore

Array = NDArray[Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

DTYPES = (np.float32, np.float32, np.float16, np.int32, np.int64, np.uint8, np.bool_)
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, np.inf, np.nan)
SHAPES = ((), (1,), (3,), (2, 3), (1, 3), (2, 1, 3), (2, 2, 3), (1, 2, 1))

UNARY_FLOAT = (graph.NegOp, graph.AbsOp, graph.ReluOp, graph.FloorOp, graph.CeilOp, graph.SigmoidOp, graph.SqrtOp, graph.ExpOp)
UNARY_INTEGER = (graph.NegOp, graph.AbsOp, graph.BitwiseNotOp, graph.SignOp)
BINARY_NUMBER = (graph.AddOp, graph.SubOp, graph.MulOp, graph.MinOp, graph.MaxOp, graph.DivOp)
BINARY_INTEGER = (*BINARY_NUMBER, graph.BitwiseAndOp, graph.BitwiseOrOp, graph.BitwiseXorOp)
BINARY_BOOL = (graph.AndOp, graph.OrOp, graph.XorOp, graph.EqualOp)
COMPARISONS = (graph.EqualOp, graph.LessOp, graph.GreaterEqualOp)


@dataclass
class Graph:
    """A function under construction, with the values made so far."""

    draw: Draw
    store: WeightStore
    block: Block = field(default_factory=Block)
    values: list[SSAValue] = field(default_factory=list[SSAValue])
    inputs: list[Array] = field(default_factory=list[Array])

    def add(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        self.values.append(op.results[0])
        return op.results[0]

    def pick(self, among: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(list(among)))

    def value(self, test: Callable[[SSAValue], bool] = lambda _: True) -> SSAValue | None:
        found = [v for v in self.values if test(v)]
        return self.pick(found) if found else None


def random_array(draw: Draw, dtype: Any, shape: tuple[int, ...]) -> Array:
    """Small whole numbers, with zeros of both signs, ones, infinities and NaN among the floats; often of one value."""
    splat = draw(st.booleans())
    count = 1 if splat else int(np.prod(shape))
    if np.dtype(dtype).kind == "f":
        elements = st.one_of(st.sampled_from(SPECIAL), st.integers(-8, 8).map(lambda n: n / 2))
    else:
        elements = st.integers(0, 1) if dtype is np.bool_ else st.integers(0 if dtype is np.uint8 else -4, 4)
    values = np.array(draw(st.lists(elements, min_size=count, max_size=count))).astype(dtype)
    return np.full(shape, values[0]) if splat else values.reshape(shape)


def is_kind(kinds: str) -> Callable[[SSAValue], bool]:
    return lambda v: numpy_dtype(element_of(v)).kind in kinds


def add_elementwise(g: Graph) -> None:
    x = g.value()
    if x is None:
        return
    kind = numpy_dtype(element_of(x)).kind
    other = g.value(lambda v: element_of(v) == element_of(x) and _broadcasts(v, x))
    choice = g.pick(("unary", "binary", "compare", "where"))
    if choice == "unary":
        g.add(g.pick({"f": UNARY_FLOAT, "b": (graph.NotOp,)}.get(kind, UNARY_INTEGER))(x))
    elif choice == "binary" and other is not None:
        g.add(g.pick({"f": BINARY_NUMBER, "b": BINARY_BOOL}.get(kind, BINARY_INTEGER))(x, other))
    elif choice == "compare" and other is not None and kind != "b":
        g.add(g.pick(COMPARISONS)(x, other))
    elif other is not None:
        condition = g.value(lambda v: is_kind("b")(v) and _broadcasts(v, x) and _broadcasts(v, other))
        if condition is not None:
            g.add(graph.WhereOp(condition, x, other))


def _broadcasts(a: SSAValue, b: SSAValue) -> bool:
    try:
        np.broadcast_shapes(static_shape(a), static_shape(b))
    except ValueError:
        return False
    return True


def add_cast(g: Graph) -> None:
    """Not from floats to integers: what is out of range there is for each machine to say."""
    x = g.value(is_kind("iub")) or g.value()
    if x is None:
        return
    targets = [d for d in DTYPES if numpy_dtype(element_of(x)).kind in "iub" or np.dtype(d).kind in "fb"]
    g.add(graph.CastOp(x, element_type(g.pick(targets))))


def add_movement(g: Graph) -> None:
    x = g.value()
    if x is None:
        return
    shape, rank = static_shape(x), len(static_shape(x))
    match g.pick(("transpose", "reshape", "broadcast", "slice", "concat", "pad", "gather", "reduce")):
        case "transpose":
            g.add(graph.TransposeOp(x, g.draw(st.permutations(range(rank)))))
        case "reshape":
            g.add(graph.ReshapeOp(x, tensor(element_of(x), g.pick(_factors(int(np.prod(shape)))))))
        case "broadcast":
            wider = tuple(g.pick((2, 3)) if d == 1 else d for d in shape)
            g.add(graph.BroadcastOp(x, tensor(element_of(x), g.pick((wider, (2, *shape), (1, *shape))))))
        case "slice" if rank:
            add_slice(g, x)
        case "concat" if rank:
            axis = g.draw(st.integers(0, rank - 1))
            others = [v for v in g.values if element_of(v) == element_of(x) and _stacks(static_shape(v), shape, axis)]
            g.add(graph.ConcatOp([g.pick(others) for _ in range(g.draw(st.integers(1, 3)))], axis))
        case "pad" if rank and all(shape):
            low, high = (g.draw(st.lists(st.integers(0, 1), min_size=rank, max_size=rank)) for _ in range(2))
            g.add(graph.PadOp(x, low, high, mode=g.pick(("constant", "edge"))))
        case "gather" if rank and shape[0]:
            indices = np.array(g.draw(st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=3)))
            g.add(graph.GatherOp(x, g.add(make_constant(g.pick((indices, indices[0])), g.store))))
        case "reduce" if rank and all(shape) and not is_kind("b")(x):
            axes = g.draw(st.sets(st.integers(0, rank - 1), min_size=1))
            kind = g.pick(("max", "min", "sum") if is_kind("iu")(x) else ("max", "min"))
            g.add(graph.ReduceOp(x, kind, sorted(axes), keepdims=g.draw(st.booleans())))
        case _:
            pass


def _stacks(a: tuple[int, ...], b: tuple[int, ...], axis: int) -> bool:
    return len(a) == len(b) and all(i == axis or m == n for i, (m, n) in enumerate(zip(a, b, strict=True)))


def _factors(size: int) -> list[tuple[int, ...]]:
    divisors = [d for d in range(1, size + 1) if size % d == 0] or [1]
    shapes = [(size,), (1, size), (size, 1)]
    return [*shapes, *((d, size // d) for d in divisors), *((d, 1, size // d) for d in divisors)]


def add_slice(g: Graph, x: SSAValue) -> None:
    starts: list[int] = []
    steps: list[int] = []
    sizes: list[int] = []
    for n in static_shape(x):
        start, step = g.draw(st.integers(0, max(n - 1, 0))), g.pick((1, 1, 1, 2, -1))
        room = 0 if n == 0 else (n - start + step - 1) // step if step > 0 else start + 1
        starts.append(start)
        steps.append(step)
        sizes.append(g.draw(st.integers(0, room)) if g.draw(st.booleans()) else room)
    g.add(graph.SliceOp(x, starts, tensor(element_of(x), sizes), steps))


@dataclass(repr=False)
class Case:
    """A module with one function, arrays for its arguments, and its weights."""

    module: ModuleOp
    inputs: list[Array]
    store: WeightStore

    def __repr__(self) -> str:
        return f"{self.module}\n{self.inputs}"


@st.composite
def graphs(draw: Draw) -> Case:
    """Any graph of up to 14 ops."""
    g = Graph(draw, WeightStore())
    for index in range(draw(st.integers(1, 3))):
        array = random_array(draw, g.pick(DTYPES), g.pick(SHAPES))
        g.inputs.append(array)
        g.values.append(g.block.insert_arg(tensor(element_type(array.dtype), array.shape), index))
    for _ in range(draw(st.integers(1, 14))):
        add = g.pick((add_elementwise, add_elementwise, add_movement, add_movement, add_cast, add_constant))
        add(g)
    outputs = g.values[-3:]
    g.block.add_op(ReturnOp(*outputs))
    function = FuncOp("main", (g.block.arg_types, [o.type for o in outputs]), Region(g.block))
    return Case(ModuleOp([function]), g.inputs, g.store)


def add_constant(g: Graph) -> None:
    g.add(make_constant(random_array(g.draw, g.pick(DTYPES), g.pick(SHAPES)), g.store))
