"""What the session must know to run a program, as attributes of `tw_run`; `interface.py` reads them back."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, DictionaryAttr, StringAttr, i64
from xdsl.ir import Attribute, SSAValue

from ..dialects.graph.attrs import DimsAttr
from ..dialects.program import AllocOp, InputOp, OutputOp, WeightOp
from ..dialects.program_types import INPUT_DEFAULTS
from ..errors import CompileError
from .host_table import Table

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
        "assumptions": DimsAttr(tuple(table.assumed)),
        "pointers": _integers(pointers),
        "weights": _strings(list(weights)),
        "kernels": _strings([row.invoke.callee.root_reference.data for row in table.rows]),
        "rows": _integers([w for row in table.rows for w in (row.start, row.sizes_start, row.grid_word)]),
        "grown_outputs": _integers(_grown_outputs(table)),
        "checks": ArrayAttr([_strings([check.text, *check.nodes]) for check in table.checks]),
    }


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
