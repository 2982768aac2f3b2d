"""Attributes of the kernel dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tilewright.dialects.kernel import PackingAttr, ScheduleAttr


@pytest.mark.parametrize("make", [PackingAttr.of, ScheduleAttr.of])
def test_attributes_are_equal_where_name_and_parameters_are(make: Callable[..., Any]):
    first = make("gemm_b", nr=16, transposed=0)
    assert first == make("gemm_b", nr=16, transposed=0)
    assert hash(first) == hash(make("gemm_b", nr=16, transposed=0))
    assert first != make("gemm_b", nr=16, transposed=1)
    assert first != make("gemm_b", nr=16)
    assert first != make("conv_b", nr=16, transposed=0)
