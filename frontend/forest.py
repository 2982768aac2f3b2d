"""Decision trees as arrays: every condition of every ensemble op becomes `x[feature] <= split`.

A step of all trees at once is then the same few gathers and one comparison, whatever modes the model has. Splits move to the
next smaller number where a condition is strict; `==` becomes two nodes, membership of a set a small tree of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
    """All trees as one array of slots, the roots first. A slot's children stand side by side: `yes`, then `no`.

    A leaf leads to itself, so that a walk may go on after it has ended.

    Attributes:
        features, splits: of each slot.
        missing: whether NaN goes to `yes`: for each slot, or True or False for all of them.
        children: the slot of the first child.
        leaves: the leaf in a slot; 0 where there is none.
        roots: number of trees.
        depth: steps to the deepest leaf.
    """

    features: Array
    splits: Array
    missing: Array | bool
    children: Array
    leaves: Array
    roots: int
    depth: int

    def step(self, at: int, row: Array) -> int:
        """The slot after `at` for one row of features."""
        x = row[self.features[at]]
        missing = self.missing if isinstance(self.missing, bool) else self.missing[at]
        return int(self.children[at]) + (not (x <= self.splits[at] or (bool(missing) and np.isnan(x))))


class _Row(NamedTuple):
    """`x[feature] <= split`; children are numbers of rows, or of leaves as ~number."""

    feature: int
    split: Any
    yes: int
    no: int
    missing: bool


@dataclass
class _Planter:
    """Rewrites branches to rows."""

    dtype: np.dtype[Any]
    rows: list[_Row] = field(default_factory=list[_Row])
    depths: list[int] = field(default_factory=list[int])

    def node(self, feature: int, split: Any, yes: int, no: int, missing: bool) -> int:
        """x <= split"""
        self.rows.append(_Row(feature, self.dtype.type(split), yes, no, missing))
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
    wanted = [root if root < 0 else planted[root] for root in roots]
    depth = max((planter.depth(root) for root in wanted), default=0)
    return _lay_out(planter.rows, wanted, depth, dtype)


def _lay_out(rows: Sequence[_Row], roots: Sequence[int], depth: int, dtype: np.dtype[Any]) -> Forest:
    """A slot for each root, then two for the children of each row. Rows with several parents have a slot below each."""
    always = bool(rows) and all(row.missing for row in rows)
    slots = [*roots, *(child for row in rows for child in (row.yes, row.no))]
    records: list[tuple[int, Any, bool, int, int]] = []
    for place, at in enumerate(slots):
        if at >= 0:
            records.append((rows[at].feature, rows[at].split, rows[at].missing, len(roots) + 2 * at, 0))
        elif always:  # everything is at most infinity, and NaN goes the same way
            records.append((0, np.inf, True, place, ~at))
        else:  # nothing is at most NaN
            records.append((0, np.nan, False, place - 1, ~at))
    features, splits, missing, children, leaves = zip(*records, strict=True)
    mixed = any(missing) and not always
    integers = [np.array(column, np.int32) for column in (features, children, leaves)]
    flags = np.array(missing, np.bool_) if mixed else always
    return Forest(integers[0], np.array(splits, dtype), flags, integers[1], integers[2], len(roots), depth)


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
