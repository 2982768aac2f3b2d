"""Dynamic networks serve all sizes with one session, and agree with onnxruntime at each; known sizes are not planned again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tilewright
from benchmarks.agreement import SIZES, compared, random_inputs, reference
from tilewright.runtime.session import Session

from .conftest import Network

SMALL = ("espcn_x3",)
NAMES = [name if name in SMALL else pytest.param(name, marks=pytest.mark.slow) for name in SIZES]


class Plans:
    """Counts the plans that sessions make."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        make: Any = Session._make_plan  # pyright: ignore[reportPrivateUsage]  # what must not run again

        def counted(session: Session, key: tuple[int, ...]) -> Any:
            self.count += 1
            return make(session, key)

        monkeypatch.setattr(Session, "_make_plan", counted)


@pytest.mark.parametrize("name", NAMES)
def test_one_session_serves_all_sizes(network: Callable[[str], Network], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    assert len(SIZES[name]) >= 5
    path, _, _ = network(name)
    session, theirs, plans = tilewright.compile(path), reference(path), Plans(monkeypatch)
    inputs = [random_inputs(name, sizes) for sizes in SIZES[name]]
    first = [session.run(feeds) for feeds in inputs]
    assert plans.count == len(inputs)
    for sizes, feeds, found in zip(SIZES[name], inputs, first, strict=True):
        row = compared(name, str(dict(sizes)), found, dict(zip(found, theirs.run(list(found), feeds), strict=True)))
        assert row.relative <= row.tolerance and not row.integers, row
    for feeds, found in zip(reversed(inputs), reversed(first), strict=True):
        for output, again in session.run(feeds).items():
            np.testing.assert_array_equal(again, found[output], err_msg=output)
    assert plans.count == len(inputs), "sizes that were known have been planned again"
