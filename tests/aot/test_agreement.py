"""Ahead-of-time code gives what a session gives, bit for bit, and says what a session says."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnx_models import make_model

import tilewright

from .library import INT, POINTER, Library, address, aligned, assert_same, emit, save
from .models import STATIC, Array, conv_net, dynamic, gather, selection, stacking_loop

THREADS = ("1", "3")


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("name", STATIC)
def test_outputs_are_those_of_a_session(name: str, threads: str, tmp_path: Path) -> None:
    model, feeds = STATIC[name]()
    expected = tilewright.compile(model, threads=int(threads)).run(feeds)
    library = Library(emit(save(model, tmp_path, name), tmp_path / "lib.so", "--threads", threads), name)
    assert_same(library.results(feeds, expected), expected)


@pytest.mark.parametrize("name", STATIC)
def test_ports_are_described(name: str, tmp_path: Path) -> None:
    model, feeds = STATIC[name]()
    session = tilewright.compile(model)
    outputs = session.run(feeds)
    library = Library(emit(save(model, tmp_path, name), tmp_path / "lib.so"), name)
    for kind, arrays in (("input", feeds), ("output", outputs)):
        for number, (port, array) in enumerate(arrays.items()):
            assert library.call(f"{kind}_name", number) == port.encode()
            assert library.call(f"{kind}_dtype", number) == helper.np_dtype_to_tensor_dtype(array.dtype)
            assert library.call(f"{kind}_rank", number) == array.ndim
            assert tuple(library.call(f"{kind}_shape", number)[: array.ndim]) == array.shape
            assert library.call(f"{kind}_bytes", number) == array.nbytes
            assert library.constants[f"{kind.upper()}{number}_BYTES"] == array.nbytes
        for missing in (len(arrays), -1):
            assert library.call(f"{kind}_name", missing) is None
            assert library.call(f"{kind}_dtype", missing) == library.call(f"{kind}_rank", missing) == -1
            assert library.call(f"{kind}_bytes", missing) == 0
    assert library.call("version").decode().startswith("tilewright ")


@pytest.mark.parametrize("threads", THREADS)
def test_the_caller_brings_the_workspace(threads: str, tmp_path: Path) -> None:
    model, feeds = conv_net()
    expected = tilewright.compile(model).run(feeds)
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so", "--threads", threads), "model")
    size = library.constants["WORKSPACE_BYTES"]
    assert size == library.call("workspace_bytes")
    for _ in range(2):  # closed, it can be used anew
        workspace, outputs = aligned(size), {name: np.zeros_like(array) for name, array in expected.items()}
        assert library.call("init", address(workspace), size) == 0
        assert library.run(workspace.ctypes.data, list(feeds.values()), list(outputs.values())) == 0
        assert library.call("close", address(workspace)) == 0
        assert_same(outputs, expected)


def _thread_count() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_threads_end_with_their_workspace(tmp_path: Path) -> None:
    size = 1 << 20
    model = make_model([helper.make_node("Exp", ["x"], ["y"], name="exp")], {"x": [size]})
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so", "--threads", "4"), "model")
    before, x, y = _thread_count(), np.zeros(size, np.float32), np.zeros(size, np.float32)
    workspaces = [library.call("create") for _ in range(2)]
    for number, workspace in enumerate(workspaces, 1):
        assert library.run(workspace, [x], [y]) == 0
        assert (y == 1).all()
        assert _thread_count() == before + 3 * number
    for workspace in workspaces:
        library.call("destroy", POINTER(workspace))
    assert _thread_count() == before


def _code(library: Library, name: str) -> int:
    return library.constants[name]


def test_wrong_use_is_a_code(tmp_path: Path) -> None:
    model, feeds = conv_net()
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so"), "model")
    size = library.constants["WORKSPACE_BYTES"]
    assert library.call("init", POINTER(None), size) == _code(library, "BAD_WORKSPACE")
    assert library.call("init", address(aligned(size, 8)), size) == _code(library, "BAD_WORKSPACE")
    workspace = aligned(size)
    assert library.call("init", address(workspace), size - 1) == _code(library, "SMALL_WORKSPACE")
    arrays: list[Array | None] = [feeds["image"], np.zeros((1, 10), np.float32)]
    assert library.run(workspace.ctypes.data, arrays[:1], arrays[1:]) == _code(library, "NOT_READY")
    assert library.call("close", address(workspace)) == _code(library, "NOT_READY")
    assert library.call("init", address(workspace), size) == 0
    assert library.run(workspace.ctypes.data, arrays[:1], [None]) == _code(library, "NULL_ARGUMENT")
    assert library.call("last_error", address(workspace)) == b"an array is null"
    assert library.run(workspace.ctypes.data, arrays[:1], arrays[1:]) == 0
    assert library.call("last_error", address(workspace)) == b"ok"


def test_an_error_of_a_kernel_names_the_node(tmp_path: Path) -> None:
    model, _ = gather()
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so"), "model")
    workspace, output = library.call("create"), np.zeros((3, 2), np.float32)
    code = library.run(workspace, [np.array([0, 8, 1])], [output])
    assert code > 0
    assert library.call("last_error", POINTER(workspace)) == b"node 'look_up': an index is out of range"
    assert library.call("error", INT(code)) == b"node 'look_up': an index is out of range"
    assert library.run(workspace, [np.array([0, 7, 1])], [output]) == 0
    for unknown in (-99, 0x7FFF_FFFF, 0x1234_0001):
        assert library.call("error", INT(unknown)) == b"unknown code"
    library.call("destroy", POINTER(workspace))


def test_weights_come_from_a_file_beside(tmp_path: Path) -> None:
    model, feeds = conv_net()
    expected = tilewright.compile(model).run(feeds)
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so", "--weights", "beside"), "model")
    content = np.fromfile(tmp_path / "lib.weights", np.uint8)
    assert content.size == library.constants["WEIGHTS_BYTES"]
    weights, output = aligned(content.size), np.zeros_like(expected["y"])
    weights[:] = content
    workspace = library.call("create", address(weights), weights.size)
    assert library.run(workspace, [feeds["image"]], [output]) == 0
    library.call("destroy", POINTER(workspace))
    assert_same({"y": output}, expected)
    size = library.constants["WORKSPACE_BYTES"]
    memory = aligned(size)
    for bad in (None, aligned(content.size), aligned(content.size, 4)):
        assert library.call("init", address(memory), size, address(bad), content.size) == _code(library, "BAD_WEIGHTS")
    assert library.call("init", address(memory), size, address(weights), content.size - 1) == _code(library, "BAD_WEIGHTS")


@pytest.mark.parametrize("threads", THREADS)
def test_symbolic_dims_are_planned_by_the_caller(threads: str, tmp_path: Path) -> None:
    model, _ = dynamic()
    session = tilewright.compile(model)
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so", "--threads", threads), "model")
    assert library.constants["DIM_COUNT"] == 1
    for batch in (1, 5, 64, 0):
        x = np.random.default_rng(batch).standard_normal((batch, 24)).astype(np.float32)
        expected = session.run({"x": x})["y"]
        dims, plan = np.array([batch]), np.full(library.constants["PLAN_BYTES"] // 8, -1)
        assert library.call("plan", address(dims), address(plan)) == 0
        assert tuple(library.call("output_shape", address(plan), 0)[:2]) == expected.shape
        assert library.call("output_bytes", address(plan), 0) == expected.nbytes
        size, output = library.call("workspace_bytes", address(plan)), np.zeros((batch + 1, 10), np.float32)
        workspace = aligned(size)
        assert library.call("init", address(workspace), size, address(plan)) == 0
        assert library.run(workspace.ctypes.data, [np.concatenate([x, x[:0]])], [output]) == 0
        assert library.call("close", address(workspace)) == 0
        assert_same({"y": output[:batch]}, {"y": expected})
        assert not output[batch:].any()


@pytest.mark.parametrize("batch", [-1, 1 << 60, (1 << 63) - 1])
def test_impossible_dims_are_refused(batch: int, tmp_path: Path) -> None:
    model, _ = dynamic()
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so"), "model")
    plan = np.zeros(library.constants["PLAN_BYTES"] // 8, np.int64)
    assert library.call("plan", address(np.array([batch])), address(plan)) == _code(library, "BAD_DIMS")


def _grown(
    library: Library, workspace: int, feeds: Mapping[str, Array], like: Mapping[str, Array], grown: Sequence[int]
) -> list[Array]:
    """Outputs of a run, of which those in `grown` are in memory of the library's."""
    outputs = [np.zeros(1, np.int64) if i in grown else np.zeros_like(array) for i, array in enumerate(like.values())]
    code = library.run(workspace, list(feeds.values()), outputs)
    assert code == 0, library.call("last_error", POINTER(workspace))
    for number, array in ((n, list(like.values())[n]) for n in grown):
        shape = tuple(library.call("result_shape", POINTER(workspace), number)[: array.ndim])
        size = int(np.prod(shape)) * array.dtype.itemsize
        data = ctypes.string_at(int(outputs[number][0]), size) if size else b""
        outputs[number] = np.frombuffer(data, array.dtype).reshape(shape)
    return outputs


