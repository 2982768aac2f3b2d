"""What all AArch64 models share: Advanced SIMD (NEON), 32 registers of 128 bits, multiply-adds by element, no masks.

Code uses the features that a model names and no others; `tune` only decides in which order instructions stand. So code for a
model runs on every core with its features. SVE is left alone: the vectors of our schedules have a fixed width.
"""

from __future__ import annotations

from collections.abc import Iterable

from .model import ByteDot, TargetModel

DATA_LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32"
"""LLVM's data layout of every little-endian AArch64 ELF target."""

_DOT = "llvm.aarch64.neon"
DOT_PRODUCT = ByteDot(4, 1, (("ss", f"{_DOT}.sdot"), ("uu", f"{_DOT}.udot")))
"""FEAT_DotProd."""
MATRIX_MULTIPLY = ByteDot(8, 2, (("ss", f"{_DOT}.smmla"), ("uu", f"{_DOT}.ummla"), ("us", f"{_DOT}.usmmla")))
"""FEAT_I8MM."""

FLAGS = {"neon": "asimd", "lse": "atomics", "dotprod": "asimddp", "i8mm": "i8mm", "bf16": "bf16"}
"""Features in LLVM's spelling, and what /proc/cpuinfo calls them."""


def aarch64(
    name: str,
    features: Iterable[str],
    *,
    tune: str = "",
    dot: ByteDot | None = None,
    multiply_adds: int = 2,
    l1_kib: int = 32,
    l2_kib: int = 256,
    parts: Iterable[int] = (),
) -> TargetModel:
    """A little-endian AArch64 model with these features (keys of `FLAGS`)."""
    features = list(features)
    return TargetModel(
        name=name,
        arch="aarch64",
        triple="aarch64-unknown-linux-gnu",
        data_layout=DATA_LAYOUT,
        cpu="generic",
        tune=tune,
        features=",".join(f"+{feature}" for feature in features),
        vector_bytes=16,
        vector_registers=32,
        has_fma=True,
        has_lane_fma=True,
        has_masking=False,
        masked_bits=0,
        has_half_convert=True,
        byte_dot=dot,
        pair_products=None,
        multiply_adds=multiply_adds,
        l1_bytes=l1_kib * 1024,
        l2_bytes=l2_kib * 1024,
        cpu_flags=frozenset(FLAGS[feature] for feature in features),
        parts=frozenset(parts),
    )
