"""What an ONNX value name stands for during import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from onnx import TypeProto
from xdsl.ir import SSAValue

from ..dialects.graph.dims import DimExpr
from ..dialects.graph.types import AnyTensor, tensor_type
from ..runtime.weights import Array
from .shape_values import Known


@dataclass(eq=False)
class Tensor:
    """A tensor value. Constants and known shapes get an op only when one is asked for.

    Attributes:
        type: element type and dims.
        ssa: the value in the IR, once there is one.
        make: makes the op of a value that has none yet.
        known: its elements, where they are known and few.
        array: its elements, where it is a constant.
        shared: whether one op serves all uses, in whatever region they are.
        partial: of a vector that is computed, the elements that are known all the same; None for each of the others.
    """

    type: AnyTensor
    ssa: SSAValue | None = None
    make: Callable[[], SSAValue] | None = None
    known: Known | None = None
    array: Array | None = None
    shared: bool = True
    partial: tuple[DimExpr | None, ...] | None = None

    def value(self) -> SSAValue:
        """The value in the IR."""
        if self.ssa is not None:
            return self.ssa
        assert self.make is not None
        made = self.make()
        if self.shared:
            self.ssa = made
        return made

    @staticmethod
    def of(ssa: SSAValue, known: Known | None = None) -> Tensor:
        return Tensor(tensor_type(ssa), ssa, known=known)


@dataclass(frozen=True, eq=False)
class SequenceValue:
    """A sequence, or (empty or of one) an optional: a list of values that import takes apart."""

    items: tuple[Value, ...]
    optional: bool = False
    element: TypeProto | None = None
    """The type of an element, where there is none to tell."""


@dataclass(eq=False)
class HostValue:
    """A Python object at run time: a string tensor, a sequence, an optional, or a tensor that came out of one.

    Attributes:
        ssa: the object in the IR.
        type: its ONNX type, as far as that is known.
        tensor: the tensor in it, once one was asked for.
    """

    ssa: SSAValue
    type: TypeProto
    tensor: Tensor | None = None


@dataclass(frozen=True)
class Poison:
    """Output of a node that couldn't be imported: what depends on it is skipped and not reported again."""


Value: TypeAlias = Tensor | SequenceValue | HostValue | Poison
POISON = Poison()
