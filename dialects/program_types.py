"""The type of the host program's buffers."""

from __future__ import annotations

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition

INPUT_DEFAULTS = "graph.input_defaults"
"""On `@main` and its program: for each input that need not be given, the weight it has then."""
ASSUMPTION_NODES = "graph.assumption_nodes"
"""On `@main` and its program: for each assumption the ONNX nodes that need it."""


@irdl_attr_definition
class BufferType(ParametrizedAttribute, TypeAttribute):
    """Memory of the host program: an input, an output, a weight or a piece of the arena."""

    name = "kernel.buffer"


BUFFER = BufferType()
