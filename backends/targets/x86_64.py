"""What all x86-64 models share: levels of the psABI, each of which implies the ones below."""

from __future__ import annotations

from .model import ByteDot, TargetModel

DATA_LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
"""LLVM's data layout of every x86-64 ELF target."""

V2_FLAGS = frozenset({"cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2"})
V3_FLAGS = V2_FLAGS | {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}
V4_FLAGS = V3_FLAGS | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
VNNI_FLAGS = V4_FLAGS | {"avx512_vnni"}

USE_512_BITS = "-prefer-256-bit"
"""LLVM's x86-64-v4 is tuned to split 512-bit vectors in halves; our schedules ask for them on purpose."""

_PAIR_PRODUCTS = {16: "llvm.x86.sse2.pmadd.wd", 32: "llvm.x86.avx2.pmadd.wd", 64: "llvm.x86.avx512.pmaddw.d.512"}
_MASKED_BITS = {16: 0, 32: 32, 64: 8}


def x86_64(
    name: str, cpu: str, features: str, *, vector_bytes: int, flags: frozenset[str], l2_kib: int, dot: ByteDot | None = None
) -> TargetModel:
    """An x86-64 model; everything that a wider level implies follows from the vector width."""
    return TargetModel(
        name=name,
        arch="x86-64",
        triple="x86_64-unknown-linux-gnu",
        data_layout=DATA_LAYOUT,
        cpu=cpu,
        tune="",
        features=features,
        vector_bytes=vector_bytes,
        vector_registers=32 if vector_bytes == 64 else 16,
        has_fma=vector_bytes >= 32,
        has_lane_fma=False,
        has_masking=vector_bytes == 64,
        masked_bits=_MASKED_BITS[vector_bytes],
        has_half_convert=vector_bytes >= 32,
        byte_dot=dot,
        pair_products=_PAIR_PRODUCTS[vector_bytes],
        multiply_adds=2,
        l1_bytes=32 * 1024,
        l2_bytes=l2_kib * 1024,
        cpu_flags=flags,
    )
