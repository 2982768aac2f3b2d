"""The inner loops of AArch64 contractions keep the multiply-add pipelines busy, by llvm-mca's models."""

from __future__ import annotations

import pytest

from benchmarks import mca

PROGRAM = mca.program()
ARM = [core for core in mca.CORES if core.name.startswith("neoverse")]
LEAST = 0.9


@pytest.mark.skipif(PROGRAM is None, reason="llvm-mca is missing")
@pytest.mark.parametrize("core", ARM, ids=lambda core: core.name)
@pytest.mark.parametrize("name", list(mca.KERNELS)[:3])
def test_inner_loop(name: str, core: mca.Core) -> None:
    assert PROGRAM is not None
    loop = mca.inner_loop(*mca.KERNELS[name], core.target)
    assert mca.multiply_adds(loop) >= 48
    assert mca.reached(loop, core, PROGRAM) >= LEAST


def test_a_loop_ends_at_its_branch() -> None:
    text = ".LBB0_1:\n\tfmla\tv0.4s, v1.4s, v2.s[0]\n\tb.lt\t.LBB0_1\n\tstr\tq0, [x0]\n\tret\n"
    (loop,) = mca.loops(text)
    assert loop == ["\tfmla\tv0.4s, v1.4s, v2.s[0]"] and mca.multiply_adds(loop) == 1
