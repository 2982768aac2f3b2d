"""x86-64-v2: 16-byte vectors without fused multiply-adds (2008 and later)."""

from ..x86_64 import V2_FLAGS, x86_64

TARGET = x86_64("x86-64-v2", "x86-64-v2", "", vector_bytes=16, flags=V2_FLAGS, l2_kib=256)
