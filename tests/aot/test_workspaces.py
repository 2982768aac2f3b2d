"""What a workspace is used for at the wrong time, or with dims that can't be, is refused with a code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnx_models import Typed, make_model

from .library import POINTER, Library, address, aligned, emit, save
from .models import selection


def _thread_count() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def exponentials(folder: Path, size: int, threads: str) -> Library:
    model = make_model([helper.make_node("Exp", ["x"], ["y"], name="exp")], {"x": [size]})
    return Library(emit(save(model, folder), folder / "lib.so", "--threads", threads), "model")


def test_threads_are_not_lost_by_a_second_init(tmp_path: Path) -> None:
    library = exponentials(tmp_path, 1 << 20, "3")
    x, y, size = np.zeros(1 << 20, np.float32), np.zeros(1 << 20, np.float32), library.constants["WORKSPACE_BYTES"]
    workspace, before = aligned(size), _thread_count()
    for _ in range(2):
        assert library.call("init", address(workspace), size) == 0
        assert library.run(workspace.ctypes.data, [x], [y]) == 0
        assert library.call("init", address(workspace), size) == library.constants["IN_USE"]
        assert _thread_count() == before + 2
        assert library.call("close", address(workspace)) == 0
        assert _thread_count() == before
    assert library.call("close", address(workspace)) == library.constants["NOT_READY"]


def test_grown_memory_is_not_lost_by_a_second_init(tmp_path: Path) -> None:
    model, _ = selection()
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so"), "model")
    size = library.constants["WORKSPACE_BYTES"]
    workspace = aligned(size)
    assert library.call("init", address(workspace), size) == 0
    assert library.call("init", address(workspace), size) == library.constants["IN_USE"]
    assert library.call("close", address(workspace)) == 0
    assert library.call("init", address(workspace), size) == 0
    assert library.call("close", address(workspace)) == 0


def test_with_nothing_to_lose_init_starts_anew(tmp_path: Path) -> None:
    library = exponentials(tmp_path, 8, "1")
    x, y, size = np.zeros(8, np.float32), np.zeros(8, np.float32), library.constants["WORKSPACE_BYTES"]
    workspace = aligned(size)
    for _ in range(2):
        assert library.call("init", address(workspace), size) == 0
        assert library.run(workspace.ctypes.data, [x], [y]) == 0


def test_a_copy_of_a_workspace_is_none(tmp_path: Path) -> None:
    library = exponentials(tmp_path, 8, "1")
    x, y, size = np.zeros(8, np.float32), np.zeros(8, np.float32), library.constants["WORKSPACE_BYTES"]
    workspace, copy = aligned(size), aligned(size)
    assert library.call("init", address(workspace), size) == 0
    copy[:] = workspace
    assert library.run(copy.ctypes.data, [x], [y]) == library.constants["NOT_READY"]
    assert library.call("last_error", POINTER(None)) == library.call("error", library.constants["BAD_WORKSPACE"])


@pytest.mark.parametrize("size", [1 << 22, 1 << 31, (1 << 32) + 1, 1 << 40])
def test_arenas_that_cant_be_are_refused_when_they_are_planned(size: int, tmp_path: Path) -> None:
    """The product of all pairs is large where the inputs are not, and wraps around 64 bits where they are."""
    nodes = [
        helper.make_node("MatMul", ["x", "z"], ["product"], name="product"),
        helper.make_node("ReduceSum", ["product"], ["y"], name="sum", keepdims=0),
    ]
    model = make_model(nodes, {"x": Typed(["N", 1], np.float32), "z": Typed([1, "N"], np.float32)})
    library = Library(emit(save(model, tmp_path), tmp_path / "lib.so"), "model")
    plan = np.zeros(library.constants["PLAN_BYTES"] // 8, np.int64)
    assert library.call("plan", address(np.array([16])), address(plan)) == 0
    assert 4 * 16 * 16 <= library.call("workspace_bytes", address(plan)) < 1 << 24
    assert library.call("plan", address(np.array([size])), address(plan)) == library.constants["BAD_DIMS"]
