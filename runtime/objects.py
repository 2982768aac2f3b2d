"""Inputs that are no numeric tensors: what the caller gives as what onnx's reference implementation takes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ..errors import BadInputError
from .executable import TensorSpec

_STRINGS = "tensor(string)"


def as_object(spec: TensorSpec, value: Any) -> Any:
    """A tensor of strings as an array of dtype object, a sequence as a list, an optional as it is or None.

    BadInputError where it is none.
    """
    return _converted(spec, spec.kind, value)


def _converted(spec: TensorSpec, kind: str, value: Any) -> Any:
    if kind.startswith("optional("):
        return None if value is None else _converted(spec, kind.removeprefix("optional(").removesuffix(")"), value)
    if kind.startswith("seq("):
        if not isinstance(value, list | tuple):
            raise BadInputError(spec.name, f"a list, {kind}", type(value).__name__)
        inner = kind.removeprefix("seq(").removesuffix(")")
        return [_converted(spec, inner, item) for item in cast("list[Any]", value)]
    array = np.asarray(value)
    if kind != _STRINGS:
        return array
    if array.dtype.kind not in "OUST":
        raise BadInputError(spec.name, f"an array of strings, {kind}", f"{array.dtype}")
    return array.astype(object)
