"""What the codes mean that kernels return."""

from __future__ import annotations

INDEX_OUT_OF_RANGE = 1

KERNEL_ERRORS = {INDEX_OUT_OF_RANGE: "an index is out of range"}
