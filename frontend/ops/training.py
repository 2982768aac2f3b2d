"""ai.onnx.preview.training: one step of Adagrad, Adam and Momentum; gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from onnx import AttributeProto
from xdsl.ir import SSAValue

from ..gradients import gradients, substituted
from ..node import Node
from ..registry import op
from ..terms import Term, term
from ..values import Tensor

DOMAIN = "ai.onnx.preview.training"


@dataclass(frozen=True)
class _Rate:
    """R, the learning rate, and T, how many steps were done: scalars."""

    value: Term
    steps: Term

    def like(self, x: Term) -> tuple[Term, Term]:
        """Both in the element type of x."""
        return self.value.cast(x.element).reshape(), self.steps.cast(x.element).reshape()

    def first(self) -> Term:
        """Whether this is the first step."""
        return self.steps.reshape().equal(0)


Step: TypeAlias = Callable[[Node, _Rate, Term, Term, list[Term]], list[Term]]
"""New value and state from a value, its gradient and its state."""


def _adagrad(n: Node, rate: _Rate, x: Term, gradient: Term, state: list[Term]) -> list[Term]:
    """x - r * g / (sqrt(sum of squared g) + epsilon); Duchi, Hazan and Singer 2011."""
    r, steps = rate.like(x)
    r = r / (steps * n.float_attr("decay_factor", 0.0) + 1.0)
    squares = state[0] + gradient * gradient
    return [x - r * gradient / (squares.sqrt() + n.float_attr("epsilon", 1e-6)), squares]


def _adam(n: Node, rate: _Rate, x: Term, gradient: Term, state: list[Term]) -> list[Term]:
    """x - r * mean of g / (sqrt(mean of squared g) + epsilon), means running; Kingma and Ba 2014."""
    alpha, beta = n.float_attr("alpha", 0.9), n.float_attr("beta", 0.999)
    mean = state[0] * alpha + gradient * (1.0 - alpha)
    square = state[1] * beta + gradient * gradient * (1.0 - beta)
    r, steps = rate.like(x)
    corrected = r * (1.0 - x.like(beta) ** steps).sqrt() / (1.0 - x.like(alpha) ** steps)
    r = rate.first().select(r, corrected)
    new = x - r * mean / (square.sqrt() + n.float_attr("epsilon", 1e-6))
    return [new * (1.0 - n.float_attr("norm_coefficient_post", 0.0)), mean, square]


def _momentum(n: Node, rate: _Rate, x: Term, gradient: Term, state: list[Term]) -> list[Term]:
    """x - r * v, v being a running sum of gradients; Nesterov's looks one step ahead (Sutskever et al. 2013)."""
    alpha, mode = n.float_attr("alpha"), n.str_attr("mode")
    if mode not in ("standard", "nesterov"):
        raise ValueError(f"mode is standard or nesterov, got '{mode}'")
    r, _ = rate.like(x)
    weight = rate.first().select(x.like(1.0), n.float_attr("beta"))
    v = state[0] * alpha + gradient * weight
    return [x - r * (v if mode == "standard" else gradient + v * alpha), v]


_OPTIMIZERS: dict[str, tuple[Step, int]] = {"Adagrad": (_adagrad, 1), "Adam": (_adam, 2), "Momentum": (_momentum, 1)}
"""The step, and how many tensors of state there are for each value."""


@op(*_OPTIMIZERS, domain=DOMAIN)
def optimizer(n: Node) -> list[SSAValue]:
    """R, T, then all values, all gradients, all states of one kind after the other; the outputs are values and states."""
    step, parts = _OPTIMIZERS[n.op]
    count, rest = divmod(len(n.inputs) - 2, 2 + parts)
    if rest or not count:
        raise ValueError(f"it has {len(n.inputs)} inputs, expected 2 and {2 + parts} for each tensor")
    rate = _Rate(term(n, 0), term(n, 1))
    rows: list[list[Term]] = []
    for i in range(count):
        x, gradient, *state = (term(n, 2 + i + count * kind) for kind in range(2 + parts))
        decay = n.float_attr("norm_coefficient", 0.0)
        rows.append(step(n, rate, x, gradient + x * decay if decay else gradient, state))
    return [row[kind].value for kind in range(1 + parts) for row in rows]


@op("Gradient", domain=DOMAIN)
def gradient(n: Node) -> list[SSAValue]:
    """The gradient of sum(y) with respect to the tensors that `xs` names, at the values that are given for them and for `zs`."""
    names = [[s.decode() for s in n.attribute(name, AttributeProto.STRINGS, "strings") or ()] for name in ("xs", "zs")]
    independent = [_named(n, name) for group in names for name in group]
    if len(independent) != len(n.inputs):
        raise ValueError(f"it has {len(n.inputs)} inputs for {len(independent)} tensors")
    values = dict(zip(independent, n.xs(), strict=True))
    y = substituted(n.build, _named(n, n.str_attr("y")), values)
    return [g.value for g in gradients(n.build, y, list(values.values()))[: len(names[0])]]


def _named(n: Node, name: str) -> SSAValue:
    value = n.scope.find(name)
    if not isinstance(value, Tensor):
        raise ValueError(f"'{name}' is no tensor of this graph")
    return value.value()
