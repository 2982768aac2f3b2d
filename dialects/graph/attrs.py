"""Attributes of the graph dialect: dimension expressions, the tensor encoding and weight references."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute, Data, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .dims import DimExpr


@irdl_attr_definition
class DimAttr(Data[DimExpr]):
    """A dimension expression, `#graph.dim<"4*batch + 1">`."""

    name = "graph.dim"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> DimExpr:
        with parser.in_angle_brackets():
            return _parse_dim(parser)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            _print_dim(printer, self.data)


@irdl_attr_definition
class DimsAttr(Data[tuple[DimExpr, ...]]):
    """A list of dimension expressions, `#graph.dims<["batch", 3]>`: the value of a shape tensor, or sizes of a launch."""

    name = "graph.dims"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[DimExpr, ...]:
        with parser.in_angle_brackets():
            return _parse_dims(parser)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            _print_dims(printer, self.data)


@irdl_attr_definition
class TensorEncodingAttr(Data[tuple[tuple[DimExpr, ...] | None, tuple[int, ...] | None]]):
    """The encoding of a graph tensor: symbolic dims and memory order, each only where it says more than the type.

    `#graph.tensor<["batch", 3, 8, 8]>` names the dims of a dynamic tensor; `#graph.tensor<order [0, 2, 3, 1]>` lists the logical
    dims from outermost to innermost in memory (row-major when absent); both may stand together. Shapes stay logical.
    """

    name = "graph.tensor"

    @property
    def dims(self) -> tuple[DimExpr, ...] | None:
        return self.data[0]

    @property
    def order(self) -> tuple[int, ...] | None:
        return self.data[1]

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[tuple[DimExpr, ...] | None, tuple[int, ...] | None]:
        dims: tuple[DimExpr, ...] | None = None
        order: tuple[int, ...] | None = None
        with parser.in_angle_brackets():
            if not parser.parse_optional_keyword("order"):
                dims = _parse_dims(parser)
                if not parser.parse_optional_punctuation(","):
                    return dims, None
                parser.parse_keyword("order")
            order = tuple(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer))
        return dims, order

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            if self.dims is not None:
                _print_dims(printer, self.dims)
            if self.order is not None:
                printer.print_string((", " if self.dims is not None else "") + f"order {list(self.order)}")

    def verify(self) -> None:
        if self.dims is None and self.order is None:
            raise VerifyException("a tensor encoding holds dims, an order or both")
        if self.order is not None and sorted(self.order) != list(range(len(self.order))):
            raise VerifyException(f"order {list(self.order)} is not a permutation")
        if self.dims is not None and self.order is not None and len(self.dims) != len(self.order):
            raise VerifyException("dims and order differ in rank")


@irdl_attr_definition
class WeightAttr(ParametrizedAttribute):
    """A reference to an entry of the compile session's weight store, `#graph.weight<"conv1.weight">`."""

    name = "graph.weight"
    key: StringAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return [StringAttr(parser.parse_str_literal())]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.key.data)


def _parse_dim(parser: AttrParser) -> DimExpr:
    text = parser.parse_optional_str_literal()
    if text is None:
        return DimExpr.of(parser.parse_integer())
    try:
        return DimExpr.parse(text)
    except ValueError as error:
        parser.raise_error(str(error))


def _print_dim(printer: Printer, dim: DimExpr) -> None:
    if dim.is_static:
        printer.print_string(str(dim.value))
    else:
        printer.print_string_literal(str(dim))


def _parse_dims(parser: AttrParser) -> tuple[DimExpr, ...]:
    return tuple(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, lambda: _parse_dim(parser)))


def _print_dims(printer: Printer, dims: Sequence[DimExpr]) -> None:
    with printer.in_square_brackets():
        printer.print_list(dims, lambda d: _print_dim(printer, d))
