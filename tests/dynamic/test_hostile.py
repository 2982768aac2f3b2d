"""Whatever indices, sizes and bounds a model is given at run time: the right result, or an exception that names the node.

The models run in guard mode, where an access outside of a buffer would end the process. A result must be onnxruntime's; a refusal
of small numbers must be onnxruntime's as well (of large ones it isn't asked: it may take all memory there is).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tilewright
from tilewright.errors import TilewrightError

from .compare import Array, model_of, node, typed

pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")

SMALL = st.integers(-5, 5)
HUGE = st.sampled_from([-(2**63), -(2**62), -(2**40), 2**40, 2**62, 2**63 - 1])
NUMBERS = st.one_of(SMALL, SMALL, SMALL, SMALL, HUGE)
Draw = Callable[[Any], Any]


def floats(*shape: int) -> Array:
    return np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)


def drawn(draw: Draw, *shape: int, numbers: Any = NUMBERS) -> Array:
    """An array of numbers, most of them small."""
    count = int(np.prod(shape))
    return np.array(draw(st.lists(numbers, min_size=count, max_size=count)), np.int64).reshape(shape)


def sizes(draw: Draw, *most: int) -> list[int]:
    """A shape of up to these sizes, at times with an empty dim."""
    return [draw(st.integers(0, m)) for m in most]


@dataclass(frozen=True)
class Case:
    """One model, and how its inputs are drawn.

    Attributes:
        dims: of the inputs, where they are not those of what is drawn.
        wider: whether there is a meaning, numpy's, for what onnxruntime refuses.
    """

    op: str
    inputs: str
    feeds: Callable[[Draw], Mapping[str, Array]]
    dims: Mapping[str, Sequence[int | str]]
    outputs: str = "y"
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    opset: int = 19
    wider: bool = False


def gather(draw: Draw) -> dict[str, Array]:
    rows, columns = sizes(draw, 4, 3)
    return {"x": floats(rows, columns), "i": drawn(draw, *sizes(draw, 3, 2))}


def gather_elements(draw: Draw) -> dict[str, Array]:
    rows, columns = sizes(draw, 4, 3)
    shape = (draw(st.integers(0, 4)), draw(st.integers(0, max(columns, 1))))
    return {"x": floats(rows, columns), "i": drawn(draw, *shape)}


def gather_nd(draw: Draw) -> dict[str, Array]:
    return {"x": floats(*sizes(draw, 3, 4, 2)), "i": drawn(draw, draw(st.integers(0, 3)), 2)}


def scatter_nd(draw: Draw) -> dict[str, Array]:
    rows, columns, count, last = sizes(draw, 4, 3, 3, 3)
    width = draw(st.sampled_from([columns, columns, last]))
    return {"x": floats(rows, columns), "i": drawn(draw, count, 1), "u": -floats(count, width)}


def scatter_elements(draw: Draw) -> dict[str, Array]:
    rows, columns = sizes(draw, 4, 3)
    shape = (draw(st.integers(0, 3)), draw(st.integers(0, max(columns, 1))))
    updates = draw(st.sampled_from([shape, shape, (shape[0], shape[1] + 1)]))
    return {"x": floats(rows, columns), "i": drawn(draw, *shape), "u": -floats(*updates)}


def slice_(draw: Draw) -> dict[str, Array]:
    vectors = {name: drawn(draw, 2) for name in ("s", "e")}
    axes = drawn(draw, 2, numbers=st.one_of(st.integers(0, 1), SMALL))
    return {"x": floats(*sizes(draw, 4, 3)), **vectors, "a": axes, "t": drawn(draw, 2, numbers=st.one_of(st.just(1), NUMBERS))}


def with_vector(name: str, count: int, numbers: Any = NUMBERS) -> Callable[[Draw], dict[str, Array]]:
    return lambda draw: {"x": floats(*sizes(draw, 4, 3)), name: drawn(draw, count, numbers=numbers)}


def one_hot(draw: Draw) -> dict[str, Array]:
    return {"i": drawn(draw, *sizes(draw, 3, 2)), "d": drawn(draw, numbers=NUMBERS), "v": np.array([2, 3], np.float32)}


def range_(draw: Draw) -> dict[str, Array]:
    return {name: drawn(draw) for name in ("a", "b", "c")}


TWO = {"x": ["rows", "columns"]}
CASES = {
    "gather": Case("Gather", "x i", gather, TWO | {"i": ["m", "n"]}),
    "gather-columns": Case("Gather", "x i", gather, TWO | {"i": ["m", "n"]}, attributes={"axis": 1}),
    "gather-elements": Case("GatherElements", "x i", gather_elements, TWO | {"i": ["m", "n"]}),
    "gather-nd": Case("GatherND", "x i", gather_nd, {"x": ["a", "b", "c"], "i": ["m", 2]}),
    "scatter-nd": Case("ScatterND", "x i u", scatter_nd, TWO | {"i": ["m", 1], "u": ["k", "n"]}),
    "scatter-nd-add": Case(
        "ScatterND", "x i u", scatter_nd, TWO | {"i": ["m", 1], "u": ["k", "n"]}, attributes={"reduction": "add"}
    ),
    "scatter-elements": Case("ScatterElements", "x i u", scatter_elements, TWO | {"i": ["m", "n"], "u": ["k", "l"]}),
    "slice": Case("Slice", "x s e a t", slice_, TWO, wider=True),
    "reshape": Case("Reshape", "x t", with_vector("t", 3), TWO),
    "expand": Case("Expand", "x t", with_vector("t", 3), TWO),
    "tile": Case("Tile", "x t", with_vector("t", 2), TWO),
    "pad": Case("Pad", "x t", with_vector("t", 4), TWO),
    "pad-reflect": Case("Pad", "x t", with_vector("t", 4), TWO, attributes={"mode": "reflect"}, wider=True),
    "pad-edge": Case("Pad", "x t", with_vector("t", 4), TWO, attributes={"mode": "edge"}, wider=True),
    "one-hot": Case("OneHot", "i d v", one_hot, {"i": ["m", "n"], "d": []}),
    "range": Case("Range", "a b c", range_, {"a": [], "b": [], "c": []}),
    "split": Case("Split", "x t", with_vector("t", 2), TWO, outputs="y z"),
}


_sessions: dict[str, tuple[tilewright.Session, Any]] = {}


def sessions(name: str, feeds: Mapping[str, Array]) -> tuple[tilewright.Session, Any]:
    """Ours in guard mode, and onnxruntime's; made once, of the dtypes and ranks of the first inputs."""
    if name not in _sessions:
        _sessions[name] = _compiled(name, feeds)
    return _sessions[name]


