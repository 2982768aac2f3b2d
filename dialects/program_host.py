"""Ops of the memory stage for what runs on the host: Python objects live in numbered places beside the buffers.

kernel.take {index = 0 : i64, object = 0 : i64}
kernel.host "StringConcat" (%a) {objects = array<i64: 0, -1>, types = [tensor<4xf32>], results = array<i64: 1>, node = "..", ..}
%t = kernel.unbox {object = 1 : i64, slot = 0 : i64} symbols ["s0"] : tensor<?xsi64, #graph.tensor<["s0"]>>
kernel.give {index = 0 : i64, object = 1 : i64}
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, ParsePropInAttrDict, irdl_op_definition, prop_def, result_def, var_operand_def
from xdsl.utils.exceptions import VerifyException

from .graph.base import Ints, ints
from .program_control import strings
from .program_types import BUFFER

A_BUFFER = -1
"""Stands in `objects` for the next buffer."""


def numbers(values: Sequence[int]) -> DenseArrayBase:
    return DenseArrayBase.from_list(i64, list(values))


@irdl_op_definition
class HostCallOp(IRDLOperation):
    """An ONNX node on the host.

    `objects` has the place of every operand, or -1 for the next of the buffers, whose tensor types are `types`; `results` has the
    places of the results. `node` is the NodeProto as JSON.
    """

    name = "kernel.host"
    op_type = prop_def(StringAttr)
    node = prop_def(StringAttr)
    opsets = prop_def(ArrayAttr[StringAttr])
    objects = prop_def(Ints)
    types = prop_def(ArrayAttr[Attribute])
    results_ = prop_def(Ints, prop_name="result_objects")
    buffers = var_operand_def(BUFFER)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$op_type `(` ($buffers^)? `)` attr-dict"

    def __init__(
        self,
        op_type: StringAttr,
        node: StringAttr,
        opsets: ArrayAttr[StringAttr],
        buffers: Sequence[tuple[SSAValue, Attribute]],
        objects: Sequence[int],
        results: Sequence[int],
    ):
        super().__init__(
            operands=[[buffer for buffer, _ in buffers]],
            properties={
                "op_type": op_type,
                "node": node,
                "opsets": opsets,
                "objects": numbers(objects),
                "types": ArrayAttr([type_ for _, type_ in buffers]),
                "result_objects": numbers(results),
            },
        )

    def verify_(self) -> None:
        if not len(self.buffers) == len(self.types) == ints(self.objects).count(A_BUFFER):
            raise VerifyException(f"{len(self.buffers)} buffers with {len(self.types)} types for objects {ints(self.objects)}")


@irdl_op_definition
class UnboxOp(IRDLOperation):
    """The tensor in an object, copied to memory of a slot; `symbols` take its dims."""

    name = "kernel.unbox"
    result = result_def(BUFFER)
    object = prop_def(IntegerAttr)
    slot = prop_def(IntegerAttr)
    symbols = prop_def(ArrayAttr[StringAttr])
    type = prop_def(Attribute)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$symbols `:` $type attr-dict"

    def __init__(self, place: int, slot: int, symbols: Sequence[str], type_: Attribute):
        properties = {
            "object": IntegerAttr(place, i64),
            "slot": IntegerAttr(slot, i64),
            "symbols": strings(symbols),
            "type": type_,
        }
        super().__init__(result_types=[BUFFER], properties=properties)

    def verify_(self) -> None:
        if self.slot.value.data < 0 or self.object.value.data < 0:
            raise VerifyException(f"object {self.object.value.data} and slot {self.slot.value.data} are not both 0 or more")


@irdl_op_definition
class MoveOp(IRDLOperation):
    """Let places hold what others hold, all at once: `targets` get what is in `sources`."""

    name = "kernel.move"
    sources = prop_def(Ints)
    targets = prop_def(Ints)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$sources `to` $targets attr-dict"

    def __init__(self, pairs: Sequence[tuple[int, int]]):
        sources, targets = numbers([s for s, _ in pairs]), numbers([t for _, t in pairs])
        super().__init__(properties={"sources": sources, "targets": targets})

    def verify_(self) -> None:
        if len(self.sources) != len(self.targets):
            raise VerifyException(f"{len(self.sources)} sources for {len(self.targets)} targets")


class _InterfaceObjectOp(IRDLOperation):
    index = prop_def(IntegerAttr)
    object = prop_def(IntegerAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "attr-dict"

    def __init__(self, index: int, place: int):
        super().__init__(properties={"index": IntegerAttr(index, i64), "object": IntegerAttr(place, i64)})

    def verify_(self) -> None:
        if self.index.value.data < 0 or self.object.value.data < 0:
            raise VerifyException(f"index {self.index.value.data} and object {self.object.value.data} are not both 0 or more")


@irdl_op_definition
class TakeOp(_InterfaceObjectOp):
    """The object that the caller gives as an input."""

    name = "kernel.take"


@irdl_op_definition
class GiveOp(_InterfaceObjectOp):
    """The object that becomes an output."""

    name = "kernel.give"


HOST_PROGRAM_OPS = [HostCallOp, UnboxOp, MoveOp, TakeOp, GiveOp]
