"""Arm Neoverse N1 (Graviton2, Ampere Altra), and every core with dot products of bytes: Cortex-A76 and later, Apple M1."""

from ..aarch64 import DOT_PRODUCT, aarch64

TARGET = aarch64(
    "aarch64-neoverse-n1",
    ["neon", "lse", "dotprod"],
    tune="neoverse-n1",
    dot=DOT_PRODUCT,
    l1_kib=64,
    l2_kib=1024,
    parts=[0xD0B, 0xD0C],
)
