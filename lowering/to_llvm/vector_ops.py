"""`vector` of rank 1: every op is one or a few LLVM vector instructions."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from xdsl.dialects import llvm, vector
from xdsl.dialects.builtin import DenseArrayBase, IntegerType, VectorType, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ...dialects import llvm_ext
from ...dialects.narrowing import dense, integers_of, is_integer_array, is_integer_attr, is_vector
from . import polynomial
from .arith_ops import FLOAT_EXTREMES, INTEGER_INTRINSICS, float_extreme
from .common import call_intrinsic, constant_of, element_of, fill, icmp
from .context import Handler, Lowering, llvm_type, unsupported
from .memref_ops import lower_load, lower_store

_DYNAMIC = -(2**63)


def _length(type: Attribute) -> int:
    assert is_vector(type)
    return type.get_shape()[0]


def contiguous(lowering: Lowering, op: Operation, source: SSAValue) -> None:
    """Raise CompileError unless the last dim of a view has stride 1."""
    view = lowering.views.get(source)
    if view is not None and view.strides and view.strides[-1] != polynomial.ONE:
        raise unsupported(op, "the last dimension of a vector access must have stride 1")


def lower_vector_load(lowering: Lowering, op: Operation) -> None:
    contiguous(lowering, op, op.operands[0])
    lower_load(lowering, op)


def lower_vector_store(lowering: Lowering, op: Operation) -> None:
    contiguous(lowering, op, op.operands[1])
    lower_store(lowering, op)


@cache
def _vector_type(element: Attribute, length: int) -> VectorType:
    return VectorType(element, [length])


@cache
def _lane_numbers(lanes: tuple[int, ...]) -> Attribute:
    return DenseArrayBase.from_list(i32, lanes)


def _shuffle(lowering: Lowering, a: SSAValue, b: SSAValue, lanes: Sequence[int]) -> SSAValue:
    type = _vector_type(element_of(a.type), len(lanes))
    return lowering.emit(llvm.ShuffleVectorOp, (a, b), type, {"mask": _lane_numbers(tuple(lanes))})


def _undefined(lowering: Lowering, type: Attribute) -> SSAValue:
    return lowering.hoisted(("undef", type), 0, lambda: lowering.emit(llvm.UndefOp, (), type))[0]


def splat(lowering: Lowering, value: SSAValue, type: VectorType) -> SSAValue:
    """A vector with a scalar of the llvm dialect in every lane."""
    known = constant_of(value)
    if is_integer_attr(known):
        return fill(lowering, type, known.value.data)
    undefined = _undefined(lowering, type)
    first = lowering.emit(llvm.InsertElementOp, (undefined, value, lowering.integer(0)), type)
    return _shuffle(lowering, first, undefined, [0] * _length(type))


def lower_broadcast(lowering: Lowering, op: Operation) -> None:
    value, result = lowering.value(op.operands[0]), op.results[0]
    type = llvm_type(result.type)
    assert is_vector(type)
    lowering.values[result] = value if value.type == type else splat(lowering, value, type)


def lower_fma(lowering: Lowering, op: Operation) -> None:
    """`vector.fma` and `math.fma`; two roundings where the target has no fused instruction."""
    a, b, c = map(lowering.value, op.operands)
    if lowering.target.has_fma:
        lowering.values[op.results[0]] = lowering.emit(llvm.FMAOp, (a, b, c), c.type)
        return
    product = lowering.emit(llvm.FMulOp, (a, b), c.type)
    lowering.values[op.results[0]] = lowering.emit(llvm.FAddOp, (product, c), c.type)


def _position(lowering: Lowering, op: Operation, dynamic: Iterator[SSAValue]) -> SSAValue:
    """The single position of a vector.extract or vector.insert."""
    static = op.properties["static_position"]
    assert is_integer_array(static)
    positions = static.get_values()
    if len(positions) != 1:
        raise unsupported(op, "vectors are of rank 1 and have one position")
    (position,) = positions
    return lowering.value(next(dynamic)) if position == _DYNAMIC else lowering.integer(int(position))


def extract(lowering: Lowering, value: SSAValue, position: SSAValue) -> SSAValue:
    return lowering.emit(llvm_ext.ExtractElementOp, (value, position), element_of(value.type))


def lower_extract(lowering: Lowering, op: Operation) -> None:
    source, *dynamic = op.operands
    position = _position(lowering, op, iter(dynamic))
    lowering.bind(op.results[0], extract(lowering, lowering.value(source), position))


def lower_insert(lowering: Lowering, op: Operation) -> None:
    value, target, *dynamic = op.operands
    position = _position(lowering, op, iter(dynamic))
    operands = (lowering.value(target), lowering.value(value), position)
    lowering.values[op.results[0]] = lowering.emit(llvm.InsertElementOp, operands, operands[0].type)


def lower_shuffle(lowering: Lowering, op: Operation) -> None:
    a, b = map(lowering.value, op.operands)
    mask = op.properties["mask"]
    lanes = list(integers_of(mask))
    first, second = _length(a.type), _length(b.type)
    if first != second:
        longer = max(first, second)
        lanes = [lane if lane < first else lane - first + longer for lane in lanes]
        a, b = (_widen(lowering, value, longer) for value in (a, b))
    lowering.values[op.results[0]] = _shuffle(lowering, a, b, lanes)


def _widen(lowering: Lowering, value: SSAValue, length: int) -> SSAValue:
    known = _length(value.type)
    if known == length:
        return value
    lanes = [*range(known), *[-1] * (length - known)]
    return _shuffle(lowering, value, _undefined(lowering, value.type), lanes)


def _dense(type: Attribute, lanes: Sequence[int]) -> Attribute:
    assert is_vector(type)
    return dense(type, lanes)


def lower_create_mask(lowering: Lowering, op: Operation) -> None:
    """Lane numbers compared with the bound, in 32 bits: the bound is clamped so that it fits."""
    (bound,) = op.operands
    result = op.results[0]
    length = _length(result.type)
    poly = lowering.polys[bound]
    if not poly.terms:
        lanes = [int(lane < poly.constant) for lane in range(length)]
        lowering.values[result] = lowering.constant(_dense(result.type, lanes), result.type)
        return
    low = call_intrinsic(lowering, "llvm.smax", (lowering.value(bound), lowering.integer(0)), i64)
    clamped = call_intrinsic(lowering, "llvm.smin", (low, lowering.integer(length)), i64)
    narrow = lowering.emit(llvm.TruncOp, (clamped,), i32)
    type = _vector_type(i32, length)
    numbers = lowering.constant(_dense(type, range(length)), type)
    lowering.values[result] = icmp(lowering, "slt", numbers, splat(lowering, narrow, type))


def lower_bitcast(lowering: Lowering, op: Operation) -> None:
    value, result = lowering.value(op.operands[0]), op.results[0]
    lowering.values[result] = lowering.emit(llvm.BitcastOp, (value,), llvm_type(result.type))


Combine = Callable[[Lowering, SSAValue, SSAValue], SSAValue]


def _instruction(op: type[Operation]) -> Combine:
    return lambda lowering, a, b: lowering.emit(op, (a, b), a.type)


def _by_intrinsic(name: str) -> Combine:
    return lambda lowering, a, b: call_intrinsic(lowering, name, (a, b), a.type)


def _by_extreme(name: str) -> Combine:
    return lambda lowering, a, b: float_extreme(lowering, name, a, b)


_COMBINE: dict[str, Combine] = {
    "and": _instruction(llvm.AndOp),
    "or": _instruction(llvm.OrOp),
    "xor": _instruction(llvm.XOrOp),
    **{name.removeprefix("arith."): _by_intrinsic(llvm_name) for name, llvm_name in INTEGER_INTRINSICS.items()},
    **{name.removeprefix("arith."): _by_extreme(name) for name in FLOAT_EXTREMES},
}
_SUMS = {"add": (llvm.AddOp, llvm.FAddOp), "mul": (llvm.MulOp, llvm.FMulOp)}


def lower_reduction(lowering: Lowering, op: Operation) -> None:
    """`vector.reduction`, always by halves: lane i with lane i + n/2, and so on; then the accumulator.

    The order depends on the vector's length alone. It is the order that LLVM takes when it may reassociate, made explicit.
    """
    source, *accumulator = op.operands
    value = lowering.value(source)
    kind = op.properties["kind"]
    assert isinstance(kind, vector.CombiningKindAttr)
    if kind.data in _SUMS:
        is_integer = isinstance(element_of(value.type), IntegerType)
        combine = _instruction(_SUMS[kind.data][0 if is_integer else 1])
    else:
        combine = _COMBINE[kind.data]
    reduced = _halve(lowering, value, combine)
    for start in accumulator:
        reduced = combine(lowering, reduced, lowering.value(start))
    lowering.bind(op.results[0], reduced)


def _halve(lowering: Lowering, value: SSAValue, combine: Combine) -> SSAValue:
    length = _length(value.type)
    while length > 1 and length % 2 == 0:
        length //= 2
        undefined = _undefined(lowering, value.type)
        low = _shuffle(lowering, value, undefined, range(length))
        high = _shuffle(lowering, value, undefined, range(length, 2 * length))
        value = combine(lowering, low, high)
    result = extract(lowering, value, lowering.integer(0))
    for lane in range(1, length):
        result = combine(lowering, result, extract(lowering, value, lowering.integer(lane)))
    return result


HANDLERS: dict[str, Handler] = {
    "vector.load": lower_vector_load,
    "vector.store": lower_vector_store,
    "vector.broadcast": lower_broadcast,
    "vector.fma": lower_fma,
    "vector.extract": lower_extract,
    "vector.insert": lower_insert,
    "vector.shuffle": lower_shuffle,
    "vector.create_mask": lower_create_mask,
    "vector.bitcast": lower_bitcast,
    "vector.reduction": lower_reduction,
}
