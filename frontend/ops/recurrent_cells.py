"""One time step of RNN, GRU and LSTM, and the activation functions that they choose by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...dialects import graph
from ..node import Node
from ..terms import Term

Function: TypeAlias = Callable[[Term], Term]
Formula: TypeAlias = Callable[[Term, float, float], Term]


def _unary(make: type[graph.UnaryOp]) -> Formula:
    return lambda x, alpha, beta: x.apply(make)


_FUNCTIONS: dict[str, tuple[Formula, float | None, float | None]] = {
    "relu": (_unary(graph.ReluOp), None, None),
    "tanh": (_unary(graph.TanhOp), None, None),
    "sigmoid": (_unary(graph.SigmoidOp), None, None),
    "softsign": (_unary(graph.SoftsignOp), None, None),
    "softplus": (_unary(graph.SoftplusOp), None, None),
    "affine": (lambda x, alpha, beta: x * alpha + beta, 1.0, 0.0),
    "leakyrelu": (lambda x, alpha, beta: x.apply(lambda v: graph.LeakyReluOp(v, alpha)), 0.01, None),
    "thresholdedrelu": (lambda x, alpha, beta: x.apply(lambda v: graph.ThresholdedReluOp(v, alpha)), 1.0, None),
    "scaledtanh": (lambda x, alpha, beta: (x * beta).apply(graph.TanhOp) * alpha, 1.0, 1.0),
    "hardsigmoid": (lambda x, alpha, beta: x.apply(lambda v: graph.HardSigmoidOp(v, alpha, beta)), 0.2, 0.5),
    "elu": (lambda x, alpha, beta: x.apply(lambda v: graph.EluOp(v, alpha)), 1.0, None),
}
"""Formula and the defaults of alpha and beta; None for a parameter that the function doesn't have."""


def activations(n: Node, defaults: Sequence[str], directions: int) -> list[Function]:
    """The functions of all directions. Those that have parameters take the next of `activation_alpha` and `activation_beta`.

    `clip` bounds the gates before their functions. An LSTM's last function sees the cell state as it is: ONNX's text leaves that
    open, onnxruntime does so.
    """
    listed = n.attributes.get("activations")
    names = [s.decode() for s in listed.strings] if listed is not None and listed.strings else [*defaults] * directions
    if len(names) != len(defaults) * directions:
        raise ValueError(f"it names {len(names)} activation functions, expected {len(defaults) * directions}")
    alphas, betas = (iter(n.floats_attr(f"activation_{name}", [])) for name in ("alpha", "beta"))
    clip = n.float_attr("clip", 0.0)
    found: list[Function] = []
    for index, name in enumerate(names):
        if name.lower() not in _FUNCTIONS:
            raise ValueError(f"unknown activation function '{name}'")
        formula, alpha, beta = _FUNCTIONS[name.lower()]
        alpha = 0.0 if alpha is None else next(alphas, alpha)
        beta = 0.0 if beta is None else next(betas, beta)
        of_state = index % len(defaults) == 2
        found.append(_clipped(formula, alpha, beta, 0.0 if of_state else clip))
    return found


def _clipped(formula: Formula, alpha: float, beta: float, clip: float) -> Function:
    """The function with its parameters, its input clipped to [-clip, clip] (0: not at all)."""

    def apply(x: Term) -> Term:
        bounded = x.apply(lambda v: graph.ClipOp(v, -clip, clip)) if clip > 0 else x
        return formula(bounded, alpha, beta)

    return apply


@dataclass(frozen=True)
class Parameters:
    """What one direction of a layer computes with, H being the hidden size.

    Attributes:
        recurrent: weights [G * H, H], one block of rows for each of G gates.
        bias: [G * H], added to the recurrent product; None where it is part of the input's.
        peepholes: [3 * H], of an LSTM's input, output and forget gate.
        functions: the activation functions, in ONNX's order.
        linear_before_reset: whether a GRU applies its reset gate after the recurrent product.
        coupled: whether an LSTM forgets what it doesn't take in.
    """

    recurrent: Term
    bias: Term | None
    peepholes: Term | None
    functions: Sequence[Function]
    linear_before_reset: bool = False
    coupled: bool = False

    def product(self, h: Term) -> Term:
        """h R' + b for all gates."""
        found = product(h, self.recurrent)
        return found if self.bias is None else found + self.bias


State: TypeAlias = list[Term]
Step: TypeAlias = Callable[[Parameters, Term, State], State]
"""Next state from the input's share of all gates [B, G * H] and the state; the first part of the state is the output."""


def product(h: Term, weights: Term) -> Term:
    return h.with_(lambda a, b: graph.MatmulOp(a, b, transpose_rhs=True), weights)


def rnn(p: Parameters, x: Term, state: State) -> State:
    """h' = f(x + h R')"""
    (h,), (f,) = state, p.functions
    return [f(x + p.product(h))]


def gru(p: Parameters, x: Term, state: State) -> State:
    """h' = (1 - z) * c + z * h, with update gate z, reset gate r and candidate c; Cho et al. 2014."""
    (h,), (f, g) = state, p.functions
    size = h.dims[-1]
    gates, candidate = x.part(1, 0, size * 2), x.part(1, size * 2, size)
    if p.linear_before_reset:
        recurrent = p.product(h)
        z, r = f(gates + recurrent.part(1, 0, size * 2)).split(1, 2)
        c = g(candidate + r * recurrent.part(1, size * 2, size))
    else:
        z, r = f(gates + product(h, p.recurrent.part(0, 0, size * 2))).split(1, 2)
        c = g(candidate + product(r * h, p.recurrent.part(0, size * 2, size)))
    return [(1.0 - z) * c + z * h]


def lstm(p: Parameters, x: Term, state: State) -> State:
    """c' = forget * c + i * g(new), h' = o * k(c'); Hochreiter and Schmidhuber 1997, peepholes: Gers and Schmidhuber 2000."""
    (h, c), (f, g, k) = state, p.functions
    i, o, forget, new = (x + p.product(h)).split(1, 4)
    peepholes = p.peepholes.split(0, 3) if p.peepholes is not None else None
    if peepholes is not None:
        i, forget = i + peepholes[0] * c, forget + peepholes[2] * c
    i = f(i)
    c = (1.0 - i if p.coupled else f(forget)) * c + i * g(new)
    if peepholes is not None:
        o = o + peepholes[1] * c
    return [f(o) * k(c), c]
