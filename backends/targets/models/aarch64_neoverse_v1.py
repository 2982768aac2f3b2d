"""Arm Neoverse V1 (Graviton3) and V2 (Graviton4, Grace): four vector pipelines, matrix multiplication of bytes."""

from ..aarch64 import MATRIX_MULTIPLY, aarch64

TARGET = aarch64(
    "aarch64-neoverse-v1",
    ["neon", "lse", "dotprod", "i8mm", "bf16"],
    tune="neoverse-v1",
    dot=MATRIX_MULTIPLY,
    multiply_adds=4,
    l1_kib=64,
    l2_kib=1024,
    parts=[0xD40, 0xD4F],
)
