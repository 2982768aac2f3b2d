"""Kernels that need no lowering, because the object of an equal kernel is in the cache.

The key is the text of the scheduled, generalised kernel, the target, and a hash of everything that turns it into code: our
sources and the versions of xdsl and LLVM. So a second compile of a model, or of another one with the same layers, stops being
about kernels at all: each becomes a declaration, whose object is linked as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp

from ..dialects import graph
from ..lowering.kernel_attrs import kernels_of
from ..lowering.to_llvm.functions import KERNEL_TYPE
from ..passes.dedupe_kernels import structural_key
from ..passes.target_attr import target_of
from .digest import kernel_digest
from .object_cache import object_cache
from .workers import prepare


@dataclass
class KernelReuse:
    """The kernels of one compile by whether their objects were found."""

    found: dict[str, bytes] = field(default_factory=dict[str, bytes])
    keys: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, module: ModuleOp) -> None:
        """Replace kernels with known objects by declarations."""
        target = target_of(module).name
        for kernel in kernels_of(module):
            if any(isinstance(op, graph.CustomOp) for op in kernel.walk()):
                continue  # its code comes from functions outside of our sources: only the code itself tells that it is the same
            name = kernel.sym_name.data
            parts = (kernel_digest(), target, name, structural_key(kernel))
            self.keys[name] = "k" + hashlib.sha256("\0".join(parts).encode()).hexdigest()
            known = object_cache().get(self.keys[name])
            if known is None:
                continue
            self.found[name] = known
            declaration = llvm.FuncOp(name, KERNEL_TYPE, llvm.LinkageAttr("external"))
            module.body.block.insert_op_before(declaration, kernel)
            kernel.detach()
            kernel.erase()
        prepare(len(self.keys) - len(self.found))

    def keep(self, objects: Mapping[str, bytes]) -> None:
        """Put the objects of new kernels into the cache."""
        for name, data in objects.items():
            if name in self.keys:
                object_cache().put(self.keys[name], data)
