"""Whole models: what import says of every value against the shape inference of the onnx package."""

from __future__ import annotations

import time

import onnx
import pytest
from onnx import shape_inference
from xdsl.dialects.func import FuncOp, ReturnOp
from zoo import LIGHT, ZOO, load

from tilewright.dialects.graph.dtypes import numpy_dtype
from tilewright.dialects.graph.location import location_of
from tilewright.dialects.graph.types import dims_of, element_of
from tilewright.errors import UnsupportedOpError
from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore


def expose(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every tensor that shape inference has a type for as an output."""
    model = shape_inference.infer_shapes(model, data_prop=True)
    known = {o.name for o in model.graph.output}
    produced = {o for n in model.graph.node for o in n.output}
    tensors = (v for v in model.graph.value_info if v.type.HasField("tensor_type"))
    model.graph.output.extend(v for v in tensors if v.name in produced and v.name not in known)
    return model


def main_of(model: onnx.ModelProto) -> FuncOp:
    module = import_model(model, WeightStore())
    module.verify()
    main = module.body.block.first_op
    assert isinstance(main, FuncOp)
    return main


@pytest.mark.parametrize("name", [*LIGHT, *ZOO])
def test_types_agree_with_onnx(name: str):
    model = expose(load(name))
    main = main_of(model)
    assert len(main.function_type.outputs.data) == len(model.graph.output)
    for output, type_ in zip(model.graph.output, main.function_type.outputs.data, strict=True):
        declared = output.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(declared.elem_type)
        assert numpy_dtype(element_of(type_)) == dtype, output.name
        if not declared.HasField("shape"):
            continue
        found = [d.value if d.is_static else -1 for d in dims_of(type_)]
        wanted = [d.dim_value if d.HasField("dim_value") else -1 for d in declared.shape.dim]
        assert len(found) == len(wanted), output.name
        assert all(w in (f, -1) for f, w in zip(found, wanted, strict=True)), f"{output.name}: {found}, {wanted}"


@pytest.mark.parametrize("name", ["bert_base", "shufflenet_v2_x1_0"])
def test_ops_know_their_nodes(name: str):
    model = load(name)
    nodes = {n.name for n in model.graph.node} | {o for n in model.graph.node for o in n.output}
    for op in main_of(model).body.block.ops:
        if not isinstance(op, ReturnOp):
            assert location_of(op) and set(location_of(op)) <= nodes, op


def test_what_is_not_supported_is_listed():
    """Ops of a domain that nobody has heard of."""
    model, kinds = load("resnet50_int8_qdq"), {"QuantizeLinear", "DequantizeLinear"}
    model.opset_import.append(onnx.helper.make_opsetid("example", 17))
    for node in model.graph.node:
        if node.op_type in kinds:
            node.domain = "example"
    with pytest.raises(UnsupportedOpError) as caught:
        import_model(model, WeightStore())
    assert kinds <= {row.op for row in caught.value.nodes}
    assert all(row.node and row.opset >= 17 for row in caught.value.nodes)


def test_dynamic_dims_are_kept():
    main = main_of(load("bert_base_dyn"))
    names = {str(d) for t in main.function_type.outputs.data for d in dims_of(t)}
    assert names == {"batch", "seq", "768"}
    high = main_of(load("espcn_x3")).function_type.outputs.data[0]
    assert [str(d) for d in dims_of(high)] == ["1", "1", "3*h", "3*w"]


def test_import_is_fast():
    model = load("bert_base")
    start = time.perf_counter()
    import_model(model, WeightStore())
    assert time.perf_counter() - start < 2
