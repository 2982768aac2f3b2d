"""LinearAttention: a state of keys by values for each head, updated token by token."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from xdsl.ir import Block, Region, SSAValue

from ...dialects import graph
from ...dialects.graph.dims import DimExpr
from ...dialects.graph.types import tensor
from ..node import Node
from ..registry import op
from ..terms import Term, optional, stack, term

UNROLLED = 4
"""Up to this many tokens are written out one after the other: decoding needs no loop."""

_RULES = {"linear": (False, False), "gated": (True, False), "delta": (False, True), "gated_delta": (True, True)}
"""Whether the state decays, and whether it is corrected by what it holds for the key already."""


@dataclass(frozen=True)
class _Inputs:
    """One slice along dim 0 for each token: queries [T, B, H, G, K] of G heads that share a state, keys [T, B, H, 1, K],
    values [T, B, H, 1, V], and where the rule has them factors of the state [T, B, H, K or 1, 1] and rates [T, B, H or 1, 1, 1].
    """

    query: Term
    key: Term
    value: Term
    decay: Term | None
    beta: Term | None

    @property
    def given(self) -> list[Term]:
        return [t for t in (self.query, self.key, self.value, self.decay, self.beta) if t is not None]

    def with_(self, terms: list[Term]) -> _Inputs:
        """The same roles for other terms, in the order of `given`."""
        query, key, value, *rest = terms
        decay = rest.pop(0) if self.decay is not None else None
        return _Inputs(query, key, value, decay, rest.pop(0) if self.beta is not None else None)


def _step(state: Term, now: _Inputs) -> tuple[Term, Term]:
    """S' = decay * S + k (beta * (v - k' S)), and q' S'; Yang et al. 2024, gated delta networks."""
    if now.decay is not None:
        state = state * now.decay
    value = now.value if now.beta is None else (now.value - now.key @ state) * now.beta
    state = state + now.key.transpose(0, 1, 3, 2) * value
    return state, now.query @ state


@op("LinearAttention", since=27)
def linear_attention(n: Node) -> list[SSAValue]:
    """Output [B, T, heads * V] and the last state [B, H, K, V]; computed in f32 at least."""
    query, past = term(n), optional(n, 3)
    heads, queries = n.int_attr("kv_num_heads"), n.int_attr("q_num_heads")
    if heads < 1 or queries < 1 or queries % heads:
        raise ValueError(f"q_num_heads is a multiple of kv_num_heads, got {queries} and {heads}")
    batch, time, width = query.dims
    inputs = _unpacked(n, heads, queries // heads)
    keys, values = inputs.query.dims[-1], inputs.value.dims[-1]
    scale = n.float_attr("scale", 0.0) or 1.0 / math.sqrt((width // queries).value)
    wide = inputs.query.element
    state = past.cast(wide) if past is not None else inputs.query.like(0.0).broadcast(batch, heads, keys, values)
    unrolled = time.is_static and time.value <= UNROLLED
    state, outputs = (_unroll if unrolled else _scan)(n, state, inputs)
    output = (outputs * scale).transpose(1, 0, 2, 3, 4).reshape(batch, time, values * queries)
    return [output.cast(query.element).value, state.cast(query.element if past is None else past.element).value]


def _unpacked(n: Node, heads: int, group: int) -> _Inputs:
    """The operands by token and head; ValueError unless there are those that the update rule takes."""
    rule = n.str_attr("update_rule", "gated_delta")
    if rule not in _RULES:
        raise ValueError(f"update_rule is one of {', '.join(_RULES)}; got '{rule}'")
    for index, name, wanted in ((4, "decay", _RULES[rule][0]), (5, "beta", _RULES[rule][1])):
        if n.has(index) != wanted:
            raise ValueError(f"update_rule '{rule}' {'takes' if wanted else 'has no'} {name}")
    wide = np.result_type(term(n).dtype, np.float32)
    query, key, value = (_split(term(n, i).cast(wide), heads, rows) for i, rows in ((0, group), (1, 1), (2, 1)))
    decay, beta = (optional(n, i) for i in (4, 5))
    if decay is not None:
        factors = _split(decay.cast(wide).exp(), heads, 1)
        decay = factors.reshape(*factors.dims[:3], factors.dims[4], 1)
    if beta is not None:
        beta = _split(beta.cast(wide), heads if beta.dims[2] == DimExpr.of(heads) else 1, 1)
    return _Inputs(query, key, value, decay, beta)


def _split(x: Term, heads: int, rows: int) -> Term:
    """[B, T, heads * rows * D] -> [T, B, heads, rows, D]"""
    if len(x.dims) != 3:
        raise ValueError(f"an operand has rank {len(x.dims)}, expected 3")
    batch, time, width = x.dims
    return x.reshape(batch, time, heads, rows, width // (heads * rows)).transpose(1, 0, 2, 3, 4)


def _unroll(n: Node, state: Term, inputs: _Inputs) -> tuple[Term, Term]:
    outputs: list[Term] = []
    for t in range(inputs.query.dims[0].value):
        state, output = _step(state, inputs.with_([x.item(t) for x in inputs.given]))
        outputs.append(output)
    return state, stack(outputs, 0)


def _scan(n: Node, state: Term, inputs: _Inputs) -> tuple[Term, Term]:
    """The last state and the outputs [T, B, H, G, V]."""
    slices = [tensor(x.element, x.dims[1:]) for x in inputs.given]
    block = Block(arg_types=[state.value.type, *slices])
    with n.build.into(block):
        first, *rest = (Term(n.build, argument) for argument in block.args)
        new, output = _step(first, inputs.with_(rest))
        block.add_op(graph.YieldOp([new.value, output.value]))
    types = [state.value.type, tensor(output.element, [inputs.query.dims[0], *output.dims])]
    loop = graph.ScanOp([state.value], [x.value for x in inputs.given], Region(block), types)
    n.emit(loop)
    last, outputs = (Term(n.build, out) for out in loop.outs)
    return last, outputs
