"""Kernels of the loops stage, compiled for every target that this machine runs, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from tilewright.backends.targets import TargetModel

from .loops_text import LOCAL_TARGETS, compiled

targets = pytest.mark.parametrize("target", LOCAL_TARGETS, ids=lambda target: target.name)


@targets
def test_masked_tail(target: TargetModel) -> None:
    body = """
    %c16 = arith.constant 16 : index
    %two = arith.constant dense<2.5> : vector<16xf32>
    %zero = arith.constant dense<0.0> : vector<16xf32>
    scf.for %i = %lo to %hi step %c16 {
      %left = arith.subi %hi, %i : index
      %m = vector.create_mask %left : vector<16xi1>
      %v = vector.maskedload %x[%i], %m, %zero : memref<?xf32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
      %w = vector.fma %v, %two, %v : vector<16xf32>
      vector.maskedstore %y[%i], %m, %w : memref<?xf32>, vector<16xi1>, vector<16xf32>
    }"""
    k = compiled("%x: memref<?xf32>, %y: memref<?xf32>", body, target)
    x = np.random.default_rng(0).standard_normal(37).astype(np.float32)
    y = np.full(40, 7, np.float32)
    k([x, y], [], 0, 37)
    np.testing.assert_allclose(y[:37], x * 3.5, rtol=1e-6)
    assert (y[37:] == 7).all()
