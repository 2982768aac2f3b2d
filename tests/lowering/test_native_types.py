"""Conversions, comparisons and integer ops on every target that this machine runs, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tilewright.backends.targets import TargetModel

from .loops_text import LOCAL_TARGETS, compiled

Array = npt.NDArray[Any]
targets = pytest.mark.parametrize("target", LOCAL_TARGETS, ids=lambda target: target.name)
widths = pytest.mark.parametrize("lanes", [0, 16], ids=["scalar", "x16"])

_MLIR = {
    "float16": "f16",
    "float32": "f32",
    "float64": "f64",
    "bfloat16": "bf16",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
}


def elementwise(op: str, inputs: list[Array], result: Array, lanes: int, target: TargetModel) -> Array:
    """Run `op` (with %0, %1, ... as operands, T as the vector or scalar type of `S`) over equal arrays."""
    types = [_MLIR[array.dtype.name] for array in (*inputs, result)]
    shaped = [f"vector<{lanes}x{t}>" if lanes else t for t in types]
    load, store = ("vector.load", "vector.store") if lanes else ("memref.load", "memref.store")
    lines = [f"%step = arith.constant {lanes or 1} : index", "scf.for %i = %lo to %hi step %step {"]
    for n, (t, s) in enumerate(zip(types[:-1], shaped[:-1], strict=True)):
        lines.append(f"%a{n} = {load} %x{n}[%i] : memref<?x{t}>" + (f", {s}" if lanes else ""))
    lines.append(op.format(*[f"%a{n}" for n in range(len(inputs))], S=shaped[0], R=shaped[-1], B=_bools(lanes)))
    lines.append(f"{store} %r, %y[%i] : memref<?x{types[-1]}>" + (f", {shaped[-1]}" if lanes else ""))
    arguments = ", ".join([*(f"%x{n}: memref<?x{t}>" for n, t in enumerate(types[:-1])), f"%y: memref<?x{types[-1]}>"])
    compiled(arguments, "\n".join([*lines, "}"]), target)([*inputs, result], [], 0, result.size)
    return result


def _bools(lanes: int) -> str:
    return f"vector<{lanes}xi1>" if lanes else "i1"


def padded(values: npt.ArrayLike, dtype: str) -> Array:
    """The values, repeated until a multiple of 16."""
    array = np.asarray(values).astype(dtype)
    return np.resize(array, -(-array.size // 16) * 16)


HALVES = np.arange(65536, dtype=np.uint16).view(np.float16)
"""Every f16 there is."""


def _floats() -> Array:
    """f32 values near all that matters to a rounding to 16 bits: halves, their midpoints, and the neighbours of those."""
    finite = HALVES[np.isfinite(HALVES)].astype(np.float64)
    steps = np.sort(finite)
    middles = ((steps[:-1] + steps[1:]) / 2).astype(np.float32)
    near = np.concatenate([middles, np.nextafter(middles, np.float32(np.inf)), np.nextafter(middles, np.float32(-np.inf))])
    special = np.array([np.inf, -np.inf, np.nan, 65519, 65520, 65536, 1e38, -1e38, 1e-45, 0.0, -0.0], np.float32)
    return padded(np.concatenate([near, special]), "float32")


@targets
@widths
def test_f16_to_f32_is_exact(target: TargetModel, lanes: int) -> None:
    got = elementwise("%r = arith.extf {0} : {S} to {R}", [HALVES], np.zeros(65536, np.float32), lanes, target)
    np.testing.assert_array_equal(got, HALVES.astype(np.float32))


@targets
@widths
def test_f32_to_f16_rounds_to_nearest_even(target: TargetModel, lanes: int) -> None:
    x = _floats()
    got = elementwise("%r = arith.truncf {0} : {S} to {R}", [x], np.zeros(x.size, np.float16), lanes, target)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(got, x.astype(np.float16))


@targets
@widths
def test_f64_to_f16_rounds_once(target: TargetModel, lanes: int) -> None:
    """Values just off the middle of two halves, by less than an f32 can tell."""
    middles = _floats().astype(np.float64)
    x = np.concatenate([middles * (1 + 2.0**-40), middles * (1 - 2.0**-40), middles])
    got = elementwise("%r = arith.truncf {0} : {S} to {R}", [x], np.zeros(x.size, np.float16), lanes, target)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(got, x.astype(np.float16))


def to_bf16(x: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """The bits of f32 rounded to bf16, to nearest even; NaN apart."""
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


@targets
@widths
def test_bf16(target: TargetModel, lanes: int) -> None:
    """f32 -> bf16 -> f32, through integers of the same bits."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2**32, 4096, dtype=np.uint32).view(np.float32)
    x[:4] = [np.nan, np.inf, -np.inf, 3.4e38]
    half = f"vector<{lanes}x{{}}>" if lanes else "{}"
    op = f"%h = arith.truncf {{0}} : {{S}} to {half.format('bf16')}\n%r = arith.extf %h : {half.format('bf16')} to {{R}}"
    got = elementwise(op, [x], np.zeros(x.size, np.float32), lanes, target)
    expected = (to_bf16(x).astype(np.uint32) << 16).view(np.float32)
    expected[np.isnan(x)] = np.nan
    np.testing.assert_array_equal(got, expected)