def _compiled(name: str, feeds: Mapping[str, Array]) -> tuple[tilewright.Session, Any]:
    import onnxruntime

    case = CASES[name]
    rule = node(case.op, case.inputs, case.outputs, name="at", **case.attributes)
    model = model_of([rule], feeds, case.outputs, case.dims, opset=case.opset)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    peer = onnxruntime.InferenceSession(typed(model).SerializeToString(), options, providers=["CPUExecutionProvider"])
    return tilewright.compile(model).with_guard(), peer


def small(feeds: Mapping[str, Array]) -> bool:
    return all(abs(int(v)) <= 5 for a in feeds.values() if a.dtype == np.int64 for v in a.reshape(-1))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_hostile_values(name: str, data: st.DataObject) -> None:
    feeds = dict(CASES[name].feeds(data.draw))
    session, peer = sessions(name, feeds)
    try:
        found = list(session.run(feeds).values())
    except TilewrightError as error:
        assert named(error, feeds), error
        if small(feeds):
            with pytest.raises(Exception):  # noqa: B017  # onnxruntime's errors have no class of their own
                peer.run(None, feeds)
        return
    if not any(ours.size for ours in found):
        return  # onnxruntime also looks at indices with which nothing is read
    try:
        expected = peer.run(None, feeds)
    except Exception:
        assert CASES[name].wider
        return
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_array_equal(ours, theirs)


SIZES = ("does not hold", "expected dims for which", "a result would have dims", "there is no memory for a result")
"""What errors say about sizes, which may come from several nodes."""


def named(error: TilewrightError, feeds: Mapping[str, Array]) -> bool:
    """Whether an error says what it is about: the node, an input, or sizes."""
    text = str(error)
    return "'at'" in text or any(f"'{key}'" in text for key in feeds) or any(what in text for what in SIZES)


@pytest.mark.parametrize("when", ["inputs", "run"])
def test_a_check_of_sizes_names_the_node(when: str, tmp_path: Path) -> None:
    """Of sizes that inputs have, and of those that are found on the way; also after saving and loading."""
    x, shape = np.ones((2, 3), np.float32), np.array([4, 2])
    if when == "inputs":
        feeds, nodes = {"x": x, "w": np.ones((4, 3), np.float32)}, [node("MatMul", "x w", name="at")]
        dims = {"x": ["a", "b"], "w": ["c", "d"]}
    else:
        feeds, nodes = {"x": x, "s": shape}, [node("Reshape", "x s", "z", name="at"), node("Relu", "z")]
        dims = {"x": ["a", "b"]}
    session = tilewright.compile(model_of(nodes, feeds, dims=dims))
    session.save(tmp_path / "m.tw")
    for each in (session, tilewright.load(tmp_path / "m.tw")):
        with pytest.raises(TilewrightError, match=r"node 'at': .* >= 0"):
            each.run(feeds)
