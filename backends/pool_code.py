"""The thread pool's code, compiled for this machine like every kernel."""

from __future__ import annotations

from typing import NamedTuple

from ..runtime.native.pool import RUN, WORKER, pool_module
from . import jit
from .llvm_printer import print_llvm_ir
from .object_cache import cached_object
from .targets import host_target


class PoolCode(NamedTuple):
    """Addresses of the pool's entry points, valid as long as `owner` lives."""

    run: int
    worker: int
    owner: object


def load_pool_code() -> PoolCode:
    """Generate the pool's code, or take it from the cache, and link it into this process."""
    target = host_target()
    text = print_llvm_ir(pool_module(target.arch), target)
    code = jit.load([cached_object(text, target)], target)
    return PoolCode(code.address(RUN), code.address(WORKER), code)
