"""Arm Neoverse N2 (Cobalt 100, Yitian 710): matrix multiplication of bytes."""

from ..aarch64 import MATRIX_MULTIPLY, aarch64

TARGET = aarch64(
    "aarch64-neoverse-n2",
    ["neon", "lse", "dotprod", "i8mm", "bf16"],
    tune="neoverse-n2",
    dot=MATRIX_MULTIPLY,
    l1_kib=64,
    l2_kib=1024,
    parts=[0xD49],
)
