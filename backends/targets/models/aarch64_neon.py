"""Every ARMv8-A processor with Advanced SIMD, which is all that Linux runs on."""

from ..aarch64 import aarch64

TARGET = aarch64("aarch64-neon", ["neon"])
