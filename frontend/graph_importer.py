"""Importing the nodes of a graph in order: by a rule, by evaluation, or by expanding a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
from onnx import AttributeProto, FunctionProto
from xdsl.ir import SSAValue
from xdsl.utils.exceptions import VerifyException

from ..dialects.graph.location import location
from ..errors import BadModelError, ShapeError, TilewrightError, UnsupportedNode
from ..runtime.weights import Array
from . import ops  # noqa: F401  # pyright: ignore[reportUnusedImport]  # fills the registry
from .builder import Builder, name_value
from .host import is_host_op, may_run_on_host, on_host, string_constant, unboxed
from .node import DeclinedError, Node, Outputs, UnsupportedError
from .node_order import in_order
from .registry import NEWEST_OPSET, find_rule
from .schemas import attribute_defaults, check_node, find_signature, function_body, has_function
from .scope import Scope, normal_domain, opset_table
from .shape_movement import evaluate
from .shape_values import Known, UndecidedError
from .tensors import ExternalFiles, sparse_to_array, to_array
from .values import POISON, HostValue, Poison, SequenceValue, Tensor, Value

MAX_DEPTH = 64
"""Functions and subgraphs nested deeper than this are refused."""

_MALFORMED = (ValueError, TypeError, LookupError, ArithmeticError, AssertionError, AttributeError, MemoryError, RecursionError)

FunctionKey = tuple[str, str, str]


class GraphImporter:
    """Imports nodes into a builder.

    Attributes:
        unsupported: nodes that couldn't be imported; what depends on them is skipped.
    """

    def __init__(self, build: Builder, functions: Iterable[FunctionProto], files: ExternalFiles) -> None:
        self.build = build
        self.files = files
        self.unsupported: list[UnsupportedNode] = []
        self._functions: dict[FunctionKey, FunctionProto] = {_function_key(f): f for f in functions}

    # -- graphs -------------------------------------------------------------------------------------------------------
    def run(self, nodes: Sequence[onnx.NodeProto], scope: Scope) -> None:
        """Import nodes, each after those that it depends on; their outputs enter the scope."""
        for node in in_order(nodes):
            self._run_node(node, scope)

    def initializers(self, graph: onnx.GraphProto, scope: Scope, blobs: Mapping[int, memoryview] | None = None) -> None:
        """Enter the constants of a graph into the scope, but those that are there already (overridable inputs)."""
        for index, tensor in enumerate(graph.initializer):
            if tensor.name not in scope.values:
                scope.values[tensor.name] = self.constant(to_array(tensor, self.files, (blobs or {}).get(index)), tensor.name)
        for sparse in graph.sparse_initializer:
            scope.values[sparse.values.name] = self.constant(sparse_to_array(sparse, self.files), sparse.values.name)

    def subgraph(self, graph: onnx.GraphProto, scope: Scope) -> list[Value | None]:
        """Import the body of a control flow op into the current block; its outputs."""
        self.initializers(graph, scope)
        self.run(graph.node, scope)
        return [scope.find(output.name) for output in graph.output]

    def constant(self, array: Array, name: str) -> Tensor | HostValue | Poison:
        """A constant; one of an element type that the graph dialect lacks is unsupported where it is used."""
        if array.dtype == np.dtype(object):
            return string_constant(self.build, array)
        try:
            return self.build.constant(array, name)
        except TypeError:
            self.unsupported.append(UnsupportedNode(name, "initializer", "", 0, f"its element type is {array.dtype}"))
            return POISON

    def unboxed(self, value: HostValue) -> Tensor:
        """The tensor in an object."""
        return unboxed(self.build, value)

    def fill_value(self, node: Node) -> Array:
        """What ConstantOfShape repeats, as an array of rank 0."""
        value = node.attribute("value", AttributeProto.TENSOR, "t")
        if value is None:
            return np.array(0, np.float32)
        array = to_array(value, self.files)
        if array.size != 1:
            raise BadModelError(f"attribute 'value' has {array.size} elements, expected 1")
        return array.reshape(())

    # -- nodes --------------------------------------------------------------------------------------------------------
    def _run_node(self, proto: onnx.NodeProto, scope: Scope) -> None:
        name, domain = scope.node_name(proto), normal_domain(proto.domain)
        opset = scope.opsets.get(domain, 0)
        inputs = [self._input(proto, i, scope) for i in range(len(proto.input))]
        outer, self.build.location = self.build.location, location([name])
        try:
            outputs = self._import(proto, domain, opset, inputs, scope)
        except (UnsupportedError, UndecidedError) as error:
            outputs = self._refuse(proto, str(error), scope)
        except TilewrightError as error:
            raise _located(error, name, proto.op_type) from error
        except (VerifyException, *_MALFORMED) as error:
            kind = ShapeError if isinstance(error, ValueError | VerifyException) else BadModelError
            raise kind(str(error) or type(error).__name__, node=name, op=proto.op_type, stage="import") from error
        finally:
            self.build.location = outer
        self._bind(proto, outputs, scope)

    def _input(self, proto: onnx.NodeProto, index: int, scope: Scope) -> Value | None:
        name = proto.input[index]
        if not name:
            return None
        value = scope.find(name)
        if value is None and not (scope.calls and name in scope.values):
            raise BadModelError(
                f"its input '{name}' is not defined", node=scope.node_name(proto), op=proto.op_type, stage="import"
            )
        return value

    def _import(
        self, proto: onnx.NodeProto, domain: str, opset: int, inputs: Sequence[Value | None], scope: Scope
    ) -> Sequence[Value | None]:
        attributes = _attributes(proto, scope)
        signature = find_signature(domain, proto.op_type, opset)
        if not self._is_known(proto, scope):
            raise UnsupportedError("")
        if domain == "" and signature is not None and signature.since > NEWEST_OPSET:
            raise UnsupportedError(f"changed after opset {NEWEST_OPSET}")
        if _poisoned(inputs):
            self._refuse_inside(proto, scope)
            return [POISON] * len(proto.output)
        local = self._functions.get((domain, proto.op_type, proto.overload))
        if local is not None:
            return self._call(local, proto, inputs, attributes, scope)
        if signature is not None:
            check_node(proto, signature, attributes)
        rule = find_rule(domain, proto.op_type, opset)
        node = Node(proto, opset, inputs, attributes, self.build, self, scope)
        known = _evaluated(node) if domain == "" else None
        if known is not None and all(k.expressible for k in known):
            return [self.build.known(k, o) for k, o in zip(known, proto.output, strict=False)]
        if rule is not None:
            try:
                outputs = _as_list(rule(node))
            except DeclinedError as declined:
                return self._expand(node, domain, str(declined))
            except (UnsupportedError, UndecidedError):
                if not may_run_on_host(node, domain):
                    raise
                return on_host(node)
            for output, value in zip(outputs, known or (), strict=False):
                if isinstance(output, Tensor):
                    output.known = value
            return outputs
        if may_run_on_host(node, domain):
            return on_host(node)
        return self._expand(node, domain, "")

    def _refuse(self, proto: onnx.NodeProto, reason: str, scope: Scope) -> list[Value | None]:
        """Note a node that can't be imported, and those in its subgraphs that can't either; outputs in its place."""
        domain = normal_domain(proto.domain)
        row = UnsupportedNode(scope.node_name(proto), proto.op_type, domain, scope.opsets.get(domain, 0), reason)
        if row not in self.unsupported:
            self.unsupported.append(row)
        self._refuse_inside(proto, scope)
        return [POISON] * len(proto.output)

    def _refuse_inside(self, proto: onnx.NodeProto, scope: Scope) -> None:
        """Note the nodes in the subgraphs of a node, which is skipped, that can't be imported."""
        for attribute in proto.attribute:
            for node in attribute.g.node if attribute.HasField("g") else ():
                if not self._is_known(node, scope):
                    self._refuse(node, "", scope)
                else:
                    self._refuse_inside(node, scope)

    def _is_known(self, node: onnx.NodeProto, scope: Scope) -> bool:
        """Whether there is some way to import ops of this kind."""
        domain = normal_domain(node.domain)
        opset = scope.opsets.get(domain, 0)
        local = (domain, node.op_type, node.overload) in self._functions
        known = find_rule(domain, node.op_type, opset) is not None or has_function(domain, node.op_type, opset)
        return local or known or is_host_op(domain, node.op_type)

    def _bind(self, proto: onnx.NodeProto, outputs: Sequence[Value | None], scope: Scope) -> None:
        for index, name in enumerate(proto.output):
            if not name:
                continue
            value = outputs[index] if index < len(outputs) else None
            if value is None:
                reason = f"its output '{name}' is used"
                value = self._refuse(proto, reason, scope)[0]
            if isinstance(value, Tensor) and value.ssa is not None and not scope.calls:
                name_value(value.ssa, name)
            scope.values[name] = value

    # -- functions ----------------------------------------------------------------------------------------------------
    def _expand(self, node: Node, domain: str, reason: str) -> Sequence[Value | None]:
        """Import the function body in an op's schema in its place."""
        resolved = onnx.NodeProto()
        resolved.CopyFrom(node.proto)
        del resolved.attribute[:]
        resolved.attribute.extend(_renamed(attribute, name) for name, attribute in node.attributes.items())
        body = function_body(domain, resolved, node.opset, node.inputs)
        if body is None:
            raise UnsupportedError(reason)
        body.domain, body.name = domain, node.op
        arguments = attribute_defaults(domain, node.op, node.opset) | dict(node.attributes)
        return self._call(body, node.proto, node.inputs, arguments, node.scope, keep_location=True)

    def _call(
        self,
        function: FunctionProto,
        proto: onnx.NodeProto,
        inputs: Sequence[Value | None],
        attributes: Mapping[str, AttributeProto],
        scope: Scope,
        keep_location: bool = False,
    ) -> Sequence[Value | None]:
        """Import a function's nodes in place of a call; the values of its outputs."""
        key = "::".join(_function_key(function))
        if key in scope.calls or len(scope.calls) >= MAX_DEPTH:
            raise BadModelError(f"function '{function.name}' calls itself")
        if len(inputs) > len(function.input):
            raise BadModelError(f"it has {len(inputs)} inputs, function '{function.name}' takes {len(function.input)}")
        name = scope.node_name(proto)
        inner = Scope(
            dict(scope.opsets) | opset_table(function.opset_import),
            arguments=dict(attributes) | {a.name: a for a in function.attribute_proto if a.name not in attributes},
            prefix="" if keep_location else name + "/",
            location=scope.location or (name if keep_location else None),
            calls=(*scope.calls, key),
        )
        inner.values.update(zip(function.input, [*inputs, *[None] * len(function.input)], strict=False))
        self.run(function.node, inner)
        return [inner.find(output) for output in function.output]


