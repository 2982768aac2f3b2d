"""Reading the calls to the host back from the attributes of `tw_run`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, DictionaryAttr, StringAttr
from xdsl.ir import Attribute

from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.types import element_of
from ..dialects.program_host import A_BUFFER
from ..errors import CompileError
from ..runtime.host_calls import Call, MoveCall, NodeCall, TensorPlace, UnboxCall


def read_call(attribute: Attribute) -> Call:
    """One call; CompileError where the attribute is none."""
    if not isinstance(attribute, DictionaryAttr):
        raise CompileError("a call to the host is no dictionary", stage="llvm")
    found = attribute.data
    if "unbox" in found:
        number, slot = _integers(found["unbox"])
        return UnboxCall(number, slot, _tensor(_integers(found["tensor"]), found["type"]))
    if "sources" in found:
        return MoveCall(_integers(found["sources"]), _integers(found["targets"]))
    return NodeCall(
        node=_text(found["node"]),
        opsets=_texts(found["opsets"]),
        operands=tuple(_operands(found)),
        results=_integers(found["results"]),
        names=_texts(found["names"]),
    )


def _operands(found: Mapping[str, Attribute]) -> Iterator[TensorPlace | int]:
    tensors = iter(zip(_entries(found["tensors"]), _entries(found["types"]), strict=True))
    for place in _integers(found["objects"]):
        if place != A_BUFFER:
            yield place
            continue
        words, type_ = next(tensors)
        yield _tensor(_integers(words), type_)


def _tensor(words: Sequence[int], type_: Attribute) -> TensorPlace:
    return TensorPlace(words[0], tuple(words[1:]), numpy_dtype(element_of(type_)))


def _entries(attribute: Attribute) -> Sequence[Attribute]:
    return cast(ArrayAttr[Attribute], attribute).data


def _text(attribute: Attribute) -> str:
    return cast(StringAttr, attribute).data


def _texts(attribute: Attribute) -> tuple[str, ...]:
    return tuple(_text(entry) for entry in _entries(attribute))


def _integers(attribute: Attribute) -> tuple[int, ...]:
    return tuple(int(v) for v in cast("DenseArrayBase[Attribute]", attribute).iter_values())  # pyright: ignore  # as in interface.py
