"""MLIR's own tools as a check of the loops stage. Imported by the tests beside it."""

from __future__ import annotations

import shutil
import subprocess

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

MLIR_OPT = shutil.which("mlir-opt-19") or shutil.which("mlir-opt")


def assert_upstream_accepts(op: Operation, *passes: str) -> str:
    """Print an op of the loops stage, let mlir-opt parse, verify and lower it with `passes`, and give its output."""
    assert MLIR_OPT is not None
    module = op if isinstance(op, ModuleOp) else ModuleOp([op.clone()])
    result = subprocess.run([MLIR_OPT, *passes], input=str(module), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout
