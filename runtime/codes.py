"""What the codes mean that kernels and the host program return, and the layout of the context that they get.

The host program returns 0; (invocation + 1) << 16 | code of a kernel; or FAILED | number of a check.
"""

from __future__ import annotations

PLAN, RUN = "tw_plan", "tw_run"
"""The functions of the host program."""

INDEX_OUT_OF_RANGE = 1

KERNEL_ERRORS = {INDEX_OUT_OF_RANGE: "an index is out of range"}

FAILED = 0x40000000
"""A size or an assumption is wrong."""
NO_MEMORY = 0x20000000
"""A slot could not grow."""

MAX_BYTES = 1 << 46
"""No buffer is larger, nor are all together whose sizes follow from the inputs' dims: beyond it, sizes and offsets would not
be safe in 64 bits."""
TOO_LARGE = 1 << 56
"""Bytes of the arena, or of scratch, where that is exceeded: no machine has them, and a multiple by threads is still a number."""

HOST_FAILED = 0x0FFFFFFF
"""In place of the number of a check: a call to the host raised an exception."""

SCRATCH, GROW, SLOTS, HOST, POOL, THREADS, SCRATCHES = range(7)
"""Words of the context: scratch memory of the calling thread; the function that makes a slot grow; where the slots are; the
function that runs ops on the host; the thread pool, 0 for none; how many threads may take part in a kernel; where the addresses
of all threads' scratch memory are. A slot is two words, its address and its capacity in bytes."""
CONTEXT_WORDS = 7
SCRATCH_SLOT = -1
"""The slot number by which scratch memory grows."""
