"""What all graph ops share: constructors that infer their result types, and the verifier that checks the declared ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    Signedness,
    StringAttr,
    f64,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.utils.exceptions import VerifyException

from .types import AnyTensor, dims_of, element_of, retype

i1 = IntegerType(1)
si64 = IntegerType(64, Signedness.SIGNED)
ui8, ui32, ui64 = (IntegerType(width, Signedness.UNSIGNED) for width in (8, 32, 64))

FALSE = BoolAttr.from_bool(False)
TRUE = BoolAttr.from_bool(True)
Ints = DenseArrayBase.constr(i64)
Floats = DenseArrayBase.constr(f64)

Operand = SSAValue | Operation
PropertyValue = Attribute | int | float | str | bool | Sequence[int] | Sequence[float] | None


class InferenceError(ValueError):
    """Operands and attributes of an op do not fit together; the message says which and why."""


class GraphOp(IRDLOperation, ABC):
    """A pure op on tensors. Subclasses declare operands and properties and say their result types in `infer`."""

    @abstractmethod
    def infer(self) -> Sequence[AnyTensor]:
        """Result types (logical dims, element type) from operands and properties; InferenceError when they do not fit."""

    def init_inferred(
        self,
        operands: Sequence[Operand | Sequence[Operand] | None],
        properties: Mapping[str, PropertyValue] | None = None,
        result_types: Sequence[Attribute] | None = None,
        results: int = 1,
    ) -> None:
        """Initialise from operands and plain Python properties; infers the result types that are not given."""
        props = {k: to_attribute(v) for k, v in (properties or {}).items() if v is not None}
        declared = list(result_types) if result_types is not None else [_UNKNOWN] * results
        segments: list[Operand | Sequence[Operand]] = [() if o is None else o for o in operands]
        IRDLOperation.__init__(self, operands=segments, result_types=declared, properties=props)
        if result_types is None:
            for result, inferred in zip(self.results, self.infer(), strict=True):
                retype(result, inferred)

    def verify_(self) -> None:
        try:
            inferred = self.infer()
        except (InferenceError, ValueError, TypeError) as error:
            raise VerifyException(str(error)) from error
        for result, expected in zip(self.results, inferred, strict=True):
            check_result(result.type, expected)


_UNKNOWN: Attribute = i1


def check_result(declared: Attribute, expected: AnyTensor) -> None:
    """VerifyException unless `declared` has the element type and dims of `expected` (its memory order is free)."""
    if element_of(declared) != element_of(expected):
        raise VerifyException(f"result element type is {element_of(declared)}, expected {element_of(expected)}")
    found, wanted = dims_of(declared), dims_of(expected)
    if len(found) != len(wanted):
        raise VerifyException(f"result has rank {len(found)}, expected {len(wanted)}")
    for axis, (f, w) in enumerate(zip(found, wanted, strict=True)):
        if f != w and f.is_static and w.is_static:
            raise VerifyException(f"result dim {axis} is {f}, expected {w}")


def to_attribute(value: PropertyValue) -> Attribute:
    """A Python value as the attribute that graph properties use for it: i64, f64, string, bool or dense array."""
    match value:
        case Attribute():
            return value
        case bool():
            return BoolAttr.from_bool(value)
        case int():
            return IntegerAttr(value, i64)
        case float():
            return FloatAttr(value, f64)
        case str():
            return StringAttr(value)
        case None:
            raise TypeError("an absent property has no attribute")
        case _:
            items = list(value)
            if any(isinstance(v, float) for v in items):
                return DenseArrayBase.from_list(f64, [float(v) for v in items])
            return DenseArrayBase.from_list(i64, [int(v) for v in items])


def require(condition: bool, message: str) -> None:
    """InferenceError with this message unless the condition holds."""
    if not condition:
        raise InferenceError(message)


def require_kind(kind: StringAttr, kinds: Collection[str], what: str = "kind") -> None:
    """InferenceError unless the string is one of a closed set."""
    require(kind.data in kinds, f"{what} is one of {', '.join(kinds)}; got '{kind.data}'")


def ints(attribute: DenseArrayBase[IntegerType]) -> tuple[int, ...]:
    """The values of an `array<i64: ...>` property."""
    return attribute.get_values()


def flag(attribute: BoolAttr) -> bool:
    """The value of a boolean property."""
    return bool(attribute.value.data)


def integer(attribute: IntegerAttr[IntegerType | IndexType]) -> int:
    """The value of an i64 property."""
    return attribute.value.data


def normalize_axis(axis: int, rank: int) -> int:
    """A possibly negative axis as one in [0, rank)."""
    require(-rank <= axis < max(rank, 1), f"axis {axis} is out of range for rank {rank}")
    return axis % rank if rank else 0
