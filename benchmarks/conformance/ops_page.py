"""The page docs/ops.md: every ONNX op, and what becomes of it here.

    python -m benchmarks.conformance.ops_page

Versions come from the table of import rules and the schemas of the `onnx` package; element types are tried out by importing the
op's cases of the backend test suite with each type that its schema allows.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import defs
from onnx.backend.test.loader import load_model_tests

from benchmarks.conformance.probes import Case, Probe, probe
from benchmarks.report import table
from tilewright.frontend import graph_importer as graph_importer  # its import fills the table of rules
from tilewright.frontend.registry import NEWEST_OPSET, find_rule

PAGE = Path(__file__).parents[2] / "docs" / "ops.md"

GROUPS = {
    "float": ("float16", "bfloat16", "float", "double"),
    "bool": ("bool",),
    "int": ("int8", "int16", "int32", "int64"),
    "uint": ("uint8", "uint16", "uint32", "uint64"),
    "float8": ("float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"),
    "sub-byte": ("int2", "uint2", "int4", "uint4", "float4e2m1"),
    "complex": ("complex64", "complex128"),
}
"""Names for element types that mostly come together."""

Cases = Mapping[tuple[str, str], Sequence[Case]]


@dataclass(frozen=True)
class Row:
    """One op.

    Attributes:
        versions: the opset versions of its domain that changed it.
        missing: those that have neither a rule nor a function body.
        how: "rule", "function body", "host", or "" where it isn't supported.
    """

    domain: str
    name: str
    versions: tuple[int, ...]
    missing: tuple[int, ...]
    how: str
    types: Probe


def rows() -> list[Row]:
    """Every op of every domain, those that ONNX has withdrawn left out."""
    history: dict[tuple[str, str], dict[int, Any]] = {}
    for schema in defs.get_all_schemas_with_history():
        history.setdefault((schema.domain, schema.name), {})[schema.since_version] = schema
    cases = node_cases()
    return [
        _row(domain, name, schemas, cases)
        for (domain, name), schemas in sorted(history.items())
        if not schemas[max(schemas)].deprecated
    ]


def node_cases() -> Cases:
    """The single-node models of the backend test suite by domain and op, with their inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = load_model_tests(kind="node")
    found: dict[tuple[str, str], list[Case]] = {}
    for test in tests:
        if test.model is not None and test.data_sets and len(test.model.graph.node) == 1 and "_expanded" not in test.name:
            node = test.model.graph.node[0]
            found.setdefault((node.domain, node.op_type), []).append((test.model, test.data_sets[0][0]))
    return found


def _row(domain: str, name: str, schemas: Mapping[int, Any], cases: Cases) -> Row:
    versions = tuple(sorted(schemas))
    newest = schemas[versions[-1]]
    types = probe(newest, cases.get((domain, name), ()))
    missing = tuple(v for v in versions if find_rule(domain, name, v) is None and not _has_body(schemas[v]))
    if domain == "":
        missing += tuple(v for v in versions if v > NEWEST_OPSET and v not in missing)
    return Row(domain, name, versions, missing, _how(domain, name, versions[-1], newest, types), types)


def _has_body(schema: Any) -> bool:
    return schema.has_function or schema.has_context_dependent_function


def _how(domain: str, name: str, version: int, schema: Any, types: Probe) -> str:
    if types.host:
        return "host"
    if find_rule(domain, name, version) is not None:
        return "rule"
    return "function body" if _has_body(schema) and types.accepted else ""


def type_names(types: Iterable[str]) -> str:
    """Element types, whole groups by the name of the group."""
    left = {t.removeprefix("tensor(").removesuffix(")") for t in types}
    names: list[str] = []
    for group, members in GROUPS.items():
        found = [t for t in members if t in left]
        names += [group] if len(found) == len(members) else found
        left -= set(members)
    return ", ".join([*names, *sorted(left)])


def cells(row: Row) -> list[str]:
    """A line of the table."""
    versions = ", ".join(f"~~{v}~~" if not row.how or v in row.missing else str(v) for v in row.versions)
    return [row.name, versions, row.how or "no", type_names(row.types.accepted) if row.how else "", _refused(row)]


def _refused(row: Row) -> str:
    return type_names(row.types.refused) if row.types.accepted and row.how else ""


def page() -> str:
    """The text of docs/ops.md."""
    found = rows()
    parts = [INTRODUCTION.format(version=onnx.__version__)]
    for domain in sorted({row.domain for row in found}):
        mine = [row for row in found if row.domain == domain]
        supported = sum(bool(row.how) for row in mine)
        parts.append(f"## {domain or 'ai.onnx'}: {supported} of {len(mine)}")
        parts.append(table(["op", "versions", "by", "element types", "refused"], map(cells, mine)).replace("---:", "---"))
    return "\n\n".join(parts) + "\n"


INTRODUCTION = """\
# ONNX ops

Made by `python -m benchmarks.conformance.ops_page` from onnx {version}.

- **versions**: the opset versions that changed the op; those struck out can't be imported.
- **by**: an import *rule* that composes ops of the graph dialect; the *function body* in the op's ONNX schema, imported in its
  place; or the *host*, for what is no numeric tensor.
- **element types** of the op's main operands that can be imported, and those that its schema allows and that are refused. float
  is float16, bfloat16, float (32 bits) and double; int and uint are 8 to 64 bits wide; float8 is the four kinds with fractions;
  sub-byte is int2, uint2, int4, uint4 and float4e2m1. Tried out on the op's cases in ONNX's backend test suite: an op that has
  none there shows no types."""


def main() -> None:
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
