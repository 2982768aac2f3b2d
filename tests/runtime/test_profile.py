"""A profile runs every launch of a model, whole or in pieces, and leaves the results as they are."""

from __future__ import annotations

import numpy as np
from onnx import helper
from onnx_models import make_model

import tilewright
from tilewright.runtime.profile import Profile, pieces


def test_every_launch_is_timed_and_results_stay() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "v"], ["y"]),
    ]
    rng = np.random.default_rng(0)
    w, v, x = (rng.standard_normal(shape).astype(np.float32) for shape in ((64, 96), (96, 200), (50, 64)))
    session = tilewright.compile(make_model(nodes, {"x": (50, 64)}, constants={"w": w, "v": v}), threads=1)
    expected = session.run({"x": x})["y"]
    profile = Profile(session, {"x": x})
    for threads in (1, 2, 3):
        profile.outputs["y"][:] = 0
        profile.run(threads)
        np.testing.assert_array_equal(profile.outputs["y"], expected)
    assert len(profile.launches) >= 2
    assert all(set(one.seconds) == {1, 2, 3} and one.grid > 0 and min(one.seconds.values()) > 0 for one in profile.launches)


def test_pieces_cover_the_grid_as_the_pool_splits_it() -> None:
    assert list(pieces(10, 1, 1)) == [(0, 10)]
    assert list(pieces(10, 10, 2)) == [(0, 10)]
    assert list(pieces(11, 1, 2)) == [(0, 3), (3, 5), (5, 7), (7, 8), (8, 9), (9, 10), (10, 11)]
    assert list(pieces(11, 4, 2)) == [(0, 4), (4, 8), (8, 11)]
