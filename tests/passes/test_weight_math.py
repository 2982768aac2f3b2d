"""Arithmetic on constants: inline or lazy by size, rounded once, from inline values and weights alike."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import f16, f32

from tilewright.dialects.graph import ConstantOp
from tilewright.dialects.graph.types import tensor
from tilewright.passes.constants import inline_constant
from tilewright.passes.weight_math import Array, fold, is_known
from tilewright.runtime.weights import WeightStore


def weight(store: WeightStore, key: str, array: Array) -> ConstantOp:
    return ConstantOp(store.add(key, array), tensor(f32, array.shape))


def test_a_small_result_is_inline() -> None:
    store = WeightStore()
    a, b = weight(store, "a", np.arange(4, dtype=np.float32)), inline_constant(np.array(2, np.float32))
    folded = fold(np.multiply, (a.result, b.result), (4,), f32, store)
    assert folded.dense is not None
    assert folded.dense.get_values() == (0, 2, 4, 6)


def test_a_large_result_is_computed_when_it_is_read() -> None:
    store, calls = WeightStore(), list[int]()
    a, b = weight(store, "w", np.ones((64, 64), np.float32)), inline_constant(np.array(3, np.float32))

    def scaled(w: Array, c: Array) -> Array:
        calls.append(1)
        return w * c

    folded = fold(scaled, (a.result, b.result), (64, 64), f32, store)
    assert folded.weight == "w.1" and not calls
    assert (store["w.1"] == 3).all()
    assert calls == [1]


def test_half_types_are_rounded_once() -> None:
    store = WeightStore()
    a, b = (inline_constant(np.array([v], np.float16)) for v in (1.0, 2.0**-11))
    folded = fold(lambda x, y: x + y + y, (a.result, b.result), (1,), f16, store)  # pyright: ignore
    assert folded.dense is not None
    assert folded.dense.get_values()[0] == pytest.approx(1 + 2.0**-10)


def test_a_weight_that_the_store_lacks_is_not_known() -> None:
    store = WeightStore()
    constant = weight(store, "w", np.ones(4, np.float32))
    assert is_known(constant.result, store)
    assert not is_known(constant.result, WeightStore())
