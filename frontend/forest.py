"""Decision trees as arrays: every condition of every ensemble op becomes `x[feature] <= split`.

A step of all trees at once is then the same few gathers and one comparison, whatever modes the model has. Splits move to the
next smaller number where a condition is strict; `==` becomes two nodes, membership of a set a small tree of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MODES = ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ", "MEMBER")
"""Conditions, by their number in TreeEnsemble."""


@dataclass(frozen=True)
class Branch:
    """A node as the model has it. Children are numbers of branches, or of leaves as ~number.

    Attributes:
        split: what x[feature] is compared with; for MEMBER the set.
        missing: whether NaN goes to `yes`.
    """

    mode: str
    feature: int
    split: Any
    yes: int
    no: int
    missing: bool = False


@dataclass(frozen=True)
class Forest:
    """Nodes of all trees, inner ones first. A leaf is its own child, so that a walk may go on after it has ended.

    Attributes:
        features, splits, yes, no, missing: of each node; NaN goes to `yes` where it is missing.
        roots: first node of each tree.
        inner: number of nodes that are no leaves.
        depth: steps to the deepest leaf.
    """

    features: Array
    splits: Array
    yes: Array
    no: Array
    missing: Array
    roots: Array
    inner: int
    depth: int


@dataclass
class _Planter:
    """Rewrites branches to rows (feature, split, yes, no, missing); leaves keep their ~number until all rows are there."""

    dtype: np.dtype[Any]
    rows: list[tuple[int, Any, int, int, bool]] = field(default_factory=list[tuple[int, Any, int, int, bool]])
    depths: list[int] = field(default_factory=list[int])

    def node(self, feature: int, split: Any, yes: int, no: int, missing: bool) -> int:
        """x <= split"""
        self.rows.append((feature, self.dtype.type(split), yes, no, missing))
        self.depths.append(1 + max(self.depth(yes), self.depth(no)))
        return len(self.rows) - 1

    def depth(self, child: int) -> int:
        return 0 if child < 0 else self.depths[child]

    def below(self, split: Any) -> Any:
        """The largest number that is less; NaN, which nothing is at most, where there is none."""
        least = self.dtype.type(-np.inf)
        return np.nextafter(self.dtype.type(split), least) if split > least else np.nan

    def plant(self, b: Branch, yes: int, no: int) -> int:
        """A branch whose children are planted already; x > s is x <= s with its children swapped, NaN included."""
        if b.mode == "MEMBER":
            members = np.unique(np.asarray(b.split, self.dtype))
            return self._members(b, members, yes, no) if members.size else self.node(b.feature, np.nan, yes, no, b.missing)
        if np.isnan(b.split):  # no comparison with NaN holds, but !=
            return self.node(b.feature, np.nan, yes, yes if b.mode == "NEQ" else no, b.missing)
        match b.mode:
            case "LEQ":
                return self.node(b.feature, b.split, yes, no, b.missing)
            case "LT":
                return self.node(b.feature, self.below(b.split), yes, no, b.missing)
            case "GT":
                return self.node(b.feature, b.split, no, yes, not b.missing)
            case "GTE":
                return self.node(b.feature, self.below(b.split), no, yes, not b.missing)
            case "EQ":
                return self._equal(b.feature, b.split, yes, no, b.missing)
            case "NEQ":
                return self._equal(b.feature, b.split, no, yes, missing=False)
            case _:
                raise ValueError(f"unknown node mode '{b.mode}'")

    def _equal(self, feature: int, split: Any, yes: int, no: int, missing: bool) -> int:
        """x <= s and not x < s; NaN that comes to the second node belongs to `yes`."""
        second = self.node(feature, self.below(split), no, yes, missing=False)
        return self.node(feature, split, second, no, missing)

    def _members(self, b: Branch, members: Array, yes: int, no: int) -> int:
        """Bisection of the sorted set; NaN takes any way down and is decided at its end."""
        if members.size == 1:
            return self._equal(b.feature, members[0], yes, no, b.missing)
        half = members.size // 2
        low, high = (self._members(b, part, yes, no) for part in (members[:half], members[half:]))
        return self.node(b.feature, self.below(members[half]), low, high, b.missing)


def grow(branches: Sequence[Branch], roots: Sequence[int], leaves: int, dtype: np.dtype[Any]) -> Forest:
    """The forest below these roots; ValueError if children are missing or form a cycle. Splits are compared in `dtype`."""
    planter, planted = _Planter(dtype), dict[int, int]()
    for root in roots:
        _plant_below(root, branches, leaves, planter, planted)
    count = len(planter.rows)

    def place(child: int) -> int:
        return child if child >= 0 else count + ~child

    rows = [(f, s, place(y), place(n), m) for f, s, y, n, m in planter.rows]
    rows += [(0, dtype.type(0), i, i, False) for i in range(count, count + leaves)]
    features, splits, yes, no, missing = (list(column) for column in zip(*rows, strict=True))
    starts = [place(planted[root]) if root >= 0 else place(root) for root in roots]
    depth = max((planter.depth(planted[root]) for root in roots if root >= 0), default=0)
    integers = (np.array(v, np.int32) for v in (features, yes, no, starts))
    numbers, on_yes, on_no, first = integers
    return Forest(numbers, np.array(splits, dtype), on_yes, on_no, np.array(missing, np.bool_), first, count, depth)


def _plant_below(root: int, branches: Sequence[Branch], leaves: int, planter: _Planter, planted: dict[int, int]) -> None:
    """Plant a branch and what hangs below it, children first; without recursion, for trees may be deep."""
    waiting, open_ = [root], set[int]()
    while waiting:
        at = waiting[-1]
        if not -leaves <= at < len(branches):
            raise ValueError(f"a child is node {at}, there are {len(branches)} nodes and {leaves} leaves")
        if at < 0 or at in planted:
            waiting.pop()
            continue
        children = (branches[at].yes, branches[at].no)
        missing = [c for c in children if c >= 0 and c not in planted]
        if at in open_ and missing:
            raise ValueError(f"node {at} is below itself")
        for child in children:
            if not -leaves <= child < len(branches):
                raise ValueError(f"node {at} has child {child}, there are {len(branches)} nodes and {leaves} leaves")
        if missing:
            open_.add(at)
            waiting.extend(missing)
            continue
        yes, no = (c if c < 0 else planted[c] for c in children)
        planted[at] = planter.plant(branches[at], yes, no)
        waiting.pop()
