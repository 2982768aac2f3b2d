"""Kernels that apply one math op or activation to arrays, and errors in units in the last place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import numpy.typing as npt
from xdsl.dialects import func
from xdsl.dialects.builtin import bf16, f16, f32, f64
from xdsl.ir import Attribute, Operation

from tilewright.backends.targets import get_target
from tilewright.lowering.builder import KernelBuilder
from tilewright.lowering.expand_math import expand_function
from tilewright.lowering.loop_types import vector_type
from tilewright.lowering.native import NativeKernel, compile_kernel
from tilewright.lowering.vmath import apply

Array = npt.NDArray[Any]
Formula = Callable[..., Any]
ELEMENTS: dict[str, Attribute] = {"f16": f16, "bf16": bf16, "f32": f32, "f64": f64}
MULTIPLE = 240
"""Array lengths are multiples of this, hence of every number of lanes in use."""


def map_kernel(code: type[Operation] | Formula, element: str, lanes: int, arguments: int = 1) -> func.FuncOp:
    """`y[i] = code(x[i], ...)` over [lo, hi), `lanes` elements at a time (0: scalars); math ops not yet expanded."""
    type_ = ELEMENTS[element]
    b = KernelBuilder("tw_k", [type_] * (arguments + 1), [])
    views = [b.view(buffer, [b.hi], [1]) for buffer in b.buffers]
    result = vector_type(type_, lanes) if lanes else type_

    def body(i: Any, _: Any) -> None:
        operands = [b.vload(v, [i], lanes) if lanes else b.load(v, [i]) for v in views[:-1]]
        value = b.op(code, operands, result) if isinstance(code, type) else apply(b, code, *operands)
        if lanes:
            b.vstore(value, views[-1], [i])
        else:
            b.store(value, views[-1], [i])

    b.for_(b.lo, b.hi, body, step=lanes or 1)
    return b.finish()


@cache
def compiled(code: type[Operation] | Formula, element: str, lanes: int, target: str, arguments: int) -> NativeKernel:
    """The same, expanded and in memory."""
    function = map_kernel(code, element, lanes, arguments)
    expand_function(function)
    function.verify()
    return compile_kernel(function, get_target(target))


def evaluate(code: type[Operation] | Formula, arrays: Sequence[Array], target: str = "host", lanes: int = 16) -> Array:
    """The results on arrays of f32 or f64, of any equal length."""
    length = len(arrays[0])
    padded = [np.concatenate([a, np.ones(-length % MULTIPLE, a.dtype)]) for a in arrays]
    result = np.empty_like(padded[0])
    element = "f64" if arrays[0].dtype == np.float64 else "f32"
    kernel = compiled(code, element, lanes, target, len(arrays))
    kernel([*padded, result], [], 0, len(result))
    return result[:length]


def ulp_error(got: float, exact: Any, width: int) -> float:
    """|got - exact| in units in the last place of `exact`; infinity counts as the power of two that it stands for."""
    mantissa, low, high = (23, -126, 127) if width == 32 else (52, -1022, 1023)
    if mp.isinf(exact) or exact == 0 or got != got:
        return 0.0 if got == exact else float("inf")
    limit: Any = mp.power(2, high + 1)
    exact = max(min(exact, limit), -limit)
    value: Any = max(min(mp.mpf(got), limit), -limit)
    exponent = min(max(int(mp.floor(mp.log(abs(exact), 2))), low), high)
    return float(abs(value - exact) / mp.power(2, exponent - mantissa))


def ulp_errors(got: Array, reference: Array) -> Array:
    """The same for whole f32 arrays, against a reference in f64."""
    exponent = np.floor(np.log2(np.maximum(np.abs(reference), 2.0**-126)))
    unit = 2.0 ** (np.minimum(exponent, 127) - 23)
    limit = 2.0**128
    error = np.abs(np.clip(got.astype(np.float64), -limit, limit) - np.clip(reference, -limit, limit)) / unit
    error[np.isnan(got) & np.isnan(reference)] = 0
    error[np.isnan(got) != np.isnan(reference)] = np.inf
    return error
