"""The models of the tests: the light ones in the onnx package and the skeletons in benchmarks/zoo."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

LIGHT = {p.stem: p for p in sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))}
ZOO = {p.stem: p for p in sorted((Path(__file__).parents[1] / "benchmarks/zoo").glob("*.onnx"))}


def load(name: str) -> onnx.ModelProto:
    """A model; the weights that a skeleton leaves out are of one value each, made by nodes, so that they take no memory."""
    model = onnx.ModelProto.FromString((LIGHT | ZOO)[name].read_bytes())
    entry = next((p for p in model.metadata_props if p.key == "skeleton"), None)
    if entry is None:
        return model
    hollow = json.loads(entry.value)["weights"]
    kept = [t for t in model.graph.initializer if t.name not in hollow]
    nodes = [node for t in model.graph.initializer if t.name in hollow for node in _fill(t)]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes += model.graph.node
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _fill(hollow: onnx.TensorProto) -> list[onnx.NodeProto]:
    dtype = helper.tensor_dtype_to_np_dtype(hollow.data_type)
    dims = numpy_helper.from_array(np.array(hollow.dims, np.int64))
    value = numpy_helper.from_array(np.full(1, 0.01).astype(dtype))
    return [
        helper.make_node("Constant", [], [f"{hollow.name}.dims"], value=dims),
        helper.make_node("ConstantOfShape", [f"{hollow.name}.dims"], [hollow.name], value=value),
    ]
