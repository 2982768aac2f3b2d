"""The cache of compiled models: hits without the compiler, what tells entries apart, bounds and healing."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import tilewright
from tilewright import api, compiler
from tilewright.backends.executable_cache import executable_key
from tilewright.backends.targets import TARGETS
from tilewright.compiler import compile_program
from tilewright.custom import Node, Term, term

FLOAT = onnx.TensorProto.FLOAT
X = np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32)


def small_model(bias: float = 0.5) -> onnx.ModelProto:
    w = np.random.default_rng(0).standard_normal((32, 32)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Softmax", ["h"], ["s"]),
        helper.make_node("Add", ["s", "b"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    constants = [numpy_helper.from_array(w, "w"), numpy_helper.from_array(np.full(32, bias, np.float32), "b")]
    graph = helper.make_graph(nodes, "g", [value("x", FLOAT, ["n", 32])], [value("y", FLOAT, ["n", 32])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILEWRIGHT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TILEWRIGHT_EXECUTABLE_CACHE", "1")
    return tmp_path / "cache" / "executables"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(small_model().SerializeToString())
    return path


def entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def no_compiler(*_: Any) -> None:
    raise AssertionError("compiled again")


def test_second_compile_is_a_read(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tilewright.compile(path).run([X])["y"]
    (entry,) = entries(folder)
    assert folder.stat().st_mode & 0o777 == 0o700 and entry.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr("tilewright.compiler.compile_program", no_compiler)
    assert np.array_equal(tilewright.compile(path).run([X])["y"], first)
    assert np.array_equal(tilewright.compile(path.read_bytes()).run([X])["y"], first)


def test_a_fresh_process_loads_no_compiler(folder: Path, path: Path) -> None:
    program = f"""
