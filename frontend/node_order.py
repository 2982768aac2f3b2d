"""Nodes in an order in which every value is defined before it is used.

ONNX requires that order of a file, but converters leave it (casts appended at the end are common), and other runtimes read such
files. Among the nodes that could come next the first of the file does.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence

import onnx


def in_order(nodes: Sequence[onnx.NodeProto]) -> Sequence[onnx.NodeProto]:
    """`nodes` itself where it is in order, else sorted; those on a cycle, and what depends on one, stay at the end."""
    makers = {name: index for index, node in enumerate(nodes) for name in node.output if name}
    needs = [{makers[name] for name in _used(node) if name in makers} for node in nodes]
    if all(max(needed, default=-1) < index for index, needed in enumerate(needs)):
        return nodes
    return [nodes[index] for index in _sorted(needs)]


def _used(node: onnx.NodeProto) -> Iterator[str]:
    """The values that a node mentions, in its subgraphs as well."""
    yield from node.input
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
            yield from (output.name for output in body.output)
            for inner in body.node:
                yield from _used(inner)


def _sorted(needs: Sequence[set[int]]) -> list[int]:
    """Kahn's algorithm (1962) with the lowest ready index first."""
    users: dict[int, list[int]] = defaultdict(list)
    for index, needed in enumerate(needs):
        for maker in needed:
            users[maker].append(index)
    missing = [len(needed) for needed in needs]
    ready = [index for index, count in enumerate(missing) if count == 0]
    order: list[int] = []
    while ready:
        order.append(heapq.heappop(ready))
        for user in users[order[-1]]:
            missing[user] -= 1
            if missing[user] == 0:
                heapq.heappush(ready, user)
    return [*order, *(index for index, count in enumerate(missing) if count > 0)]
