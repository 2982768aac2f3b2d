"""A custom op for lit tests: `my.ops.Roll` moves the elements of a vector by `shift` places, around its end."""

import tilewright
from tilewright.custom import Definer, Indices, Value, graph, like
from tilewright.lowering.definitions.movement import modulo


@tilewright.register_op("my.ops", "Roll", result=like(0))
def roll(d: Definer, op: graph.CustomOp, at: Indices) -> Value:
    shift = int(op.argument("shift", 1))
    return d.element(op.xs[0], [modulo(d.b, d.b.sub(at[0], shift), d.dims(op.xs[0])[0])])
