"""Small ONNX models for tests, imported and run by the reference interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import helper, numpy_helper
from reference import evaluate
from xdsl.dialects.func import FuncOp

import tilewright
from tilewright.dialects.graph.types import dims_of
from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore

Array = NDArray[Any]
Shape = Sequence[int | str | None]


@dataclass(frozen=True)
class Typed:
    """Dims and dtype of an input."""

    shape: Shape
    dtype: DTypeLike


def make_model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Shape | Typed],
    outputs: Sequence[str] = ("y",),
    constants: Mapping[str, Any] | None = None,
    opset: int = 21,
    functions: Sequence[onnx.FunctionProto] = (),
    ir_version: int = 10,
    domains: Sequence[str] | Mapping[str, int] = (),
) -> onnx.ModelProto:
    """A model; inputs are float32 unless they are Typed. Further domains are of version 1 unless they say another."""
    infos = [_input(name, spec) for name, spec in inputs.items()]
    tensors = [numpy_helper.from_array(np.asarray(v), name) for name, v in (constants or {}).items()]
    results = [helper.make_value_info(name, onnx.TypeProto()) for name in outputs]
    graph = helper.make_graph(nodes, "g", infos, results, tensors)
    versions = dict.fromkeys(domains, 1) | (dict(domains) if isinstance(domains, Mapping) else {})
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, v) for d, v in versions.items())]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=ir_version)


def _input(name: str, spec: Shape | Typed) -> onnx.ValueInfoProto:
    shape, dtype = (spec.shape, spec.dtype) if isinstance(spec, Typed) else (spec, np.float32)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape))


def main_of(model: onnx.ModelProto, **options: Any) -> FuncOp:
    """The imported function, verified."""
    module = import_model(model, WeightStore(), **options)
    module.verify()
    main = module.body.block.first_op
    assert isinstance(main, FuncOp)
    return main


def op_names(model: onnx.ModelProto) -> list[str]:
    """Names of the ops that the model becomes, constants left out."""
    names = [op.name.removeprefix("graph.") for op in main_of(model).body.walk()]
    return [name for name in names if name not in ("constant", "dims", "func.return")]


def output_dims(model: onnx.ModelProto, index: int = 0) -> list[str]:
    """Dims of an output as text."""
    return [str(d) for d in dims_of(main_of(model).function_type.outputs.data[index])]


def run(model: onnx.ModelProto, *arrays: Array) -> list[Array]:
    """Import a model and evaluate what it became, in numpy."""
    store = WeightStore()
    module = import_model(model, store)
    module.verify()
    names = [i.name for i in model.graph.input]
    return list(evaluate(module, dict(zip(names, arrays, strict=True)), store))


def native(model: onnx.ModelProto, *arrays: Array) -> list[Array]:
    """The outputs of compiled code; the same with every buffer ending at a page that can't be read."""
    feeds = dict(zip((i.name for i in model.graph.input), arrays, strict=True))
    session = tilewright.compile(model)
    found, guarded = list(session.run(feeds).values()), list(session.with_guard().run(feeds).values())
    for first, second in zip(found, guarded, strict=True):
        np.testing.assert_array_equal(first, second)
    return found


def onnxruntime_outputs(model: onnx.ModelProto, *arrays: Array) -> list[Array]:
    """The outputs of onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: Any = session.run(None, dict(zip((i.name for i in model.graph.input), arrays, strict=True)))
    return list(found)