_INTEGERS = padded([0, 1, -1, 7, -7, 100, -100, 127, -128, 3, -3, 64, -64, 5, 2, -2], "int8")
_DIVISORS = padded([1, 3, -3, 2, -2, 7, 5, -5, 127, 127, -1, 8, -8, 2, 3, 4], "int8")


@targets
@widths
@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_signed_integers(target: TargetModel, lanes: int, dtype: str) -> None:
    """All ops at once, their results combined by a hash that tells them apart."""
    a, b = _INTEGERS.astype(dtype), _DIVISORS.astype(dtype)
    wide_a, wide_b = a.astype(object), b.astype(object)
    truncated = np.array([abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x, y in zip(wide_a, wide_b, strict=True)])
    expected = {
        "addi": wide_a + wide_b,
        "subi": wide_a - wide_b,
        "muli": wide_a * wide_b,
        "divsi": truncated,
        "remsi": wide_a - truncated * wide_b,
        "floordivsi": wide_a // wide_b,
        "ceildivsi": -(-wide_a // wide_b),
        "minsi": np.minimum(wide_a, wide_b),
        "maxsi": np.maximum(wide_a, wide_b),
        "andi": wide_a & wide_b,
        "ori": wide_a | wide_b,
        "xori": wide_a ^ wide_b,
    }
    steps = [
        "%h0 = arith.xori {0}, {0} : {S}",
        f"%k = arith.constant {f'dense<31> : vector<{lanes}x' if lanes else '31 : '}{_MLIR[dtype]}{'>' if lanes else ''}",
    ]
    total: Any = wide_a * 0
    for n, (op, values) in enumerate(expected.items()):
        steps += [f"%o{n} = arith.{op} {{0}}, {{1}} : {{S}}", f"%m{n} = arith.muli %h{n}, %k : {{S}}"]
        steps += [f"%h{n + 1} = arith.addi %m{n}, %o{n} : {{S}}"]
        total = total * 31 + values
    steps.append(f"%r = arith.ori %h{len(expected)}, %h{len(expected)} : {{S}}")
    got = elementwise("\n".join(steps), [a, b], np.zeros_like(a), lanes, target)
    bits = 8 * a.dtype.itemsize
    assert got.tolist() == [(int(v) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) for v in total]


@targets
@widths
@pytest.mark.parametrize("op", ["divui", "remui", "ceildivui", "minui", "maxui", "shrui"])
def test_unsigned_integers(target: TargetModel, lanes: int, op: str) -> None:
    a = padded([0, 1, 2**32 - 1, 2**31, 7, 100, 2**31 + 5], "uint32")
    b = padded([1, 3, 2, 7, 5, 31, 4], "uint32")
    expected = {
        "divui": a // b,
        "remui": a % b,
        "ceildivui": -(-a.astype(np.int64) // b.astype(np.int64)),
        "minui": np.minimum(a, b),
        "maxui": np.maximum(a, b),
        "shrui": a >> b,
    }[op]
    got = elementwise(f"%r = arith.{op} {{0}}, {{1}} : {{S}}", [a, b], np.zeros_like(a), lanes, target)
    np.testing.assert_array_equal(got, expected)


_SPECIAL = padded([0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 2.5, -2.5, 1e30, -0.5, 0.5, 3.5], "float32")


@targets
@widths
@pytest.mark.parametrize("constant", [False, True], ids=["variable", "constant"])
@pytest.mark.parametrize("op", ["maximumf", "minimumf", "maxnumf", "minnumf"])
def test_float_extremes(target: TargetModel, lanes: int, op: str, constant: bool) -> None:
    reference = {"maximumf": np.maximum, "minimumf": np.minimum, "maxnumf": np.fmax, "minnumf": np.fmin}[op]
    other = np.full_like(_SPECIAL, 0.75) if constant else np.roll(_SPECIAL, 5)
    value = f"dense<0.75> : vector<{lanes}xf32>" if lanes else "0.75 : f32"
    text = f"%c = arith.constant {value}\n%r = arith.{op} {{0}}, {'%c' if constant else '{1}'} : {{S}}"
    got = elementwise(text, [_SPECIAL, other], np.zeros_like(other), lanes, target)
    np.testing.assert_array_equal(got, reference(_SPECIAL, other))


@targets
@widths
@pytest.mark.parametrize("predicate", ["oeq", "olt", "oge", "one", "ord", "ueq", "ugt", "ule", "une", "uno"])
def test_float_comparisons(target: TargetModel, lanes: int, predicate: str) -> None:
    a, b = _SPECIAL, np.roll(_SPECIAL, 1)
    b[::2] = a[::2]
    unordered = np.isnan(a) | np.isnan(b)
    plain = {"eq": a == b, "lt": a < b, "ge": a >= b, "ne": a != b, "gt": a > b, "le": a <= b, "rd": True, "no": False}
    expected = plain[predicate[1:]] & ~unordered if predicate[0] == "o" else plain[predicate[1:]] | unordered
    one = f"dense<1> : vector<{lanes}xi8>" if lanes else "1 : i8"
    zero = one.replace("1", "0", 1)
    cond = "{B}, {R}" if lanes else "{R}"
    op = (
        f"%t = arith.constant {one}\n%f = arith.constant {zero}\n"
        f"%c = arith.cmpf {predicate}, {{0}}, {{1}} : {{S}}\n%r = arith.select %c, %t, %f : {cond}"
    )
    got = elementwise(op, [a, b], np.zeros(a.size, np.int8), lanes, target)
    np.testing.assert_array_equal(got.astype(bool), expected)


@targets
@widths
@pytest.mark.parametrize("op", ["sqrt", "absf", "floor", "ceil", "trunc", "roundeven"])
def test_float_functions(target: TargetModel, lanes: int, op: str) -> None:
    reference = {"absf": np.abs, "roundeven": np.rint}.get(op) or getattr(np, op)
    got = elementwise(f"%r = math.{op} {{0}} : {{S}}", [_SPECIAL], np.zeros_like(_SPECIAL), lanes, target)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(got, reference(_SPECIAL))


@targets
@widths
@pytest.mark.parametrize(
    ("op", "source", "result"),
    [
        ("sitofp", "int8", "float32"),
        ("sitofp", "int64", "float64"),
        ("sitofp", "int64", "float32"),
        ("uitofp", "uint8", "float32"),
        ("uitofp", "uint32", "float32"),
        ("uitofp", "uint64", "float64"),
        ("fptosi", "float32", "int32"),
        ("fptosi", "float64", "int64"),
        ("fptosi", "float32", "int8"),
        ("fptoui", "float32", "uint8"),
        ("fptoui", "float64", "uint64"),
        ("extsi", "int8", "int32"),
        ("extui", "uint8", "uint64"),
        ("trunci", "int64", "int16"),
        ("extf", "float32", "float64"),
        ("truncf", "float64", "float32"),
    ],
)
def test_casts(target: TargetModel, lanes: int, op: str, source: str, result: str) -> None:
    unsigned = source.startswith("u") or result.startswith("u")
    values = np.array([0, 1, 2, 3, 77, 100, 120, 5], np.int64) * (1 if unsigned else np.resize([1, -1], 8))
    x = padded(values, source)
    got = elementwise(f"%r = arith.{op} {{0}} : {{S}} to {{R}}", [x], np.zeros(x.size, result), lanes, target)
    np.testing.assert_array_equal(got, x.astype(result))


@targets
@pytest.mark.parametrize("lanes", [4, 16, 6])
@pytest.mark.parametrize("kind", ["add", "mul", "minnumf", "maximumf"])
def test_float_reductions_go_by_halves(target: TargetModel, lanes: int, kind: str) -> None:
    body = f"""
    %v = vector.load %x[%c0] : memref<?xf32>, vector<{lanes}xf32>
    %a = memref.load %y[%c0] : memref<?xf32>
    %r = vector.reduction <{kind}>, %v, %a : vector<{lanes}xf32> into f32
    memref.store %r, %y[%c0] : memref<?xf32>"""
    combine = {"add": np.add, "mul": np.multiply, "minnumf": np.fmin, "maximumf": np.maximum}[kind]
    x = np.random.default_rng(3).standard_normal(lanes).astype(np.float32)
    y = np.array([0.3], np.float32)
    expected = x
    while expected.size % 2 == 0:
        expected = combine(expected[: expected.size // 2], expected[expected.size // 2 :])
    for lane in expected[1:]:
        expected[0] = combine(expected[0], lane)
    expected = combine(expected[0], y[0])
    compiled("%x: memref<?xf32>, %y: memref<?xf32>", body, target)([x, y], [], 0, 1)
    assert y[0] == expected


@targets
@pytest.mark.parametrize("kind", ["add", "maxsi", "minui", "xor", "and"])
def test_integer_reductions(target: TargetModel, kind: str) -> None:
    body = f"""
    %v = vector.load %x[%c0] : memref<?xi32>, vector<8xi32>
    %r = vector.reduction <{kind}>, %v : vector<8xi32> into i32
    memref.store %r, %y[%c0] : memref<?xi32>"""
    x = np.array([5, 7, 13, 1, 9, 21, 3, 15], np.int32)
    y = np.zeros(1, np.int32)
    compiled("%x: memref<?xi32>, %y: memref<?xi32>", body, target)([x, y], [], 0, 1)
    reference = {"add": x.sum(), "maxsi": x.max(), "minui": x.min(), "xor": np.bitwise_xor.reduce(x)}
    assert y[0] == reference.get(kind, np.bitwise_and.reduce(x))


@targets
@pytest.mark.parametrize("dtype", ["int8", "float16", "int64", "float64"])
def test_masked_accesses_of_every_width(target: TargetModel, dtype: str) -> None:
    """Lanes beyond the bound are neither read nor written, with or without hardware masks."""
    t = _MLIR[dtype]
    zero = "0.0" if t.startswith("f") else "0"
    body = f"""
    %c16 = arith.constant 16 : index
    %z = arith.constant dense<{zero}> : vector<16x{t}>
    scf.for %i = %lo to %hi step %c16 {{
      %left = arith.subi %hi, %i : index
      %m = vector.create_mask %left : vector<16xi1>
      %v = vector.maskedload %x[%i], %m, %z : memref<?x{t}>, vector<16xi1>, vector<16x{t}> into vector<16x{t}>
      vector.maskedstore %y[%i], %m, %v : memref<?x{t}>, vector<16xi1>, vector<16x{t}>
    }}"""
    x, y = np.arange(32).astype(dtype), np.full(32, 77, dtype)
    compiled(f"%x: memref<?x{t}>, %y: memref<?x{t}>", body, target)([x, y], [], 0, 21)
    np.testing.assert_array_equal(y, np.where(np.arange(32) < 21, x, np.full(32, 77, dtype)))


@targets
def test_prefetch(target: TargetModel) -> None:
    """Prefetches are intrinsic calls on an address that index arithmetic made."""
    body = """
    %c4 = arith.constant 4 : index
    %rw = arith.constant 0 : i32
    %keep = arith.constant 3 : i32
    %data = arith.constant 1 : i32
    scf.for %i = %lo to %hi step %c1 {
      %base = "memref.extract_aligned_pointer_as_index"(%x) : (memref<?xf32>) -> index
      %bytes = arith.muli %i, %c4 : index
      %at = arith.addi %base, %bytes : index
      %word = arith.index_cast %at : index to i64
      %p = llvm.inttoptr %word : i64 to !llvm.ptr
      llvm.call_intrinsic "llvm.prefetch"(%p, %rw, %keep, %data) : (!llvm.ptr, i32, i32, i32) -> ()
    }"""
    native = compiled("%x: memref<?xf32>", body, target)
    assert "@llvm.prefetch.p0(ptr" in native.ir_text
    native([np.zeros(4, np.float32)], [], 0, 4)


def test_int8_dot_product() -> None:
    target = next((target for target in LOCAL_TARGETS if target.byte_dot), None)
    if target is None:
        pytest.skip("needs AVX-512 VNNI")
    body = """
    %acc = vector.load %c[%c0] : memref<?xi32>, vector<16xi32>
    %u = vector.load %a[%c0] : memref<?xi8>, vector<64xi8>
    %s = vector.load %b[%c0] : memref<?xi8>, vector<64xi8>
    %r = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%acc, %u, %s)
      : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
    vector.store %r, %c[%c0] : memref<?xi32>, vector<16xi32>"""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, 64, np.uint8), rng.integers(-128, 128, 64, np.int8)
    c = np.arange(16, dtype=np.int32)
    expected = c + (a.astype(np.int32) * b).reshape(16, 4).sum(axis=1)
    compiled("%a: memref<?xi8>, %b: memref<?xi8>, %c: memref<?xi32>", body, target)([a, b, c], [], 0, 1)
    np.testing.assert_array_equal(c, expected)
