"""The matmuls and convolutions of a network as single-op ONNX models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from xdsl.ir import Operation, SSAValue

from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.dialects import graph
from tilewright.dialects.graph.base import flag, integer, ints
from tilewright.dialects.graph.types import dims_of

Sizes = tuple[int, ...]
FIRST_CHANNELS = 4
"""A convolution of so few channels is a network's first."""


@dataclass(frozen=True)
class Layer:
    """One op on float32: what it reads, whether its second operand is a weight, what it gives, its attributes."""

    op: str
    x: Sizes
    w: Sizes
    y: Sizes
    constant: bool
    attributes: tuple[tuple[str, Sizes | int], ...] = ()

    @property
    def flops(self) -> float:
        """Those of the plain sums."""
        return 2.0 * prod(self.y) * (prod(self.w[1:]) if self.op == "Conv" else self.x[-1])

    @property
    def moved(self) -> float:
        """Bytes, each tensor once."""
        return 4.0 * (prod(self.x) + prod(self.w) + prod(self.y))

    @property
    def name(self) -> str:
        if self.op == "MatMul":
            *batch, m, k = self.x
            return "x".join(map(str, (m, k, self.w[-1]))) + (f" of {prod(batch)}" if prod(batch) > 1 else "")
        named = dict(self.attributes)
        parts = {"/": named["strides"], " dilation ": named["dilations"], " group ": named["group"]}
        extra = "".join(f"{k}{v[0] if isinstance(v, tuple) else v}" for k, v in parts.items() if v not in (1, (1, 1)))
        return f"{'x'.join(map(str, self.x[2:]))} {self.x[1]}->{self.w[0]} {'x'.join(map(str, self.w[2:]))}{extra}"

    def kind(self, l2_bytes: int) -> str:
        """Which class of layers it belongs to."""
        if self.op == "Conv" and self.x[1] <= FIRST_CHANNELS:
            return "first layer"
        if not self.constant:
            return "no weights"
        return "weights exceed L2" if 4 * prod(self.w) > l2_bytes else "weights fit in L2"

    def model(self) -> onnx.ModelProto:
        """The op alone; a weight is random."""
        weight = np.random.default_rng(0).standard_normal(self.w).astype(np.float32) / np.float32(prod(self.w[1:]) ** 0.5)
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.x)]
        if not self.constant:
            inputs.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, self.w))
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, self.y)
        node = helper.make_node(self.op, ["x", "w"], ["y"], **dict[str, Any](self.attributes))
        weights = [numpy_helper.from_array(weight, "w")] if self.constant else []
        made = helper.make_graph([node], "layer", inputs, [output], weights)
        return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    def feeds(self) -> dict[str, NDArray[np.float32]]:
        """Random inputs."""
        rng = np.random.default_rng(1)
        shapes = {"x": self.x} if self.constant else {"x": self.x, "w": self.w}
        return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def layers_of(paths: Iterable[Path], least_flops: float) -> dict[Layer, list[str]]:
    """The layers of static shape with so many FLOPs, and the networks that have them."""
    found: dict[Layer, list[str]] = {}
    for path in paths:
        module = compile_to_ir(path, CompileOptions(until="graph")).module
        layers = {layer for op in module.walk() for layer in _layer(op) if layer.flops >= least_flops}
        for layer in sorted(layers, key=lambda one: -one.flops):
            found.setdefault(layer, []).append(path.stem)
    return found


def _layer(op: Operation) -> Iterator[Layer]:
    if not isinstance(op, graph.MatmulOp | graph.ConvOp):
        return
    values = (op.operands[0], op.operands[1], op.results[0])
    if not all(d.is_static for value in values for d in dims_of(value)):
        return
    x, w, y = map(_sizes, values)
    constant = isinstance(op.operands[1].owner, graph.ConstantOp)
    if isinstance(op, graph.ConvOp):
        attributes = (
            ("strides", ints(op.strides)),
            ("pads", ints(op.pads)),
            ("dilations", ints(op.dilations)),
            ("group", integer(op.group)),
        )
        yield Layer("Conv", x, w, y, constant, tuple((k, tuple(v) if not isinstance(v, int) else v) for k, v in attributes))
    else:
        yield Layer("MatMul", _swapped(x, flag(op.transpose_lhs)), _swapped(w, flag(op.transpose_rhs)), y, constant)


def _sizes(value: SSAValue) -> Sizes:
    return tuple(d.value for d in dims_of(value))


def _swapped(sizes: Sizes, swap: bool) -> Sizes:
    return (*sizes[:-2], sizes[-1], sizes[-2]) if swap else sizes