def _function_key(function: FunctionProto) -> FunctionKey:
    return (normal_domain(function.domain), function.name, function.overload)


def _attributes(proto: onnx.NodeProto, scope: Scope) -> dict[str, AttributeProto]:
    """Attributes by name; references are replaced by the enclosing call's arguments, or dropped where it gives none."""
    found: dict[str, AttributeProto] = {}
    for attribute in proto.attribute:
        if attribute.name in found:
            raise BadModelError(f"it has two attributes '{attribute.name}'")
        if not attribute.ref_attr_name:
            found[attribute.name] = attribute
        elif attribute.ref_attr_name in scope.arguments:
            found[attribute.name] = scope.arguments[attribute.ref_attr_name]
    return found


def _renamed(attribute: AttributeProto, name: str) -> AttributeProto:
    """The attribute under the name that the node has for it."""
    if attribute.name == name:
        return attribute
    copy = AttributeProto()
    copy.CopyFrom(attribute)
    copy.name = name
    return copy


def _evaluated(node: Node) -> list[Known] | None:
    """The outputs of a node that import can compute; objects are not known before the model runs."""
    return None if any(isinstance(v, HostValue) for v in node.inputs) else evaluate(node)


def _poisoned(inputs: Sequence[Value | None]) -> bool:
    flat = [item for v in inputs for item in (v.items if isinstance(v, SequenceValue) else (v,))]
    return any(isinstance(v, Poison) for v in flat)


def _as_list(outputs: Outputs) -> list[Value | None]:
    rows = [outputs] if isinstance(outputs, SSAValue | Tensor | SequenceValue | HostValue | Poison) else outputs
    return [Tensor.of(v) if isinstance(v, SSAValue) else v for v in rows]


def _located(error: TilewrightError, name: str, op: str) -> TilewrightError:
    """The same error, naming the node it came from unless it names one already."""
    if error.node is not None:
        return error
    return type(error)(error.message, node=name, op=op, stage="import")
