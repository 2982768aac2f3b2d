"""House rules that a machine can check: what is registered is tested, and what is named follows the naming rules."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tilewright import knobs
from tilewright.universe import PASSES, TILEWRIGHT_UNIVERSE

ROOT = Path(__file__).resolve().parents[1]
LIT = ROOT / "lit"
OUTSIDE_PACKAGE = {"tests", "lit", "benchmarks", "docs", "stubs", "typings", "build", "dist"}
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())

REWRITES = [
    *("F1", "F2", "F3", "F4", "R1", "R2", "R3", "R4", "R5", "R6"),
    *("U1", "U2", "U4", "U5", "U6", "U7", "U8", "U9", "U10", "U11", "U13", "U14"),
    *("S2", "S3", "S5", "M1", "M2", "L1", "L4"),
]
"""Rows of the table of rewrites (docs/graph-passes.md) that have tests of their own."""

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50

OPS = [
    (dialect, operation.name)
    for dialect, factory in TILEWRIGHT_UNIVERSE.all_dialects.items()
    for operation in factory().operations
]


def package_files() -> list[Path]:
    """Python files of the package itself."""
    files = (path for path in ROOT.rglob("*.py") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
    return sorted(path for path in files if path.relative_to(ROOT).parts[0] not in OUTSIDE_PACKAGE)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def lit_text(pattern: str) -> str:
    """All lit tests whose path matches, joined."""
    return "\n".join(path.read_text() for path in sorted(LIT.glob(pattern)) if path.is_file() and path.suffix != ".pyc")


def mentions(text: str, word: str) -> bool:
    """Whether ``word`` is in ``text`` and isn't part of a longer name."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text) is not None


def test_packages_in_pyproject_are_the_folders() -> None:
    folders = {path.parent.relative_to(ROOT) for path in package_files() if path.name == "__init__.py"}
    expected = {".".join(["tilewright", *folder.parts]) for folder in folders}
    assert set(CONFIG["tool"]["setuptools"]["packages"]) == expected


@pytest.mark.parametrize("name", PASSES)
def test_pass_is_named_after_its_file(name: str) -> None:
    words = name.split("-")
    module, cls = PASSES[name].split(":")
    assert module.split(".")[-1] == "_".join(words)
    assert cls.lower() == "".join(words) + "pass"
    assert TILEWRIGHT_UNIVERSE.all_passes[name]().name == name


@pytest.mark.parametrize("name", PASSES)
def test_pass_has_a_lit_test_of_its_name(name: str) -> None:
    texts = [path.read_text() for path in [*LIT.rglob(f"{name}.mlir"), *LIT.rglob(f"{name}/*.mlir")]]
    runs = [line for text in texts for line in text.splitlines() if "RUN:" in line]
    assert any(mentions(line, name) for line in runs), f"no lit/**/{name}.mlir or {name}/*.mlir runs it"


@pytest.mark.parametrize(("dialect", "op"), OPS, ids=[op for _, op in OPS])
def test_op_has_a_round_trip_and_an_invalid_case(dialect: str, op: str) -> None:
    assert mentions(lit_text(f"dialects/{dialect}/ops*.mlir"), op), f"not in lit/dialects/{dialect}/ops*.mlir"
    assert mentions(lit_text(f"dialects/{dialect}/invalid*.mlir"), op), f"not in lit/dialects/{dialect}/invalid*.mlir"


@pytest.mark.parametrize("op", [op for dialect, op in OPS if dialect == "graph"])
def test_graph_op_has_a_lowering_case(op: str) -> None:
    """Down to loops, or to what the host program has in its place; `graph.custom` comes from a model that uses a plugin."""
    assert mentions(lit_text("lowering/**/*.mlir") + lit_text("lowering/ops/*.onnxtxt"), op), "not in lit/lowering/**/*.mlir"


@pytest.mark.parametrize("row", REWRITES)
def test_rewrite_has_a_positive_and_a_negative_case(row: str) -> None:
    kinds = set(re.findall(rf"REWRITE {row}\b( negative)?", lit_text("**/*.*")))
    assert "" in kinds, f"no 'REWRITE {row}' in lit/"
    assert " negative" in kinds, f"no 'REWRITE {row} negative' in lit/"


def test_every_knob_is_read() -> None:
    texts = [path.read_text() for path in package_files() if path.name != "knobs.py"]
    names = [name for name, value in vars(knobs).items() if isinstance(value, knobs.Knob)]
    assert [name for name in names if not any(mentions(text, f"knobs.{name}") for text in texts)] == []


def test_only_knobs_reads_the_environment() -> None:
    readers = [relative(path) for path in package_files() if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert readers == ["knobs.py"]


def absolute_imports(path: Path) -> list[str]:
    """The modules of ours that a file imports by their full name."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return [name for name in names if name.split(".")[0] == "tilewright"]


def test_imports_inside_the_package_are_relative() -> None:
    files = [path for path in package_files() if path != ROOT / "__init__.py"]
    assert {relative(path): found for path in files if (found := absolute_imports(path))} == {}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of every function of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{relative(path)}:{node.name}", node.end_lineno - node.lineno + 1


def test_functions_and_files_are_short() -> None:
    long: dict[str, Any] = {name: n for path in package_files() for name, n in functions(path) if n > MAX_FUNCTION_LINES}
    long |= {relative(path): n for path in package_files() if (n := path.read_text().count("\n")) > MAX_FILE_LINES}
    assert long == {}
