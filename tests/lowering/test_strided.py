"""Strided views against numpy: the strides that numpy itself gives to the same view."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tilewright.dialects.graph.dims import DimExpr
from tilewright.lowering.strided import ONE, Strided


def dims(*values: int | str) -> tuple[DimExpr, ...]:
    return tuple(DimExpr.of(v) for v in values)


def of_array(array: np.ndarray) -> Strided:
    return Strided(dims(*array.shape), dims(*(s // array.itemsize for s in array.strides)))


def addresses(view: Strided) -> list[int]:
    """The position of every element, in row-major order."""
    shape = [d.value for d in view.dims]
    strides = [s.value for s in view.strides]
    return [view.offset.value + sum(i * s for i, s in zip(index, strides, strict=True)) for index in np.ndindex(*shape)]


@given(
    st.permutations([0, 1, 2]), st.sampled_from([(6, 4), (2, 12), (24,), (2, 3, 4), (3, 8), (1, 24, 1), (4, 3, 2), (2, 1, 12)])
)
def test_reshape_is_a_view_only_where_numpy_says_so(perm: list[int], shape: tuple[int, ...]) -> None:
    array = np.arange(24).reshape(2, 3, 4).transpose(perm)
    view = of_array(array).reshaped(dims(*shape))
    if view is None:
        assert not np.shares_memory(array.reshape(shape), array)
    else:
        assert addresses(view) == array.reshape(shape).ravel().tolist()


def test_heads_of_attention_stay_a_view() -> None:
    view = Strided(dims("b", "s", 768), dims("768*s", 768, 1))
    heads = view.reshaped(dims("b", "s", 12, 64))
    assert heads is not None
    assert heads.permuted([0, 2, 1, 3]).strides == dims("768*s", 64, 768, 1)
    assert heads.permuted([0, 2, 1, 3]).reshaped(dims("12*b", "s", 64)) is None


def test_broadcast_and_slice() -> None:
    view = Strided(dims(3, 1), (ONE, ONE)).broadcast(dims(2, 3, 4))
    assert view.strides == dims(0, 1, 0)
    array = np.arange(24).reshape(4, 6)
    assert addresses(of_array(array).sliced(dims(1, 5), dims(2, -1), dims(2, 3))) == array[1:5:2, 5:2:-1].ravel().tolist()
