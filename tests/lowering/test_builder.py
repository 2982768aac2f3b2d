"""The loops builder: what it emits parses and verifies upstream, and static index arithmetic leaves no code."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

import pytest
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import SSAValue

from tilewright.dialects.graph.dims import DimExpr
from tilewright.lowering.builder import KernelBuilder


def test_static_indices_fold() -> None:
    b = KernelBuilder("tw_k", [f32], [])
    assert b.linear([2, 3], [10, 1], 4) == 27
    assert b.ceildiv(b.add(5, 4), 2) == 5
    assert b.delinearize(23, [2, 3, 5]) == [1, 1, 3]
    assert len(list(b.func.body.block.ops)) == 0


def test_dims_are_computed_once() -> None:
    b = KernelBuilder("tw_k", [f32], ["d0"])
    extent = DimExpr.parse("4*d0 + 2")
    assert b.dim(extent) is b.dim(extent)


@pytest.mark.skipif(shutil.which("mlir-opt-19") is None, reason="needs mlir-opt")
def test_upstream_accepts_the_result() -> None:
    b = KernelBuilder("tw_k", [f32, f32], ["d0"])
    n = b.dim(DimExpr.symbol("d0"))
    x = b.view(b.buffers[0], [n, 16], [16, 1])
    y = b.scratch_view(b.scratch, 64, n, f32)

    def row(i: SSAValue, _: Sequence[SSAValue]) -> None:
        v = b.vload(x, [i, 0], 16)
        b.vstore(b.fma(v, v, v), b.buffers[1], [0], b.lane_mask(n, 16))
        b.store(b.const(1.0, f32), y, [0])

    b.for_(b.lo, b.hi, row)
    text = str(ModuleOp([b.finish()]))
    done = subprocess.run(["mlir-opt-19"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