@pytest.mark.parametrize("threads", THREADS)
def test_results_grow_with_data(threads: str, tmp_path: Path) -> None:
    model, feeds = selection()
    session = tilewright.compile(model)
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so", "--threads", threads), "model")
    assert tuple(library.call("output_shape", 1)[:1]) == (-1,) and library.call("output_bytes", 1) == 0
    workspace = library.call("create")
    for shift in (0, 9, -9, 0.5):
        moved = {"x": feeds["x"] + np.float32(shift)}
        expected = session.run(moved)
        found = _grown(library, workspace, moved, expected, (0, 1))
        assert_same(dict(zip(expected, found, strict=True)), expected)
    library.call("destroy", POINTER(workspace))


@pytest.mark.parametrize("threads", THREADS)
def test_a_loop_runs_as_often_as_data_says(threads: str, tmp_path: Path) -> None:
    model, feeds = stacking_loop()
    session = tilewright.compile(model)
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so", "--threads", threads), "model")
    workspace = library.call("create")
    for trips in (4, 0, 1000, 3):
        given = feeds | {"trips": np.array(trips)}
        expected = session.run(given)
        found = _grown(library, workspace, given, expected, (1,))
        assert_same(dict(zip(expected, found, strict=True)), expected)
    library.call("destroy", POINTER(workspace))


def test_a_planned_model_grows_too(tmp_path: Path) -> None:
    model, _ = stacking_loop("n")
    session = tilewright.compile(model)
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so"), "model")
    plan = np.zeros(library.constants["PLAN_BYTES"] // 8, np.int64)
    for size, trips in ((3, 4), (70, 2), (1, 0)):
        x = np.arange(size, dtype=np.float32)
        expected = session.run({"trips": np.array(trips), "x": x})
        assert library.call("plan", address(np.array([size])), address(plan)) == 0
        assert tuple(library.call("output_shape", address(plan), 1)[:2]) == (-1, size)
        workspace = library.call("create", address(plan))
        found = _grown(library, workspace, {"trips": np.array(trips), "x": x}, expected, (1,))
        library.call("destroy", POINTER(workspace))
        assert_same(dict(zip(expected, found, strict=True)), expected)
