"""Ops that users define by what one element of their result is.

%y = graph.custom "my.ops::Roll::1"(%x) {arguments = {shift = 1 : i64}, digest = "3f.."} : (tensor<8xf32>) -> tensor<8xf32>
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import DictionaryAttr, FloatAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, prop_def, result_def, traits_def, var_operand_def
from xdsl.traits import Pure

from ...errors import RegistrationError
from ...registration import CustomRule, find_key
from .base import GraphOp, Operand, PropertyValue, require, to_attribute
from .types import AnyTensor, tensor_type


@irdl_op_definition
class CustomOp(GraphOp):
    """`key` names a registered op as `domain::name::since`; `digest` is the hash of its source.

    Where the op is not registered, as when IR is only printed, its result is what the IR says.
    """

    name = "graph.custom"
    key = prop_def(StringAttr)
    xs = var_operand_def()
    arguments = prop_def(DictionaryAttr)
    digest = prop_def(StringAttr)
    result = result_def()
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$key `(` $xs `)` attr-dict `:` functional-type(operands, results)"

    def __init__(
        self,
        xs: Sequence[Operand],
        rule: CustomRule,
        arguments: Mapping[str, PropertyValue],
        result_type: Attribute | None = None,
    ):
        values = {name: to_attribute(value) for name, value in arguments.items()}
        properties: dict[str, PropertyValue] = {"key": rule.key, "arguments": DictionaryAttr(values), "digest": rule.digest}
        self.init_inferred([xs], properties, None if result_type is None else [result_type])

    def infer(self) -> Sequence[AnyTensor]:
        require(self.key.data.count("::") == 2, f"key is domain::name::since, got '{self.key.data}'")
        rule = find_key(self.key.data)
        if rule is None or rule.result is None:
            return [tensor_type(self.result)]
        return [tensor_type(rule.result(self))]

    def rule(self) -> CustomRule:
        """The registration; RegistrationError where there is none, or another one than the op was made with."""
        rule = find_key(self.key.data)
        if rule is None or rule.result is None:
            raise RegistrationError(
                "no kernel function is registered for it in this process (see TILEWRIGHT_PLUGINS)", op=self.key.data
            )
        if rule.digest != self.digest.data:
            raise RegistrationError("its source changed since this IR was made; import the model again", op=self.key.data)
        return rule

    def argument(self, name: str, default: float | int | str) -> float | int | str:
        """An attribute of the ONNX node: a number or a string."""
        match self.arguments.data.get(name):
            case IntegerAttr() as found:
                return found.value.data
            case FloatAttr() as found:
                return found.value.data
            case StringAttr() as found:
                return found.data
            case _:
                return default


CUSTOM_OPS = (CustomOp,)
