"""x86-64-v3: AVX2 and FMA (2013 and later)."""

from ..x86_64 import V3_FLAGS, x86_64

TARGET = x86_64("x86-64-v3", "x86-64-v3", "", vector_bytes=32, flags=V3_FLAGS, l2_kib=256)
