"""x86-64-v4 with AVX-512 VNNI: dot products of unsigned and signed bytes."""

from ..model import ByteDot
from ..x86_64 import USE_512_BITS, VNNI_FLAGS, x86_64

TARGET = x86_64(
    "x86-64-v4-vnni",
    "x86-64-v4",
    f"+avx512vnni,{USE_512_BITS}",
    vector_bytes=64,
    flags=VNNI_FLAGS,
    l2_kib=1024,
    dot=ByteDot(4, 1, (("us", "llvm.x86.avx512.vpdpbusd.512"),)),
)
