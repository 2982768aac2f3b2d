"""An ONNX node as an import rule sees it: inputs, attributes, and the builder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import AttributeProto
from xdsl.dialects.builtin import IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects.graph.dims import DimExpr, DimLike, product
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.types import Dims, dims_of, element_of, rank_of, static_shape
from ..errors import BadModelError
from ..runtime.weights import Array
from .builder import Builder
from .scope import Scope
from .shape_values import Known, UndecidedError
from .values import HostValue, SequenceValue, Tensor, Value

if TYPE_CHECKING:
    from .graph_importer import GraphImporter

Output = SSAValue | Value
Outputs = Output | Sequence[Output | None]


class UnsupportedError(Exception):
    """This node can't be imported; says why. Collected and reported together."""


class DeclinedError(Exception):
    """The rule has nothing for this form of the op; its schema's function body may."""


@dataclass
class Node:
    """One node, with its operands looked up.

    Attributes:
        proto: the ONNX node.
        opset: version of the node's domain.
        inputs: what its operands stand for; None for one left out.
        attributes: by name, references into an enclosing function already resolved.
        context: the importer at work.
        scope: what names stand for, for subgraphs.
    """

    proto: onnx.NodeProto
    opset: int
    inputs: Sequence[Value | None]
    attributes: Mapping[str, AttributeProto]
    build: Builder
    context: GraphImporter = field(repr=False)
    scope: Scope = field(repr=False)

    @property
    def op(self) -> str:
        return self.proto.op_type

    # -- inputs -------------------------------------------------------------------------------------------------------
    def has(self, index: int) -> bool:
        return index < len(self.inputs) and self.inputs[index] is not None

    def tensor(self, index: int = 0) -> Tensor:
        """An operand that must be a tensor."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise BadModelError(f"input {index} is missing")
        if isinstance(value, HostValue):
            return self.context.unboxed(value)
        if not isinstance(value, Tensor):
            raise UnsupportedError(f"input {index} is a sequence, expected a tensor")
        return value

    def sequence(self, index: int = 0) -> SequenceValue:
        """An operand that must be a sequence."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if isinstance(value, HostValue):
            raise UnsupportedError(f"input {index} is known only when the model runs")
        if not isinstance(value, SequenceValue):
            raise BadModelError(f"input {index} is not a sequence")
        return value

    def x(self, index: int = 0) -> SSAValue:
        """A tensor operand in the IR."""
        return self.tensor(index).value()

    def optional(self, index: int) -> SSAValue | None:
        return self.x(index) if self.has(index) else None

    def xs(self) -> list[SSAValue]:
        """All operands of a variadic op."""
        return [self.x(i) for i in range(len(self.inputs))]

    def shape(self, index: int = 0) -> Dims:
        return dims_of(self.tensor(index).type)

    def rank(self, index: int = 0) -> int:
        return rank_of(self.tensor(index).type)

    def element(self, index: int = 0) -> Attribute:
        return element_of(self.tensor(index).type)

    # -- inputs whose value import needs ------------------------------------------------------------------------------
    def known(self, index: int = 0) -> Known:
        """The elements of an operand; UndecidedError if they aren't known."""
        tensor = self.tensor(index)
        if tensor.known is None:
            raise UndecidedError(f"input '{self.proto.input[index]}' depends on data")
        return tensor.known

    def dims(self, index: int) -> Dims:
        """The elements of an operand as dims; what depends on data is bound to symbols, and must not be negative then.

        UndecidedError if they are no integers, or their number isn't known.
        """
        tensor = self.tensor(index)
        if tensor.array is not None and tensor.array.dtype.kind in "iu":
            return tuple(DimExpr.of(v) for v in tensor.array.reshape(-1).tolist())
        if not self.is_runtime(index):
            return self.known(index).dims()
        found = self.bind(tensor.value())
        if self.build.is_here(tensor.value()):  # symbols that a region binds mean nothing outside of it
            tensor.known = Known.of(found, numpy_dtype(self.element(index)), static_shape(tensor.type))
        return found

    def partial(self, index: int) -> Sequence[DimExpr | None]:
        """The elements of an integer vector of static length that are known, None for each of the others."""
        tensor = self.tensor(index)
        if tensor.known is not None and tensor.known.expressible:
            return tensor.known.dims()
        return tensor.partial or [None] * product(dims_of(tensor.type)).value

    def is_runtime(self, index: int) -> bool:
        """Whether an operand holds integers that are known only when the model runs."""
        tensor = self.tensor(index)
        if tensor.array is not None or tensor.known is not None:
            return False
        return isinstance(element_of(tensor.type), IntegerType) and all(d.is_static for d in dims_of(tensor.type))

    def bind(self, x: SSAValue) -> Dims:
        """Symbols for the elements of a computed integer tensor of rank 0 or 1: sizes known when the model runs."""
        return self.build.bind(x)

    def values(self, index: int) -> list[int]:
        """The elements of an integer operand; UndecidedError if they aren't numbers known at import."""
        if self.is_runtime(index) and product(self.shape(index)).value:
            raise UndecidedError(f"input '{self.proto.input[index]}' depends on data")
        return [static(d, f"input '{self.proto.input[index]}'") for d in self.dims(index)]

    def array(self, index: int) -> Array | None:
        """An operand's value if it is a constant."""
        tensor = self.tensor(index) if self.has(index) else None
        if tensor is None or tensor.array is not None:
            return tensor.array if tensor is not None else None
        return tensor.known.data if tensor.known is not None and tensor.known.concrete else None

    # -- attributes ---------------------------------------------------------------------------------------------------
    def attribute(self, name: str, kind: AttributeProto.AttributeType, field_name: str) -> Any:
        """The payload of an attribute, None if it is left out; BadModelError if it has another type."""
        attribute = self.attributes.get(name)
        if attribute is None:
            return None
        if attribute.type != kind:
            raise BadModelError(f"attribute '{name}' has the wrong type")
        return getattr(attribute, field_name)

    def int_attr(self, name: str, default: int | None = None) -> int:
        return self._required(name, self.attribute(name, AttributeProto.INT, "i"), default)

    def float_attr(self, name: str, default: float | None = None) -> float:
        """An attribute of 32 bits, as are the defaults in the schemas."""
        rounded = None if default is None else float(np.float32(default))
        return self._required(name, self.attribute(name, AttributeProto.FLOAT, "f"), rounded)

    def str_attr(self, name: str, default: str | None = None) -> str:
        found = self.attribute(name, AttributeProto.STRING, "s")
        text = None if found is None else found.decode("utf-8", "replace")
        return self._required(name, text, default)

    def ints_attr(self, name: str, default: Sequence[int] | None = None) -> list[int]:
        found = self.attribute(name, AttributeProto.INTS, "ints")
        return list(self._required(name, found, default))

    def floats_attr(self, name: str, default: Sequence[float] | None = None) -> list[float]:
        found = self.attribute(name, AttributeProto.FLOATS, "floats")
        return list(self._required(name, found, default))

    def _required(self, name: str, found: Any, default: Any) -> Any:
        value = default if found is None else found
        if value is None:
            raise BadModelError(f"attribute '{name}' is missing")
        return value

    # -- building -----------------------------------------------------------------------------------------------------
    def emit(self, op: Operation) -> SSAValue:
        return self.build.emit(op)

    def need(self, expression: DimExpr) -> None:
        """Note that this must not be negative when the model runs."""
        self.build.assumptions.need(expression)


def static(value: DimLike, what: str) -> int:
    """The number of a dim; UndecidedError if it is symbolic."""
    dim = DimExpr.of(value)
    if not dim.is_static:
        raise UndecidedError(f"{what} is {dim}, expected a number")
    return dim.value
