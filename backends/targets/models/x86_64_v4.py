"""x86-64-v4: AVX-512."""

from ..x86_64 import USE_512_BITS, V4_FLAGS, x86_64

TARGET = x86_64("x86-64-v4", "x86-64-v4", USE_512_BITS, vector_bytes=64, flags=V4_FLAGS, l2_kib=1024)
