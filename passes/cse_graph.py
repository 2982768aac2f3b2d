"""cse-graph: ops that compute the same from the same operands are one (R5).

Two ops agree in class, operands (in any order where the op is commutative), properties and result types; two weights in what
is in the store under their keys. A region sees the values of the blocks around it, so an op inside a branch gives way to an
equal one before the branch. The op that stays carries the locations of both.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter as Edit
from xdsl.traits import IsTerminator, Pure

from ..dialects import graph
from ..dialects.graph.location import location_of, set_location
from ..runtime.weights import WeightStore, is_splat
from .canonicalize_graph.identities import COMMUTATIVE
from .session import CompileSession, current_session

SAMPLE = 64
"""Elements of a weight that are compared before it is hashed as a whole."""

Key = tuple[Hashable, ...]


@dataclass(frozen=True)
class CseGraphPass(ModulePass):
    """Merge equal ops."""

    name = "cse-graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        session = current_session()
        merger = _Merger(session, self.name)
        for function in op.body.block.ops:
            for region in function.regions:
                for block in region.blocks:
                    merger.block(block, {})


class _Merger:
    def __init__(self, session: CompileSession, label: str) -> None:
        self.session = session
        self.label = label
        self.attributes: dict[Attribute, int] = {}
        self.numbers: dict[int, tuple[Attribute, int]] = {}
        self.weights = WeightContents(session.weights)

    def block(self, block: Block, outer: Mapping[Key, Operation]) -> None:
        """Merge within a block and with what `outer` holds of the blocks around it."""
        seen = dict(outer)
        for op in list(block.ops):
            for region in op.regions:
                for inner in region.blocks:
                    self.block(inner, seen)
            if op.regions or not op.results or not op.has_trait(Pure) or op.has_trait(IsTerminator):
                continue
            first = seen.setdefault(self.key(op), op)
            if first is not op and not self.session.rewrites.exhausted:
                self.merge(first, op)

    def merge(self, first: Operation, second: Operation) -> None:
        self.session.rewrites.add(self.label, second.name, ", ".join(location_of(second)))
        for kept, gone in zip(first.results, second.results, strict=True):
            gone.replace_all_uses_with(kept)
        if first.operands:
            set_location(first, (*location_of(first), *location_of(second)))
        Edit.erase_op(second)

    def key(self, op: Operation) -> Key:
        types = tuple(self.number(r.type) for r in op.results)
        if isinstance(op, graph.ConstantOp) and op.weight is not None:
            return (graph.ConstantOp, self.weights.content(op.weight), types)
        operands = [id(o) for o in op.operands]
        if isinstance(op, COMMUTATIVE):
            operands.sort()
        properties = tuple((k, self.number(v)) for k, v in sorted(op.properties.items()))
        return (type(op), *operands, properties, types)

    def number(self, attribute: Attribute) -> int:
        """One number for equal attributes; those that are one object cost no comparison."""
        known = self.numbers.get(id(attribute))
        if known is None:
            number = self.attributes.setdefault(attribute, len(self.attributes))
            known = self.numbers[id(attribute)] = (attribute, number)
        return known[1]


class WeightContents:
    """One name for equal entries of the store. Hashes whole arrays only where dtype, shape and a sample agree."""

    def __init__(self, store: WeightStore) -> None:
        self.store = store
        self.samples: dict[Hashable, list[str]] = {}
        self.names: dict[str, str] = {}

    def content(self, key: str) -> str:
        """The first key that was asked for with this content. A recipe that isn't computed yet, or an unknown key, is itself."""
        if key not in self.names:
            self.names[key] = self._find(key) if key in self.store and self.store.is_computed(key) else key
        return self.names[key]

    def _find(self, key: str) -> str:
        array = self.store[key]
        alike = self.samples.setdefault((array.dtype, array.shape, _sample(array)), [])
        for other in alike:
            if self.store.digest(other) == self.store.digest(key):
                return other
        alike.append(key)
        return key


def _sample(array: np.ndarray[Any, Any]) -> bytes:
    if is_splat(array) or not array.size:
        return array[(0,) * array.ndim].tobytes() if array.size else b""
    strided = array[tuple(slice(None, None, max(1, n // 4)) for n in array.shape)]
    return np.ascontiguousarray(strided.reshape(-1)[:SAMPLE]).tobytes()
