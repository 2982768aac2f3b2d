"""Calls from native code to the host: ONNX nodes on strings, sequences, optionals and images.

They run in the reference implementation that comes with the onnx package.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RunError
from .codes import FAILED, HOST, HOST_FAILED
from .growth import Growth, read_array

_CALL = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64)


@dataclass(frozen=True)
class TensorPlace:
    """A tensor of the run: the words of its address and of its dims, and its dtype."""

    word: int
    dims: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class NodeCall:
    """An ONNX node: operands are tensors or numbers of objects, results are objects. `node` is the NodeProto as JSON."""

    node: str
    opsets: tuple[str, ...]
    operands: tuple[TensorPlace | int, ...]
    results: tuple[int, ...]
    names: tuple[str, ...]
    """The ONNX nodes that it stands for."""

    def run(self, state: HostState) -> None:
        operands = [state.objects[o] if isinstance(o, int) else state.tensor(o) for o in self.operands]
        for place, value in zip(self.results, evaluator(self.node, self.opsets)(operands), strict=True):
            state.objects[place] = value


@dataclass(frozen=True)
class UnboxCall:
    """The tensor in an object goes to memory of a slot; its dims to the words of symbols."""

    object: int
    slot: int
    place: TensorPlace

    def run(self, state: HostState) -> None:
        value = np.asarray(state.objects[self.object])
        if value.dtype != self.place.dtype or value.ndim != len(self.place.dims):
            found = f"{value.dtype}{list(value.shape)}"
            raise ValueError(f"an object holds {found}, expected {self.place.dtype} of rank {len(self.place.dims)}")
        state.put(self, np.array(value, order="C"))


@dataclass(frozen=True)
class MoveCall:
    """Places take what other places hold, all at once."""

    sources: tuple[int, ...]
    targets: tuple[int, ...]

    def run(self, state: HostState) -> None:
        values = [state.objects[source] for source in self.sources]
        for target, value in zip(self.targets, values, strict=True):
            state.objects[target] = value


Call = NodeCall | UnboxCall | MoveCall


class HostState:
    """The objects of one run in flight, and the function that native code calls for them.

    Attributes:
        objects: by place.
        error: what a call raised, with its number.
    """

    def __init__(self, calls: Sequence[Call], places: int, table: NDArray[np.int64], growth: Growth) -> None:
        self.objects: list[Any] = [None] * places
        self.error: tuple[int, BaseException] | None = None
        self._calls, self._table, self._growth = calls, table, growth
        self._callback = _CALL(self._call)
        growth.context[HOST] = ctypes.cast(self._callback, ctypes.c_void_p).value or 0

    def begin(self, objects: Mapping[int, Any]) -> None:
        """Start a run with these objects as inputs."""
        self.objects = [objects.get(place) for place in range(len(self.objects))]
        self.error = None

    def failure(self) -> RunError:
        """What a call raised, naming its nodes. Raises an interrupt, which is none of the model's errors, as it is."""
        assert self.error is not None
        number, error = self.error
        if not isinstance(error, Exception):
            raise error
        call = self._calls[number]
        nodes = ", ".join(call.names) if isinstance(call, NodeCall) else ""
        found = RunError(f"{type(error).__name__}: {error}", node=nodes or None, stage="run")
        found.__cause__ = error
        return found

    def _call(self, _: int, number: int) -> int:
        try:
            self._calls[number].run(self)
        except BaseException as error:  # nothing may pass through native code, an interrupt neither: it would be lost there
            self.error = (number, error)
            return FAILED | HOST_FAILED
        return 0

    def tensor(self, place: TensorPlace) -> NDArray[Any]:
        """A copy of a tensor of the run."""
        shape = tuple(int(self._table[word]) for word in place.dims)
        return read_array(int(self._table[place.word]), shape, place.dtype, np.copy)

    def put(self, call: UnboxCall, value: NDArray[Any]) -> None:
        """Write a tensor to its slot."""
        address = self._growth.grow(call.slot, value.nbytes)
        if value.nbytes:
            ctypes.memmove(address, value.ctypes.data, value.nbytes)
        self._table[call.place.word] = address
        for word, size in zip(call.place.dims, value.shape, strict=True):
            self._table[word] = size


_OPTIONAL: dict[str, Callable[[Sequence[Any]], Sequence[Any]]] = {
    "Optional": lambda operands: [operands[0] if operands else None],
    "OptionalHasElement": lambda operands: [np.array(bool(operands) and operands[0] is not None)],
    "OptionalGetElement": lambda operands: [_element(operands[0])],
}
"""An optional is its element, or None: the form in which callers pass and get one."""


def _element(value: Any) -> Any:
    if value is None:
        raise ValueError("the optional is empty")
    return value


@lru_cache(maxsize=256)
def evaluator(node: str, opsets: tuple[str, ...]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """onnx's implementation of a node: operands in order, those left out not among them -> results in order."""
    import onnx
    from google.protobuf import json_format
    from onnx.reference import ReferenceEvaluator

    proto = json_format.Parse(node, onnx.NodeProto())
    if proto.op_type in _OPTIONAL:
        return _OPTIONAL[proto.op_type]
    names = [name for name in proto.input if name]
    inputs = [onnx.ValueInfoProto(name=name) for name in names]
    outputs = [onnx.ValueInfoProto(name=name) for name in proto.output if name]
    graph = onnx.GraphProto(name="node", node=[proto], input=inputs, output=outputs)
    versions = [entry.rsplit(":", 1) for entry in opsets]
    imports = [onnx.OperatorSetIdProto(domain="" if d == "ai.onnx" else d, version=int(v)) for d, v in versions]
    reference: Any = ReferenceEvaluator(onnx.ModelProto(ir_version=10, graph=graph, opset_import=imports))
    return lambda operands: reference.run(None, dict(zip(names, operands, strict=True)))
