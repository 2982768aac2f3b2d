"""One kernel of the loops stage, compiled and called on numpy arrays: for tests, measurements and tuning."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import func

from ..backends import jit
from ..backends.image import link
from ..backends.llvm_printer import print_llvm_ir
from ..backends.targets import TargetModel, host_target
from ..errors import RunError
from ..runtime.image import MappedImage
from .to_llvm import is_kernel, lower_function

_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_int64)
_SCRATCH_ALIGNMENT = 64

Array = npt.NDArray[Any]


class NativeKernel:
    """A kernel in memory; its code is freed with it."""

    def __init__(self, ir_text: str, name: str, target: TargetModel) -> None:
        self.ir_text = ir_text
        """The LLVM IR that the code was generated from."""
        self._name = name
        self._code = MappedImage(link({name: jit.compile_object(ir_text, target)}))
        self._call = _KERNEL(self._code.address(name))

    def __call__(self, buffers: Sequence[Array], sizes: Sequence[int], low: int, high: int, scratch_bytes: int = 0) -> None:
        """Run slices [low, high) on `buffers`, inputs and then outputs, which are written in place.

        Raises RunError where the kernel reports one.
        """
        scratch = np.empty(scratch_bytes + _SCRATCH_ALIGNMENT, np.uint8)
        start = -scratch.ctypes.data % _SCRATCH_ALIGNMENT
        status = self.bind(buffers, sizes, low, high, scratch[start:])()
        if status:
            raise RunError(f"kernel stopped with status {status}", op=self._name)

    def bind(self, buffers: Sequence[Array], sizes: Sequence[int], low: int, high: int, scratch: Array) -> Callable[[], int]:
        """A call on these buffers that does nothing but run, for measurements; it returns the kernel's status."""
        addresses = (ctypes.c_void_p * len(buffers))(*[array.ctypes.data for array in buffers])
        words = (ctypes.c_int64 * len(sizes))(*sizes)
        space, keep = scratch.ctypes.data, (list(buffers), scratch)
        return lambda keep=keep: self._call(None, addresses, words, space, low, high)


def compile_kernel(function: func.FuncOp, target: TargetModel | None = None) -> NativeKernel:
    """Compile a kernel function of the loops stage for `target`, the host where none is given.

    Raises CompileError for IR that has no lowering, ValueError for a function without the kernel arguments.
    """
    if not is_kernel(function):
        raise ValueError(f"@{function.sym_name.data} does not have the arguments of a kernel")
    target = target or host_target()
    return NativeKernel(print_llvm_ir([lower_function(function, target)], target), function.sym_name.data, target)
