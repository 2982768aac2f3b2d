"""The table of import rules: by domain, op and the opset version since when the rule holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias

from .custom import custom_rule
from .node import Node, Outputs

Rule: TypeAlias = Callable[[Node], Outputs]

NEWEST_OPSET = 28
"""Ops whose definition changed after this version of the default domain are refused: nobody has read the change."""

_rules: dict[tuple[str, str], list[tuple[int, Rule]]] = {}


def op(*names: str, since: int = 1, domain: str = "") -> Callable[[Rule], Rule]:
    """Register a rule for ops from this version of their domain on, until the next rule for the same op.

        @op("Clip", since=11)
        def clip(n: Node) -> SSAValue: ...

    The rule gives the node's outputs; a single value stands for the first one.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            versions = _rules.setdefault((domain, name), [])
            versions.append((since, rule))
            versions.sort(key=lambda row: row[0])
        return rule

    return register


def find_rule(domain: str, name: str, opset: int) -> Rule | None:
    """The rule for an op at an opset version, one of ours or one that was registered."""
    versions = _rules.get((domain, name), [])
    index = bisect_right(versions, opset, key=lambda row: row[0])
    return versions[index - 1][1] if index else custom_rule(domain, name, opset)


def registered() -> list[tuple[str, str, int]]:
    """(domain, op, since) of all rules."""
    return sorted((domain, name, since) for (domain, name), rows in _rules.items() for since, _ in rows)
