"""RNN, GRU and LSTM: a scan over time for each direction, the product with all inputs made before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Block, Region

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import tensor
from ..node import Node
from ..registry import op
from ..terms import Term, iota, optional, stack, term
from ..values import Tensor, Value
from .recurrent_cells import Function, Parameters, State, Step, activations, gru, lstm, product, rnn

INPUT, WEIGHTS, RECURRENT, BIAS, LENGTHS, INITIAL, PEEPHOLES = 0, 1, 2, 3, 4, 5, 7
"""Operands; INITIAL is the first of one for each part of the state."""


@dataclass(frozen=True)
class _Cell:
    """How a cell steps, the size of its state, and the activation functions that it has unless told otherwise."""

    step: Step
    parts: int
    functions: tuple[str, ...]


_CELLS: dict[str, _Cell] = {
    "RNN": _Cell(rnn, 1, ("Tanh",)),
    "GRU": _Cell(gru, 1, ("Sigmoid", "Tanh")),
    "LSTM": _Cell(lstm, 2, ("Sigmoid", "Tanh", "Tanh")),
}
_REVERSED: dict[str, tuple[bool, ...]] = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}


@op(*_CELLS)
def recurrent(n: Node) -> list[Value | None]:
    """Y [T, D, B, H] and the last parts of the state [D, B, H]; batches come first in them, and in X, for layout 1."""
    cell, batch_first = _CELLS[n.op], bool(n.int_attr("layout", 0))
    direction = n.str_attr("direction", "forward")
    if direction not in _REVERSED:
        raise ValueError(f"direction is {', '.join(_REVERSED)}; got '{direction}'")
    directions = _REVERSED[direction]
    x = term(n, INPUT).transpose(1, 0, 2) if batch_first else term(n, INPUT)
    _check(n, x, len(directions))
    functions, count = activations(n, cell.functions, len(directions)), len(cell.functions)
    runs = [_run(n, x, i, back, functions[i * count :][:count]) for i, back in enumerate(directions)]
    y = stack([run[0] for run in runs], 1)
    last = [stack([run[1 + part] for run in runs], 0) for part in range(cell.parts)]
    if batch_first:
        y, last = y.transpose(2, 0, 1, 3), [part.transpose(1, 0, 2) for part in last]
    return [Tensor.of(result.value) for result in (y, *last)]


def _check(n: Node, x: Term, directions: int) -> None:
    if len(x.dims) != 3:
        raise ValueError(f"X has rank {len(x.dims)}, expected 3")
    for index in (WEIGHTS, RECURRENT):
        dims = n.shape(index)
        if len(dims) != 3 or dims[0] != DimExpr.of(directions):
            raise ValueError(f"input {index} has dims {list(map(str, dims))}, expected {directions} directions")


def _run(n: Node, x: Term, index: int, back: bool, functions: Sequence[Function]) -> list[Term]:
    """One direction: its outputs [T, B, H], zero beyond a sequence's end, and the last parts of its state [B, H]."""
    cell = _CELLS[n.op]
    time, batch, features = x.dims
    weights, recurrent = term(n, WEIGHTS).item(index), term(n, RECURRENT).item(index)
    parameters, bias = _parameters(n, recurrent, index, functions)
    shares = product(x.reshape(time * batch, features), weights)
    shares = (shares if bias is None else shares + bias).reshape(time, batch, weights.dims[0])
    initial = _initial(n, x, cell.parts, index, recurrent.dims[1])
    return _scan(n, cell, parameters, [shares, *_alive(n, x)], initial, back)


def _parameters(n: Node, recurrent: Term, index: int, functions: Sequence[Function]) -> tuple[Parameters, Term | None]:
    """What the steps compute with, and the bias of the product before them."""
    late = n.op == "GRU" and bool(n.int_attr("linear_before_reset", 0))
    coupled = n.op == "LSTM" and bool(n.int_attr("input_forget", 0))
    peepholes = optional(n, PEEPHOLES)
    both = optional(n, BIAS)
    before, inside = both.item(index).split(0, 2) if both is not None else (None, None)
    if before is not None and inside is not None and not late:
        before, inside = before + inside, None
    own = peepholes.item(index) if peepholes is not None else None
    return Parameters(recurrent, inside, own, functions, late, coupled), before


def _initial(n: Node, x: Term, parts: int, index: int, size: DimExpr) -> State:
    """The first state, each part [B, H]; zeros where the model gives none."""
    given = [optional(n, INITIAL + part) for part in range(parts)]
    if n.int_attr("layout", 0):
        given = [v.transpose(1, 0, 2) if v is not None else None for v in given]
    return [v.item(index) if v is not None else x.like(0.0).broadcast(x.dims[1], size) for v in given]


def _alive(n: Node, x: Term) -> list[Term]:
    """Whether each sequence has each time step [T, B, 1]; nothing where all of them are of full length."""
    lengths = optional(n, LENGTHS)
    if lengths is None:
        return []
    steps = iota(n, x.dims[0], lengths.dtype)
    return [steps.reshape(x.dims[0], 1, 1) < lengths.reshape(1, x.dims[1], 1)]


def _scan(n: Node, cell: _Cell, parameters: Parameters, inputs: Sequence[Term], initial: State, back: bool) -> list[Term]:
    """The loop: [outputs, *last state]. A sequence that has ended keeps its state, and its output is zero."""
    block = Block(arg_types=[*(s.value.type for s in initial), *(tensor(t.element, t.dims[1:]) for t in inputs)])
    with n.build.into(block):
        arguments = [Term(n.build, argument) for argument in block.args]
        state, (share, *alive) = arguments[: len(initial)], arguments[len(initial) :]
        new = cell.step(parameters, share, state)
        output = new[0]
        if alive:
            output = alive[0].select(output, 0.0)
            new = [alive[0].select(s, old) for s, old in zip(new, state, strict=True)]
        block.add_op(graph.YieldOp([t.value for t in (*new, output)]))
    outputs = tensor(initial[0].element, [inputs[0].dims[0], *initial[0].dims])
    types = [*(s.value.type for s in initial), outputs]
    directions = [int(back)] * len(inputs)
    loop = graph.ScanOp(
        [s.value for s in initial],
        [t.value for t in inputs],
        Region(block),
        types,
        input_directions=directions,
        output_directions=[int(back)],
    )
    n.emit(loop)
    *last, y = (Term(n.build, out) for out in loop.outs)
    return [y, *last]
