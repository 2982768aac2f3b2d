"""What the session must know to run a program, as attributes of `tw_run`; `interface.py` reads them back."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, DictionaryAttr, StringAttr, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects.graph.base import ints
from ..dialects.graph.location import location_of
from ..dialects.program import AllocOp, InputOp, OutputOp, WeightOp
from ..dialects.program_control import texts
from ..dialects.program_host import GiveOp, HostCallOp, MoveOp, TakeOp, UnboxOp
from ..dialects.program_types import INPUT_DEFAULTS
from ..errors import CompileError
from ..runtime.executable import Check
from .host_table import Table
from .slot_bounds import slot_attributes

KINDS = ("input", "output", "weight", "arena")


def interface_attributes(table: Table) -> dict[str, Attribute]:
    """The program's inputs and outputs, the words of pointers, and per invocation its kernel."""
    program = table.program
    weights: dict[str, int] = {}
    allocs = {op: i for i, op in enumerate(o for o in program.body.block.ops if isinstance(o, AllocOp))}
    pointers: list[int] = []
    for word, value in table.pointers:
        kind, number = _pointer(value, weights, allocs)
        pointers += [word, KINDS.index(kind), number]
    return {
        "words": _integers([table.words, table.facts_start, table.slots]),
        "symbols": program.symbols,
        "input_names": program.input_names,
        "input_types": program.input_types,
        "output_names": program.output_names,
        "output_types": program.output_types,
        "input_defaults": program.attributes.get(INPUT_DEFAULTS, DictionaryAttr({})),
        "assumptions": _checks(map(table.assumption, table.assumed)),
        "pointers": _integers(pointers),
        "weights": _strings(list(weights)),
        "kernels": _strings([row.invoke.callee.root_reference.data for row in table.rows]),
        "rows": _integers([w for row in table.rows for w in (row.start, row.sizes_start, row.grid_word)]),
        "calls": ArrayAttr([_call(op, table) for op in table.calls]),
        "objects": _integers(_objects(table)),
        "grown_outputs": _integers(_grown_outputs(table)),
        "checks": _checks(table.checks),
        **slot_attributes(program, table.slots),
    }


def _checks(checks: Iterable[Check]) -> ArrayAttr[Attribute]:
    return ArrayAttr([_strings([check.text, *check.nodes]) for check in checks])


def _objects(table: Table) -> list[int]:
    """How many places objects have; then (number of the input, place) of inputs, -1, and the same of outputs."""
    taken, given = [
        [n for op in table.program.body.block.ops if isinstance(op, kind) for n in (op.index.value.data, op.object.value.data)]
        for kind in (TakeOp, GiveOp)
    ]
    used = [*taken[1::2], *given[1::2], *(place for op in table.calls for place in _places(op))]
    return [max(used, default=-1) + 1, *taken, -1, *given]


def _places(op: Operation) -> list[int]:
    match op:
        case HostCallOp():
            return [*ints(op.objects), *ints(op.results_)]
        case MoveOp():
            return [*ints(op.sources), *ints(op.targets)]
        case UnboxOp():
            return [op.object.value.data]
        case _:
            return []


def _call(op: Operation, table: Table) -> Attribute:
    """A call to the host as a dictionary."""
    match op:
        case HostCallOp():
            tensors = [
                [table.places[buffer], *words] for buffer, words in zip(op.buffers, table.operand_dims.get(op, []), strict=True)
            ]
            return DictionaryAttr(
                {
                    "node": op.node,
                    "opsets": op.opsets,
                    "objects": op.objects,
                    "tensors": ArrayAttr([_integers(words) for words in tensors]),
                    "types": op.types,
                    "results": op.results_,
                    "names": _strings(list(location_of(op))),
                }
            )
        case UnboxOp():
            words = [table.places[op.result], *(table.symbols[name] for name in texts(op.symbols))]
            places = _integers([op.object.value.data, op.slot.value.data])
            return DictionaryAttr({"unbox": places, "tensor": _integers(words), "type": op.type})
        case MoveOp():
            return DictionaryAttr({"sources": op.sources, "targets": op.targets})
        case _:
            raise CompileError(f"'{op.name}' is no call to the host", stage="lower-run")


def _grown_outputs(table: Table) -> list[int]:
    """(number of the output, word of its address) of the outputs whose size depends on data."""
    found = [(op.output.value.data, table.places[op.result]) for op in table.bytes if op.output is not None]
    return [number for pair in sorted(found) for number in pair]


def _pointer(value: SSAValue, weights: dict[str, int], allocs: dict[AllocOp, int]) -> tuple[str, int]:
    match value.owner:
        case InputOp() as op:
            return "input", op.index.value.data
        case OutputOp() as op:
            return "output", op.index.value.data
        case WeightOp() as op:
            return "weight", weights.setdefault(op.value.key.data, len(weights))
        case AllocOp() as op:
            return "arena", allocs[op]
        case _:
            raise CompileError("a buffer comes from no input, output, weight or allocation", stage="lower-run")


def _integers(values: list[int]) -> Attribute:
    return DenseArrayBase.from_list(i64, values)


def _strings(values: list[str]) -> Attribute:
    return ArrayAttr([StringAttr(v) for v in values])
