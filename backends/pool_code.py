"""The thread pool's code, a part of every image, so that a saved model brings it along."""

from __future__ import annotations

import hashlib

from ..runtime.image import MappedImage
from ..runtime.native.pool import pool_module
from ..runtime.pool import PoolCode
from .digest import kernel_digest
from .image import link
from .llvm_printer import print_llvm_ir
from .object_cache import cached_object, object_cache
from .targets import TargetModel, host_target

POOL_UNIT = "tw_pool"
"""The pool's name among the objects of an image."""


def pool_object(target: TargetModel) -> bytes:
    """The pool's object, generated or taken from the cache."""
    key = "p" + hashlib.sha256(f"{kernel_digest()} {target.name}".encode()).hexdigest()
    found = object_cache().get(key)
    if found is None:
        found = cached_object(print_llvm_ir(pool_module(target.arch), target), target)
        object_cache().put(key, found)
    return found


def load_pool_code() -> PoolCode:
    """The pool for this machine without a model."""
    return PoolCode.of(MappedImage(link({POOL_UNIT: pool_object(host_target())})))
