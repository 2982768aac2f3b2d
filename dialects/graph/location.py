"""Provenance: the names of the ONNX nodes that an op stands for, kept in its MLIR location.

One node is `loc("conv1")`, several are `loc(fused["conv1", "relu1"])`; what was made by the compiler alone is
`loc(unknown)`. Locations print with `--print-debuginfo` (dumps that are taken up again do so) and parse back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from xdsl.dialects.builtin import UNKNOWN_LOC, ArrayAttr, CallSiteLoc, FusedLoc, LocationAttr, NameLoc, NoneAttr, StringAttr
from xdsl.ir import Attribute, Operation

MAX_NAMES = 32
"""A fused location keeps this many names: what thousands of nodes folded into one would otherwise be is of no use."""


def location(names: Iterable[str]) -> LocationAttr:
    """The location of these node names, in their order, each once."""
    return _location(tuple(dict.fromkeys(names))[:MAX_NAMES])


@lru_cache(maxsize=65536)
def _location(names: tuple[str, ...]) -> LocationAttr:
    named = tuple(_named(name) for name in names)
    if not named:
        return UNKNOWN_LOC
    return named[0] if len(named) == 1 else FusedLoc(ArrayAttr[Attribute](named), NoneAttr())


@lru_cache(maxsize=65536)
def _named(name: str) -> NameLoc:
    return NameLoc(StringAttr(name), NoneAttr())


def names_of(where: Attribute) -> tuple[str, ...]:
    """The node names in a location of any form."""
    match where:
        case NameLoc():
            return (where.desc.data,)
        case FusedLoc(locations=ArrayAttr() as parts):
            return _unique(names_of(part) for part in parts)
        case CallSiteLoc():
            return _unique((names_of(where.caller), names_of(where.callee)))
        case _:
            return ()


def _unique(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def set_location(op: Operation, names: Iterable[str]) -> None:
    """Say that `op` stands for the ONNX nodes `names`."""
    op.location = location(names)


def location_of(op: Operation) -> tuple[str, ...]:
    """Names of the ONNX nodes that `op` stands for; none if the compiler made it."""
    return names_of(op.location)


def union(ops: Iterable[Operation]) -> LocationAttr:
    """The location of an op that replaces all of `ops`."""
    return location(_unique(location_of(op) for op in ops))
