"""The one way in which outputs of networks are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-3
"""max|a - b| relative to max|b|, per output."""


def assert_matches(
    actual: Mapping[str, NDArray[Any]], expected: Mapping[str, NDArray[Any]], tolerance: float = TOLERANCE
) -> None:
    """Same names, shapes, dtypes, places of NaN and inf; floats within `tolerance` of the largest magnitude, integers equal."""
    assert list(actual) == list(expected)
    for name, want in expected.items():
        got = actual[name]
        assert got.dtype == want.dtype and got.shape == want.shape, (
            f"{name}: {got.dtype}{got.shape}, not {want.dtype}{want.shape}"
        )
        if want.dtype.kind != "f":
            np.testing.assert_array_equal(got, want, err_msg=name)
            continue
        finite = np.isfinite(want)
        np.testing.assert_array_equal(np.isfinite(got), finite, err_msg=f"{name}: places of NaN and inf")
        np.testing.assert_array_equal(got[~finite], want[~finite], err_msg=name)
        if finite.any():
            a, b = got[finite].astype(np.float64), want[finite].astype(np.float64)
            error, scale = np.abs(a - b).max(), np.abs(b).max()
            assert error <= tolerance * scale, f"{name}: max|a-b| = {error:.3e}, max|b| = {scale:.3e}"
