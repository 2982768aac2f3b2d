"""The graph dialect: pure tensor ops with symbolic dims, the stage that ONNX is imported into."""

from xdsl.ir import Dialect

from .attrs import DimAttr, DimsAttr, TensorEncodingAttr, WeightAttr
from .elementwise import ELEMENTWISE_OPS

Graph = Dialect("graph", [*ELEMENTWISE_OPS], [DimAttr, DimsAttr, TensorEncodingAttr, WeightAttr])
