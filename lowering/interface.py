"""Reading the interface of a lowered host program back from the attributes of `tw_run`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, DictionaryAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

from ..dialects.graph.attrs import WeightAttr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.host import ObjectType, is_object
from ..dialects.graph.location import location_of
from ..dialects.graph.types import dims_of, element_of
from ..errors import CompileError
from ..runtime.codes import RUN
from ..runtime.executable import Check, Interface, Launch, Pointer, TensorSpec
from .host_calls import read_call
from .host_interface import KINDS
from .launch import LAUNCH


def run_function(module: ModuleOp) -> llvm.FuncOp:
    """The host program's `tw_run`; CompileError when the module has none."""
    for op in module.ops:
        if isinstance(op, llvm.FuncOp) and op.sym_name.data == RUN:
            return op
    raise CompileError(f"the module has no '{RUN}'; lower it to the llvm stage first", stage="llvm")


def read_interface(module: ModuleOp) -> Interface:
    """What a session must know to call the module's host program."""
    run = run_function(module)
    words, facts_start, slots = _integers(run, "words")
    grown = _integers(run, "grown_outputs")
    places, taken, given = _objects(run)
    pointers = _integers(run, "pointers")
    return Interface(
        symbols=tuple(_strings(run, "symbols")),
        inputs=tuple(_specs(run, "input")),
        outputs=tuple(_specs(run, "output")),
        assumptions=tuple(_checks(run, "assumptions")),
        words=words,
        facts_start=facts_start,
        pointers=tuple(Pointer(w, KINDS[k], i) for w, k, i in _triples(pointers)),
        weights=tuple(_strings(run, "weights")),
        launches=tuple(_launches(run)),
        slots=slots,
        grown_outputs=dict(zip(grown[::2], grown[1::2], strict=True)),
        checks=tuple(_checks(run, "checks")),
        calls=tuple(read_call(entry) for entry in _entries(run, "calls")),
        objects=places,
        object_inputs=taken,
        object_outputs=given,
    )


def read_slots(module: ModuleOp) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The most bytes that each slot holds, and the nodes that need memory without a bound; see `slot_bounds.py`."""
    run = run_function(module)
    return tuple(_integers(run, "slot_bytes")), tuple(_strings(run, "unbounded"))


def _launches(run: llvm.FuncOp) -> Iterator[Launch]:
    names = _strings(run, "kernels")
    calls = [op for op in run.walk() if isinstance(op, llvm.CallOp) and _callee(op) == LAUNCH]
    rows = _triples(_integers(run, "rows"))
    for kernel, call, (start, sizes_start, grid_word) in zip(names, calls, rows, strict=True):
        yield Launch(kernel, location_of(call), start, sizes_start, grid_word)


def _objects(run: llvm.FuncOp) -> tuple[int, dict[int, int], dict[int, int]]:
    """The number of places of objects, and those of inputs and outputs."""
    places, *rest = _integers(run, "objects")
    split = rest.index(-1)
    taken, given = (dict(zip(pairs[::2], pairs[1::2], strict=True)) for pairs in (rest[:split], rest[split + 1 :]))
    return places, taken, given


def _callee(call: llvm.CallOp) -> str:
    """The function that is called; nothing for a call of an address."""
    return call.callee.root_reference.data if call.callee is not None else ""


def _checks(run: llvm.FuncOp, name: str) -> Iterator[Check]:
    for entry in _entries(run, name):
        if isa(entry, ArrayAttr[StringAttr]):
            text, *nodes = (s.data for s in entry)
            yield Check(text, tuple(nodes))


def _specs(run: llvm.FuncOp, kind: str) -> Iterator[TensorSpec]:
    defaults = _defaults(run) if kind == "input" else {}
    for name, type_ in zip(_strings(run, f"{kind}_names"), _entries(run, f"{kind}_types"), strict=True):
        if is_object(type_):
            yield TensorSpec(name, np.dtype(object), (), kind=cast(ObjectType, type_).kind.data)
            continue
        dims = tuple(d.value if d.is_static else str(d) for d in dims_of(type_))
        yield TensorSpec(name, numpy_dtype(element_of(type_)), dims, default=defaults.get(name))


def _defaults(run: llvm.FuncOp) -> dict[str, str]:
    """The weight of each input that need not be given."""
    found = _attribute(run, "input_defaults")
    rows = found.data.items() if isinstance(found, DictionaryAttr) else ()
    return {name: weight.key.data for name, weight in rows if isinstance(weight, WeightAttr)}


def _attribute(run: llvm.FuncOp, name: str) -> Attribute:
    found = run.attributes.get(f"kernel.{name}")
    if found is None:
        raise CompileError(f"'{RUN}' has no attribute 'kernel.{name}'", stage="llvm")
    return found


def _entries(run: llvm.FuncOp, name: str) -> tuple[Attribute, ...]:
    found = _attribute(run, name)
    if not isinstance(found, ArrayAttr):
        raise CompileError(f"attribute 'kernel.{name}' of '{RUN}' is no array", stage="llvm")
    return cast(ArrayAttr[Attribute], found).data


def _strings(run: llvm.FuncOp, name: str) -> list[str]:
    return [e.data for e in _entries(run, name) if isinstance(e, StringAttr)]


def _integers(run: llvm.FuncOp, name: str) -> list[int]:
    found = _attribute(run, name)
    if not isinstance(found, DenseArrayBase):
        raise CompileError(f"attribute 'kernel.{name}' of '{RUN}' is no dense array", stage="llvm")
    return [int(v) for v in cast("DenseArrayBase[Attribute]", found).iter_values()]  # pyright: ignore  # the cast names the element type that xDSL's overloads want narrower


def _triples(values: list[int]) -> list[tuple[int, int, int]]:
    return list(zip(values[::3], values[1::3], values[2::3], strict=True))
