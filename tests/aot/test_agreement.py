"""Ahead-of-time code gives what a session gives, bit for bit, and says what a session says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

import tilewright

from .library import INT, POINTER, Library, address, aligned, assert_same, emit, save
from .models import STATIC, Array, conv_net, dynamic, gather

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