import sys, numpy, tilewright
tilewright.compile({str(path)!r}, threads=2).run([numpy.ones((2, 32), numpy.float32)])
print([m for m in ("xdsl", "onnx", "llvmlite") if m in sys.modules])
"""
    outputs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout for _ in range(2)]
    assert [output.strip() for output in outputs] == ["['xdsl', 'onnx', 'llvmlite']", "[]"]
    assert len(entries(folder)) == 1


def key(model: Any, **changes: Any) -> str | None:
    how: dict[str, Any] = {"target": "x86-64-v3", "shapes": None, "disable_pass": (), "strict_math": False}
    return executable_key(model, **(how | changes))


def test_keys_tell_models_and_options_apart(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [
        key(path),
        key(small_model(0.25)),
        key(path, target="x86-64-v2"),
        key(path, shapes={"x": (1, 32)}),
        key(path, shapes={"x": (2, 32)}),
        key(path, disable_pass=("cse-graph",)),
        key(path, strict_math=True),
    ]
    monkeypatch.setenv("TILEWRIGHT_DISABLE_PASS", "sink-movement")
    keys.append(key(path))
    assert None not in keys and len(set(keys)) == len(keys)


def test_key_of_a_path_is_that_of_its_bytes(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert key(path) == key(path.read_bytes()) == key(str(path))
    monkeypatch.setenv("TILEWRIGHT_THREADS", "1")
    assert key(path) == key(path.read_bytes())


def test_models_with_external_data_are_not_kept(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "external.onnx"
    onnx.save(small_model(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)  # pyright: ignore[reportUnknownMemberType]  # paths of any kind
    assert key(path) is None
    assert tilewright.compile(path).run([X])["y"].shape == (2, 32)
    assert not entries(folder)


def _scaled(factor: float, n: Node) -> Term:
    return term(n) * factor


def test_models_with_registered_ops_are_not_kept(folder: Path, path: Path) -> None:
    """What a function does is decided by more than its file: by helpers, closures, settings."""
    model = small_model()
    model.opset_import.append(helper.make_opsetid("test.cache", 1))
    model.graph.node[1].domain, model.graph.node[1].op_type = "test.cache", "Doubled"
    found: list[Any] = []
    for factor in (2.0, 3.0):
        rule = functools.partial(_scaled, factor)
        tilewright.register_op("test.cache", "Doubled", replace=True)(rule)
        assert key(model) is None and key(path) is not None
        found.append(tilewright.compile(model).run([X])["y"])
    tilewright.unregister_op("test.cache", "Doubled")
    assert not entries(folder) and (found[0] != found[1]).any()


def test_a_model_that_is_replaced_meanwhile_is_not_kept(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replaced(model: Any, options: Any) -> Any:
        path.write_bytes(small_model(2.0).SerializeToString())
        return compile_program(model, options)

    monkeypatch.setattr(compiler, "compile_program", replaced)
    tilewright.compile(path)
    assert not entries(folder)


@pytest.mark.parametrize("damage", ["cut", "weights", "junk"])
def test_damaged_entries_heal(folder: Path, path: Path, damage: str) -> None:
    first = tilewright.compile(path).run([X])["y"]
    (entry,) = entries(folder)
    intact = entry.read_bytes()
    changed = {"cut": intact[:-1], "weights": intact[:5000] + b"\xff" + intact[5001:], "junk": b"junk"}[damage]
    entry.write_bytes(changed)
    assert np.array_equal(tilewright.compile(path).run([X])["y"], first)
    assert entry.read_bytes() == intact


def test_large_models_are_not_kept(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWRIGHT_CACHE_SIZE", "16K")
    tilewright.compile(path)
    assert not entries(folder)


def test_the_oldest_entry_goes_first(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tilewright.compile(path)
    (first,) = entries(folder)
    os.utime(first, (1, 1))
    monkeypatch.setenv("TILEWRIGHT_CACHE_SIZE", str(int(first.stat().st_size * 1.5 / 0.75)))
    tilewright.compile(small_model(0.25))
    (second,) = entries(folder)
    assert second != first


@pytest.mark.parametrize("target", TARGETS)
def test_models_for_other_machines_are_kept(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    first = api.compiled_program(path, target=target)
    monkeypatch.setattr("tilewright.compiler.compile_program", no_compiler)
    again = api.compiled_program(path, target=target)
    assert (again.image, again.machine, again.interface) == (first.image, first.machine, first.interface)


@pytest.mark.parametrize("variable", ["TILEWRIGHT_VERIFY", "TILEWRIGHT_REWRITE_LIMIT"])
def test_checks_and_limits_compile_always(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    api.compiled_program(path)
    assert not entries(folder)


@pytest.mark.parametrize("model", ["mlp", "conv"])
def test_the_same_input_gives_the_same_file(tmp_path: Path, model: str) -> None:
    """With other caches and other hash seeds, and with kernels that were in the cache."""
    (tmp_path / "model.onnx").write_bytes((small_model() if model == "mlp" else conv_model()).SerializeToString())
    digests: list[str] = []
    for cache, seed in (("a", "1"), ("b", "2"), ("a", "3")):
        environment = os.environ | {"TILEWRIGHT_CACHE_DIR": str(tmp_path / cache), "PYTHONHASHSEED": seed}
        output = tmp_path / f"{seed}.tw"
        command = [sys.executable, "-m", "tilewright.cli.main", "compile", str(tmp_path / "model.onnx"), "-o", str(output)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        digests.append(hashlib.sha256(output.read_bytes()).hexdigest())
    assert len(set(digests)) == 1


def conv_model() -> onnx.ModelProto:
    rng = np.random.default_rng(1)
    weights = {f"w{i}": rng.standard_normal((16, 16, 3, 3)).astype(np.float32) for i in range(2)}
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["a"], pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w1"], ["c"], pads=[1] * 4),
        helper.make_node("Add", ["c", "b"], ["d"]),
        helper.make_node("GlobalAveragePool", ["d"], ["e"]),
        helper.make_node("Softmax", ["e"], ["y"], axis=1),
    ]
    value = helper.make_tensor_value_info
    constants = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "g", [value("x", FLOAT, [1, 16, 20, 20])], [value("y", FLOAT, [1, 16, 1, 1])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
