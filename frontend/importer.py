"""ONNX to the graph dialect.

    store = WeightStore()
    module = import_model("model.onnx", store)

Every ONNX op, of every opset version, becomes today's ops of the graph dialect through the rules in `frontend/ops`; what has
no rule is expanded from the function body in its schema. Weights go to the store, sizes become dims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import defs
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FunctionType, ModuleOp, StringAttr
from xdsl.ir import Attribute, Region, SSAValue

from ..dialects.graph.attrs import DimsAttr
from ..dialects.graph.host import is_object
from ..dialects.graph.location import location
from ..dialects.graph.types import dims_of
from ..dialects.program_types import ASSUMPTION_NODES, INPUT_DEFAULTS
from ..errors import BadModelError, TilewrightError, UnsupportedOpError
from ..runtime.weights import Array, WeightStore
from .builder import Builder, name_value
from .checks import check_graph
from .graph_importer import GraphImporter
from .host import is_numeric, object_of
from .inputs import input_types
from .reader import ModelLike, Source, open_model
from .scope import Scope, opset_table
from .values import HostValue, Tensor

INPUT_NAMES, OUTPUT_NAMES = "graph.input_names", "graph.output_names"
ASSUMPTIONS = "graph.assumptions"


def import_model(
    model: ModelLike,
    store: WeightStore,
    *,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, Array] | None = None,
) -> ModuleOp:
    """Import a model as `func.func @main`.

    Args:
        model: a path, the bytes of a model, or a ModelProto.
        store: receives the weights.
        shapes: pins inputs to shapes, by input name.
        values: makes inputs constants, by input name: sizes and axes that a model takes as inputs must be known.

    Returns:
        A module whose function @main has the attributes

        - `graph.input_names`, `graph.output_names`: the ONNX names, in order;
        - `graph.input_defaults`, where there are any: for an input that need not be given, the weight it has then;
        - `graph.assumptions`, where there are any: dimension expressions that import took to be 0 or more. They must be
          checked when the symbols get their values: what follows from a wrong one reads out of bounds;
        - `graph.assumption_nodes`, beside these: for each the nodes that need it.

    Raises:
        BadModelError: not an ONNX model, or a malformed one.
        UnsupportedOpError: lists everything in the model that can't be imported.
        ShapeError: operands that don't fit together.
        BadInputError: `shapes` doesn't fit the inputs.
    """
    try:
        return _import(open_model(model), store, shapes, values or {})
    except TilewrightError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError, UnicodeError) as error:
        raise BadModelError(f"malformed model: {error}", stage="import") from error


def _import(
    source: Source, store: WeightStore, shapes: Mapping[str, Sequence[int]] | None, values: Mapping[str, Array]
) -> ModuleOp:
    proto = source.proto
    graph, opsets = proto.graph, _opsets(proto)
    check_graph(graph)
    constants = {i.name for i in graph.initializer} if proto.ir_version < 4 else set[str]()
    inputs = [i for i in graph.input if i.name not in constants and i.name not in values]
    types = input_types(inputs, shapes)
    build = Builder(store)
    tensors = [type_ for type_ in types.values() if not is_object(type_)]
    build.taken |= {symbol for type_ in tensors for dim in dims_of(type_) for symbol in dim.symbols}
    protos = {value.name: value.type for value in inputs}
    importer = GraphImporter(build, proto.functions, source.files)
    scope = Scope(opsets)
    for index, (name, type_) in enumerate(types.items()):
        argument = build.entry.insert_arg(type_, index)
        name_value(argument, name)
        scope.values[name] = HostValue(argument, protos[name]) if is_object(type_) else Tensor.of(argument)
    for name, array in values.items():
        scope.values[name] = importer.constant(array, name)
    defaults = _defaults(source, importer, set(types))
    importer.initializers(graph, scope, source.blobs)
    importer.run(graph.node, scope)
    outputs = _outputs(graph, scope, importer)
    build.entry.add_op(func.ReturnOp(*outputs))
    build.finish()
    return _module(build, list(types), [o.name for o in graph.output], defaults)


def _opsets(proto: onnx.ModelProto) -> dict[str, int]:
    """Opset versions by domain; BadModelError for one that can't be or is newer than what the `onnx` package knows."""
    opsets = opset_table(proto.opset_import) or {"": 1}
    newest = defs.onnx_opset_version()
    for domain, version in opsets.items():
        if not 0 < version < 1 << 31:
            raise BadModelError(f"opset version {version} of domain '{domain}'", stage="import")
    if opsets.get("", 1) > newest:
        raise BadModelError(f"it uses opset {opsets['']}; the newest known is {newest}", stage="import")
    return opsets


def _defaults(source: Source, importer: GraphImporter, inputs: set[str]) -> dict[str, Attribute]:
    """The weights of initializers that are inputs too."""
    graph, found = source.proto.graph, Scope({})
    if not any(i.name in inputs for i in graph.initializer):
        return {}
    importer.initializers(graph, found, source.blobs)
    defaults: dict[str, Attribute] = {}
    for name in inputs & found.values.keys():
        value = found.values[name]
        if isinstance(value, Tensor) and value.array is not None:
            defaults[name] = importer.build.store.add(importer.build.store.unique(name), value.array)
    return dict(sorted(defaults.items()))


def _outputs(graph: onnx.GraphProto, scope: Scope, importer: GraphImporter) -> list[SSAValue]:
    """The values of the graph's outputs; UnsupportedOpError if anything was refused on the way."""
    if importer.unsupported:
        raise UnsupportedOpError(importer.unsupported)
    if not graph.output:
        raise BadModelError("the graph has no outputs", stage="import")
    return [_output(output, scope, importer) for output in graph.output]


def _output(output: onnx.ValueInfoProto, scope: Scope, importer: GraphImporter) -> SSAValue:
    """The value of an output; the tensor where it is an object that is known to hold one."""
    value = scope.find(output.name)
    if value is None:
        raise BadModelError(f"graph output '{output.name}' is not defined", stage="import")
    if isinstance(value, HostValue) and is_numeric(value):
        return importer.unboxed(value).value()
    return object_of(importer.build, value)[0]


def _module(build: Builder, inputs: Sequence[str], outputs: Sequence[str], defaults: Mapping[str, Attribute]) -> ModuleOp:
    last = build.entry.last_op
    assert last is not None
    type_ = FunctionType.from_lists([a.type for a in build.entry.args], [o.type for o in last.operands])
    main = func.FuncOp("main", type_, Region(build.entry))
    main.attributes[INPUT_NAMES] = _strings(inputs)
    main.attributes[OUTPUT_NAMES] = _strings(outputs)
    if defaults:
        main.attributes[INPUT_DEFAULTS] = DictionaryAttr(dict(defaults))
    assumptions = tuple(build.assumptions)
    if assumptions:
        main.attributes[ASSUMPTIONS] = DimsAttr(assumptions)
        main.attributes[ASSUMPTION_NODES] = ArrayAttr([_strings(nodes) for nodes in build.assumptions.nodes])
    main.location = location([])
    return ModuleOp([main])


def _strings(names: Sequence[str]) -> ArrayAttr[StringAttr]:
    return ArrayAttr([StringAttr(n) for n in names])
