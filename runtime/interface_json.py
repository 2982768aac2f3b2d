"""The interface of a program as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from .executable import Check, Interface, Launch, Pointer, TensorSpec
from .host_calls import Call, MoveCall, NodeCall, TensorPlace, UnboxCall
from .weights import dtype_by_name

Json = Mapping[str, Any]


def encode_interface(interface: Interface) -> dict[str, Any]:
    """Plain values: dicts, lists, strings, numbers. Pairs where keys are numbers, which JSON doesn't have."""
    calls = [{type(call).__name__: _plain(asdict(call))} for call in interface.calls]
    rest = _plain(asdict(replace(interface, calls=())))
    return rest | {"calls": calls}


def _plain(value: Any) -> Any:
    if isinstance(value, np.dtype):
        return value.name  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # a dtype of Any
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = [(key, _plain(item)) for key, item in value.items()]  # pyright: ignore[reportUnknownVariableType]  # of Any
        return dict(items) if all(isinstance(key, str) for key, _ in items) and items else [list(item) for item in items]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # of Any
    return value


def decode_interface(data: Json) -> Interface:
    """What `encode_interface` was given. Raises KeyError, TypeError or ValueError for anything else."""
    return Interface(
        symbols=tuple(data["symbols"]),
        inputs=tuple(map(_spec, data["inputs"])),
        outputs=tuple(map(_spec, data["outputs"])),
        assumptions=_checks(data["assumptions"]),
        words=data["words"],
        facts_start=data["facts_start"],
        pointers=tuple(Pointer(**row) for row in data["pointers"]),
        weights=tuple(data["weights"]),
        launches=tuple(Launch(**(row | {"nodes": tuple(row["nodes"])})) for row in data["launches"]),
        slots=data["slots"],
        grown_outputs=dict(data["grown_outputs"]),
        checks=_checks(data["checks"]),
        calls=tuple(map(_call, data["calls"])),
        objects=data["objects"],
        object_inputs=dict(data["object_inputs"]),
        object_outputs=dict(data["object_outputs"]),
    )


def _checks(rows: list[Json]) -> tuple[Check, ...]:
    return tuple(Check(row["text"], tuple(row["nodes"])) for row in rows)


def _spec(row: Json) -> TensorSpec:
    return TensorSpec(row["name"], dtype_by_name(row["dtype"]), tuple(row["dims"]), row["kind"], row["default"])


def _place(row: Json) -> TensorPlace:
    return TensorPlace(row["word"], tuple(row["dims"]), dtype_by_name(row["dtype"]))


def _call(row: Json) -> Call:
    ((kind, data),) = row.items()
    if kind == MoveCall.__name__:
        return MoveCall(tuple(data["sources"]), tuple(data["targets"]))
    if kind == UnboxCall.__name__:
        return UnboxCall(data["object"], data["slot"], _place(data["place"]))
    if kind != NodeCall.__name__:
        raise ValueError(f"a call of kind {kind}")
    operands = tuple(place if isinstance(place, int) else _place(place) for place in data["operands"])
    return NodeCall(data["node"], tuple(data["opsets"]), operands, tuple(data["results"]), tuple(data["names"]))
