"""Vectors made of dims: the numbers themselves, and the positions along a dim."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import Attribute, SSAValue

from ..dialects import graph
from ..dialects.graph.dims import DimExpr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.types import tensor
from .node import Node
from .shape_values import Known


def numbers(n: Node, dims: Sequence[DimExpr], element: Attribute) -> SSAValue:
    """Dims as a vector of this element type."""
    return n.build.cast(n.build.known(Known.of(list(dims), np.int64)).value(), element)


def count(n: Node, size: DimExpr, element: Attribute) -> SSAValue:
    """0, 1, 2, .. size - 1 as a vector of this element type."""
    if size.is_static:
        return n.build.constant(np.arange(size.value).astype(numpy_dtype(element))).value()
    start, delta = n.build.scalar(0, element), n.build.scalar(1, element)
    limit = n.build.reshape(numbers(n, [size], element), ())
    return n.emit(graph.RangeOp(start, limit, delta, tensor(element, [size])))
