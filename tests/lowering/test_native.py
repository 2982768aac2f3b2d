"""Kernels of the loops stage, compiled for every target that this machine runs, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from tilewright.backends.targets import TargetModel

from .loops_text import LOCAL_TARGETS, checked

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
    k = checked("%x: memref<?xf32>, %y: memref<?xf32>", body, target)
    x = np.random.default_rng(0).standard_normal(37).astype(np.float32)
    y = np.full(40, 7, np.float32)
    k([x, y], [], 0, 37)
    np.testing.assert_allclose(y[:37], x * 3.5, rtol=1e-6)
    assert (y[37:] == 7).all()


@targets
def test_strided_views_and_reduction(target: TargetModel) -> None:
    """Row sums of a transposed view, with the accumulator carried through the loop."""
    body = """
    %zero = arith.constant 0.0 : f32
    %t = memref.reinterpret_cast %x to offset: [3], sizes: [%d1, %d0], strides: [1, %d1]
      : memref<?xf32> to memref<?x?xf32, strided<[1, ?], offset: 3>>
    scf.for %i = %lo to %hi step %c1 {
      %sum = scf.for %j = %c0 to %d0 step %c1 iter_args(%acc = %zero) -> (f32) {
        %v = memref.load %t[%i, %j] : memref<?x?xf32, strided<[1, ?], offset: 3>>
        %next = arith.addf %acc, %v : f32
        scf.yield %next : f32
      }
      memref.store %sum, %y[%i] : memref<?xf32>
    }"""
    k = checked("%x: memref<?xf32>, %y: memref<?xf32>, %d0: index, %d1: index", body, target)
    x = np.arange(3 + 5 * 7, dtype=np.float32)
    y = np.zeros(7, np.float32)
    k([x, y], [5, 7], 0, 7)
    np.testing.assert_array_equal(y, x[3:].reshape(5, 7).sum(axis=0))


@targets
def test_zero_trip_loop_keeps_the_initial_values(target: TargetModel) -> None:
    body = """
    %seven = arith.constant 7 : i64
    %r = scf.for %j = %c0 to %d0 step %c1 iter_args(%acc = %seven) -> (i64) {
      %next = arith.addi %acc, %acc : i64
      scf.yield %next : i64
    }
    memref.store %r, %y[%lo] : memref<?xi64>"""
    k = checked("%y: memref<?xi64>, %d0: index", body, target)
    y = np.zeros(1, np.int64)
    for trips in (0, -3, 1, 4):
        k([y], [trips], 0, 1)
        assert y[0] == 7 << max(trips, 0)


@targets
def test_nested_loops_with_several_iter_args(target: TargetModel) -> None:
    """Fibonacci numbers, restarted for each row, with an index among the carried values."""
    body = """
    %a0 = arith.constant 0 : i32
    %b0 = arith.constant 1 : i32
    scf.for %i = %lo to %hi step %c1 {
      %f:3 = scf.for %j = %c0 to %i step %c1 iter_args(%a = %a0, %b = %b0, %n = %c0) -> (i32, i32, index) {
        %s = arith.addi %a, %b : i32
        %n1 = arith.addi %n, %j : index
        scf.yield %b, %s, %n1 : i32, i32, index
      }
      memref.store %f#0, %y[%i] : memref<?xi32>
      %sum = arith.index_cast %f#2 : index to i32
      memref.store %sum, %z[%i] : memref<?xi32>
    }"""
    k = checked("%y: memref<?xi32>, %z: memref<?xi32>", body, target)
    y, z = np.zeros(10, np.int32), np.zeros(10, np.int32)
    k([y, z], [], 0, 10)
    assert y.tolist() == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
    assert z.tolist() == [i * (i - 1) // 2 for i in range(10)]


@targets
def test_if_with_results(target: TargetModel) -> None:
    body = """
    %two = arith.constant 2.0 : f64
    scf.for %i = %lo to %hi step %c1 {
      %v = memref.load %x[%i] : memref<?xf64>
      %zero = arith.constant 0.0 : f64
      %neg = arith.cmpf olt, %v, %zero : f64
      %r, %at = scf.if %neg -> (f64, index) {
        %m = arith.mulf %v, %two : f64
        scf.yield %m, %i : f64, index
      } else {
        %last = arith.subi %hi, %c1 : index
        %back = arith.subi %last, %i : index
        scf.yield %v, %back : f64, index
      }
      %old = memref.load %y[%at] : memref<?xf64>
      %new = arith.addf %old, %r : f64
      scf.if %neg {
        memref.store %new, %y[%at] : memref<?xf64>
      }
    }"""
    k = checked("%x: memref<?xf64>, %y: memref<?xf64>", body, target)
    x = np.array([-1.0, 2.0, -3.0, 4.0])
    y = np.ones(4)
    k([x, y], [], 0, 4)
    assert y.tolist() == [-1.0, 1.0, -5.0, 1.0]


@targets
def test_while(target: TargetModel) -> None:
    """Collatz steps."""
    body = """
    %one = arith.constant 1 : i64
    %two = arith.constant 2 : i64
    %three = arith.constant 3 : i64
    %zero = arith.constant 0 : i64
    scf.for %i = %lo to %hi step %c1 {
      %start = memref.load %x[%i] : memref<?xi64>
      %r:2 = scf.while (%n = %start, %c = %zero) : (i64, i64) -> (i64, i64) {
        %more = arith.cmpi ne, %n, %one : i64
        scf.condition(%more) %n, %c : i64, i64
      } do {
      ^bb0(%m: i64, %d: i64):
        %half = arith.divui %m, %two : i64
        %triple = arith.muli %m, %three : i64
        %up = arith.addi %triple, %one : i64
        %low = arith.andi %m, %one : i64
        %odd = arith.cmpi eq, %low, %one : i64
        %next = arith.select %odd, %up, %half : i64
        %d1 = arith.addi %d, %one : i64
        scf.yield %next, %d1 : i64, i64
      }
      memref.store %r#1, %x[%i] : memref<?xi64>
    }"""
    k = checked("%x: memref<?xi64>", body, target)
    x = np.array([1, 6, 27], np.int64)
    k([x], [], 0, 3)
    assert x.tolist() == [0, 8, 111]


@targets
def test_scratch(target: TargetModel) -> None:
    """A reversal through scratch memory at a byte offset that is computed."""
    body = """
    %c4 = arith.constant 4 : index
    %half = arith.muli %d0, %c4 : index
    %s = memref.view %scratch[%half][%d0] : memref<?xi8> to memref<?xf32>
    scf.for %i = %c0 to %d0 step %c1 {
      %v = memref.load %x[%i] : memref<?xf32>
      %last = arith.subi %d0, %c1 : index
      %back = arith.subi %last, %i : index
      memref.store %v, %s[%back] : memref<?xf32>
    }
    scf.for %i = %c0 to %d0 step %c1 {
      %v = memref.load %s[%i] : memref<?xf32>
      memref.store %v, %x[%i] : memref<?xf32>
    }"""
    k = checked("%x: memref<?xf32>, %d0: index", body, target)
    x = np.arange(9, dtype=np.float32)
    k([x], [9], 0, 1, scratch_bytes=2 * 4 * 9)
    assert x.tolist() == list(range(8, -1, -1))


@targets
def test_bool_storage(target: TargetModel) -> None:
    """Bools lie in memory as bytes: compare with zero to read one, extend to write one."""
    body = """
    %c8 = arith.constant 8 : index
    %zero = arith.constant dense<0> : vector<8xi8>
    %f = arith.constant dense<0.0> : vector<8xf32>
    scf.for %i = %lo to %hi step %c8 {
      %b = vector.load %c[%i] : memref<?xi8>, vector<8xi8>
      %m = arith.cmpi ne, %b, %zero : vector<8xi8>
      %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
      %s = arith.select %m, %v, %f : vector<8xi1>, vector<8xf32>
      vector.store %s, %x[%i] : memref<?xf32>, vector<8xf32>
      %p = arith.cmpf ogt, %s, %f : vector<8xf32>
      %q = arith.extui %p : vector<8xi1> to vector<8xi8>
      vector.store %q, %y[%i] : memref<?xi8>, vector<8xi8>
    }"""
    k = checked("%c: memref<?xi8>, %x: memref<?xf32>, %y: memref<?xi8>", body, target)
    rng = np.random.default_rng(1)
    c = rng.integers(0, 2, 24).astype(bool)
    x = rng.standard_normal(24).astype(np.float32)
    y = np.zeros(24, bool)
    expected = np.where(c, x, 0)
    k([c, x, y], [], 0, 24)
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_array_equal(y, expected > 0)


@targets
@pytest.mark.parametrize("offset", [0, 1, 3])
def test_buffers_need_element_alignment_only(target: TargetModel, offset: int) -> None:
    body = """
    %c16 = arith.constant 16 : index
    scf.for %i = %lo to %hi step %c16 {
      %v = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
      %w = arith.addf %v, %v : vector<16xf32>
      vector.store %w, %y[%i] : memref<?xf32>, vector<16xf32>
    }"""
    k = checked("%x: memref<?xf32>, %y: memref<?xf32>", body, target)
    x = np.arange(36, dtype=np.float32)[offset : offset + 32]
    y = np.zeros(36, np.float32)[offset : offset + 32]
    k([x, y], [], 0, 32)
    np.testing.assert_array_equal(y, 2 * x)


@targets
def test_calls_of_machine_intrinsics(target: TargetModel) -> None:
    """Ops of the llvm dialect in a kernel are taken over as they are."""
    body = """
    %v = memref.load %x[%c0] : memref<?xi32>
    %r = llvm.call_intrinsic "llvm.bswap"(%v) : (i32) -> i32
    memref.store %r, %x[%c0] : memref<?xi32>"""
    k = checked("%x: memref<?xi32>", body, target)
    x = np.array([0x01020304], np.int32)
    k([x], [], 0, 1)
    assert x[0] == 0x04030201
