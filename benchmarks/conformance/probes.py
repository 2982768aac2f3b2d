"""Which element types of an op can be imported: tried out on the op's own cases in the backend test suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, defs

from benchmarks.conformance.host import HOST_OP
from tilewright.errors import TilewrightError, UnsupportedOpError
from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore

MAX_CASES = 8
"""Cases tried for an element type that none has accepted so far."""

Data = Sequence[Any]
Case = tuple[onnx.ModelProto, Data]
"""A model of a single node, and arrays for its inputs."""

TENSORS = {
    f"tensor({name})": value
    for value, name in (
        *((TensorProto.FLOAT, "float"), (TensorProto.DOUBLE, "double")),
        *((v, n.lower()) for n, v in TensorProto.DataType.items() if n not in ("FLOAT", "DOUBLE", "UNDEFINED")),
    )
}
"""ONNX element types by the type strings of schemas."""


@dataclass
class Probe:
    """What import makes of an op.

    Attributes:
        accepted: element types of its main operands that can be imported, also "sequence" and "optional".
        refused: those that its schema has and import refuses.
        host: whether a case needs ops that run on the host.
    """

    accepted: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    host: bool = False

    def add(self, name: str, outcomes: Iterable[bool | None]) -> None:
        """Note a type that one of the outcomes of `imports` accepts, or none; nothing where there are no outcomes."""
        found = list(outcomes)
        if found:
            (self.accepted if any(o is not None for o in found) else self.refused).append(name)
            self.host |= any(found)


def probe(schema: Any, cases: Iterable[Case]) -> Probe:
    """Import the cases of an op with every element type that its schema allows for the main operands."""
    result, parameters = Probe(), _parameters(schema)
    main = main_parameter(schema, parameters)
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        kinds.setdefault(_kind(case[0], schema, main), []).append(case)
    tensors = kinds.pop("tensor", [])[:MAX_CASES]
    for name in [t for t in parameters.get(main, ()) if t in TENSORS]:
        result.add(name, _until_accepted((retyped(model, schema, main, name), data) for model, data in tensors))
    for kind, others in sorted(kinds.items()):
        result.add(kind, _until_accepted(others))
    return result


def _until_accepted(cases: Iterable[Case]) -> Iterator[bool | None]:
    """The outcomes of cases in order, up to the first that can be imported."""
    for model, data in cases:
        yield (outcome := imports(model, data))
        if outcome is not None:
            return


def _parameters(schema: Any) -> dict[str, list[str]]:
    """The types that each type parameter of a schema can stand for."""
    return {c.type_param_str: list(c.allowed_type_strs) for c in schema.type_constraints}


def main_parameter(schema: Any, parameters: Mapping[str, Sequence[str]]) -> str:
    """The type parameter of the first input whose type is open, else of the first that has one; "" where there is none."""
    names = [formal.type_str for formal in schema.inputs if formal.type_str in parameters]
    return next((name for name in names if len(parameters[name]) > 1), names[0] if names else "")


def _main_values(node: onnx.NodeProto, schema: Any, main: str) -> list[str]:
    """The names of the main operands of a node and of the results of the same type."""
    rows = [*zip(node.input, _formals(schema.inputs)), *zip(node.output, _formals(schema.outputs))]  # noqa: B905
    return [value for value, formal in rows if value and formal.type_str == main]


def _kind(model: onnx.ModelProto, schema: Any, main: str) -> str:
    """What the main operands of a case are: "tensor", "sequence" or "optional"."""
    names = _main_values(model.graph.node[0], schema, main)
    types = {value.name: value.type.WhichOneof("value") or "" for value in model.graph.input}
    return next((types[name].removesuffix("_type") for name in names if name in types), "tensor")


def retyped(model: onnx.ModelProto, schema: Any, main: str, name: str) -> onnx.ModelProto:
    """The single-node model with its main operands, and others that had their element type and may, of another one."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    node, parameters = result.graph.node[0], _parameters(schema)
    values = {v.name: v.type.tensor_type for v in (*result.graph.input, *result.graph.output)}
    before = {values[v].elem_type for v in _main_values(node, schema, main) if v in values}
    for parameter in (p for p, allowed in parameters.items() if name in allowed):
        for value in (v for v in _main_values(node, schema, parameter) if v in values):
            if parameter == main or values[value].elem_type in before:
                values[value].elem_type = TENSORS[name]
    return result


def _formals(formals: Sequence[Any]) -> Iterator[Any]:
    """The formal operand of each actual one; the last one repeats where it is variadic."""
    yield from formals
    while formals and formals[-1].option == defs.OpSchema.FormalParameterOption.Variadic:
        yield formals[-1]


def imports(model: onnx.ModelProto, data: Data) -> bool | None:
    """Whether the imported model runs on the host in part; None where import refuses it."""
    try:
        return _uses_host(model, {})
    except UnsupportedOpError as error:
        if not any("depends on data" in row.reason for row in error.nodes):
            return None
    except TilewrightError:
        return None
    try:
        return _uses_host(model, sizes(model, data))
    except TilewrightError:
        return None


def _uses_host(model: onnx.ModelProto, values: dict[str, NDArray[Any]]) -> bool:
    return any(op.name == HOST_OP for op in import_model(model, WeightStore(), values=values).walk())


def sizes(model: onnx.ModelProto, data: Data) -> dict[str, NDArray[Any]]:
    """The operands that may be sizes or axes, as constants: small, of integers, and not the first one."""
    pairs = list(zip((value.name for value in model.graph.input), data, strict=False))[1:]
    arrays = {name: np.asarray(cast(Any, array)) for name, array in pairs if isinstance(array, np.ndarray | np.generic)}
    return {name: array for name, array in arrays.items() if array.size <= 64 and array.dtype.kind in "iu"}
