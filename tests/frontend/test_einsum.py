"""Einsum in all its forms agrees with numpy, with numbers and with symbols as dims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx_models import Typed, make_model, native, run

import tilewright
from tilewright.errors import BadInputError, ShapeError

Array = NDArray[Any]

CASES = [
    # sums, transposes, scalars
    ("ij->", [(2, 3)]),
    ("ij->ji", [(2, 3)]),
    ("ij", [(2, 3)]),
    ("ba", [(2, 3)]),
    (",ij->ij", [(), (2, 3)]),
    # repeated indices
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iii->i", [(3, 3, 3)]),
    ("iij->j", [(3, 3, 4)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("i,ii->i", [(3,), (3, 3)]),
    # products
    ("i,i", [(3,), (3,)]),
    ("i,j,k->kji", [(2,), (3,), (4,)]),
    ("Ab, bC -> AC", [(2, 3), (3, 4)]),
    ("ij,ij->i", [(2, 3), (2, 3)]),
    ("ij,kl->ijkl", [(2, 3), (2, 2)]),
    ("ijk,jil->kl", [(2, 3, 4), (3, 2, 5)]),
    ("bij,bjk,bkl->bil", [(2, 3, 4), (2, 4, 5), (2, 5, 2)]),
    ("ab,ab,c->", [(2, 3), (2, 3), (4,)]),
    # ellipses
    ("...ij,...jk->...ik", [(1, 3, 4), (5, 4, 2)]),
    ("...ij,jk", [(2, 3, 4), (4, 2)]),
    ("...ab,bc...->ac...", [(2, 3, 4), (4, 5, 2)]),
    ("...i,...i->...", [(2, 1, 4), (3, 4)]),
    ("...,...->...", [(2, 3), (1, 3)]),
    ("a...b->b...a", [(2, 3, 4)]),
]


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize(("equation", "shapes"), CASES, ids=[c[0] for c in CASES])
def test_agrees_with_numpy(equation: str, shapes: list[tuple[int, ...]], symbolic: bool):
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.int64):
        xs = [np.asarray(rng.integers(-4, 5, shape)).astype(dtype) for shape in shapes]
        node = helper.make_node("Einsum", [f"x{i}" for i in range(len(xs))], ["y"], equation=equation)
        dims = [[f"n{d}" if symbolic and d > 1 else d for d in shape] for shape in shapes]
        model = make_model([node], {f"x{i}": Typed(d, dtype) for i, d in enumerate(dims)}, opset=12)
        for execute in (run, native):
            (found,) = execute(model, *xs)
            wanted: Any = np.einsum(equation, *xs)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("equation", ["ij", "ij,jk,kl->il", "ij,jk->iz", "ij,jk->ii", "i1,jk->jk", "i,jk->jk"])
def test_bad_equations(equation: str):
    node = helper.make_node("Einsum", ["a", "b"], ["y"], equation=equation)
    with pytest.raises(ShapeError):
        run(make_model([node], {"a": [2, 3], "b": [3, 4]}), np.zeros((2, 3), np.float32), np.zeros((3, 4), np.float32))


@pytest.mark.parametrize("known", [(), ("p",), ("r",)])
def test_dims_of_one_label_are_taken_to_be_equal(known: tuple[str, ...]) -> None:
    """Whatever the inputs call them; a run with others is refused."""
    sizes: dict[str, int] = {"p": 3, "q": 4, "r": 4, "s": 2}
    a, b = ([sizes[d] if d in known else d for d in dims] for dims in ("pq", "rs"))
    model = make_model(
        [helper.make_node("Einsum", ["a", "b"], ["y"], equation="ij,jk->ik", name="at")], {"a": a, "b": b}, opset=12
    )
    x, w = np.ones((3, 4), np.float32), np.ones((4, 2), np.float32)
    session = tilewright.compile(model, guard=True)
    np.testing.assert_array_equal(session.run([x, w])["y"], x @ w)
    with pytest.raises(BadInputError):
        session.run([x[:, :3], w])
