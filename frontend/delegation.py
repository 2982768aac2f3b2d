"""Ops of other domains that do what an op of ONNX does: its rule applied to other operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx
from xdsl.ir import SSAValue

from .node import Node
from .registry import NEWEST_OPSET, find_rule
from .values import Tensor


def as_onnx(n: Node, name: str, operands: Sequence[SSAValue | None], opset: int = NEWEST_OPSET) -> list[SSAValue]:
    """What the ONNX op gives that has the attributes of this node; the outputs that are tensors.

    UnsupportedError where the rule refuses it.
    """
    rule = find_rule("", name, opset)
    assert rule is not None
    proto = onnx.NodeProto(op_type=name, name=n.proto.name, input=[""] * len(operands), output=n.proto.output[:1])
    inputs = [None if x is None else Tensor.of(x) for x in operands]
    outputs = rule(replace(n, proto=proto, opset=opset, inputs=inputs))
    rows = [outputs] if isinstance(outputs, SSAValue) or not isinstance(outputs, Sequence) else outputs
    return [x if isinstance(x, SSAValue) else x.value() for x in rows if isinstance(x, SSAValue | Tensor)]
