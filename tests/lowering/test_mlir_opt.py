"""What our walk accepts, MLIR accepts and lowers too: the loops stage is standard MLIR."""

from __future__ import annotations

import pytest

from .loops_text import kernel
from .test_microkernel import ARGUMENTS, macro_kernel
from .upstream import MLIR_OPT, assert_upstream_accepts

pytestmark = pytest.mark.skipif(MLIR_OPT is None, reason="needs mlir-opt")

TO_LLVM = (
    "--expand-strided-metadata",
    "--convert-scf-to-cf",
    "--convert-vector-to-llvm",
    "--convert-math-to-llvm",
    "--lower-affine",
    "--convert-arith-to-llvm",
    "--finalize-memref-to-llvm",
    "--convert-func-to-llvm",
    "--convert-cf-to-llvm",
    "--reconcile-unrealized-casts",
)


def test_matmul() -> None:
    lowered = assert_upstream_accepts(kernel(ARGUMENTS, macro_kernel(4, 16, 8)), *TO_LLVM)
    assert lowered.count("llvm.intr.fmuladd") == 8


def test_every_family_of_ops() -> None:
    body = """
    %c8 = arith.constant 8 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %s = memref.view %scratch[%c8][%d0] : memref<?xi8> to memref<?xf32>
    scf.for %i = %lo to %hi step %c8 {
      %left = arith.subi %hi, %i : index
      %m = vector.create_mask %left : vector<8xi1>
      %h = vector.maskedload %x[%i], %m, %zero : memref<?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
      %c = arith.cmpf olt, %h, %zero : vector<8xf32>
      %n = math.absf %h : vector<8xf32>
      %w = arith.select %c, %n, %h : vector<8xi1>, vector<8xf32>
      %t = vector.shuffle %w, %w [0, 9, 2, 11, 4, 13, 6, 15] : vector<8xf32>, vector<8xf32>
      %r = vector.reduction <add>, %t : vector<8xf32> into f32
      %e = vector.extract %t[3] : f32 from vector<8xf32>
      %k = vector.insert %e, %t [5] : f32 into vector<8xf32>
      %b = vector.bitcast %k : vector<8xf32> to vector<8xi32>
      %q = vector.bitcast %b : vector<8xi32> to vector<8xf32>
      %big = arith.cmpf ogt, %r, %e : f32
      %v = scf.if %big -> (vector<8xf32>) {
        %f = vector.fma %q, %q, %w : vector<8xf32>
        scf.yield %f : vector<8xf32>
      } else {
        %z = vector.broadcast %r : f32 to vector<8xf32>
        scf.yield %z : vector<8xf32>
      }
      vector.store %v, %s[%c0] : memref<?xf32>, vector<8xf32>
      vector.maskedstore %x[%i], %m, %v : memref<?xf32>, vector<8xi1>, vector<8xf32>
    }"""
    assert_upstream_accepts(kernel("%x: memref<?xf32>, %d0: index", body), *TO_LLVM)
