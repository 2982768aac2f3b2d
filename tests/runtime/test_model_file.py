"""Saved models: what loading needs and gives, and that no damage to a file goes unnoticed or ends the process."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

import tilewright
from tilewright.backends.targets import TARGETS, host_target
from tilewright.errors import BadExecutableError, BadOptionError, UnsupportedPlatformError
from tilewright.runtime import codes, model_file
from tilewright.runtime.native import layout

FLOAT, STRING = onnx.TensorProto.FLOAT, onnx.TensorProto.STRING
HEADER = struct.Struct("<8sIIQQ32s")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 64)).astype(np.float32)


def small_model() -> onnx.ModelProto:
    """`relu(x @ w + b) @ w2`, a dynamic batch, two equal weights, one of a single value."""
    w = RNG.standard_normal((64, 64)).astype(np.float32)
    arrays = {"w": w, "w2": w.copy(), "b": np.full(64, 0.5, np.float32), "c": RNG.standard_normal(64).astype(np.float32)}
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "c"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "g", [value("x", FLOAT, ["n", 64])], [value("y", FLOAT, ["n", 64])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


@pytest.fixture(scope="module")
def session() -> tilewright.Session:
    return tilewright.compile(small_model(), threads=2)


@pytest.fixture(scope="module")
def saved(session: tilewright.Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model.tw"
    session.save(path)
    return path


def manifest_of(data: bytes) -> dict[str, Any]:
    return json.loads(data[HEADER.unpack_from(data)[4] :])


def with_manifest(data: bytes, manifest: dict[str, Any], version: int = model_file.FORMAT_VERSION) -> bytes:
    """The file with another manifest, and the checksum that belongs to it."""
    start = HEADER.unpack_from(data)[4]
    text = json.dumps(manifest).encode()
    head = HEADER.pack(model_file.MAGIC, version, 0, start + len(text), start, bytes(32))[:32]
    return head + hashlib.sha256(head + text).digest() + data[HEADER.size : start] + text


@pytest.mark.parametrize("guard", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_results_are_the_same(session: tilewright.Session, saved: Path, threads: int, guard: bool) -> None:
    loaded = tilewright.load(saved, threads=threads, guard=guard, verify=True)
    assert (loaded.inputs, loaded.outputs) == (session.inputs, session.outputs)
    for rows in (1, 3, 2):
        assert np.array_equal(loaded.run({"x": X[:rows]})["y"], session.run({"x": X[:rows]})["y"])


def test_the_interface_survives(session: tilewright.Session, saved: Path) -> None:
    assert tilewright.load(saved).executable.interface == session.executable.interface


def test_saving_again_gives_the_same_file(saved: Path, tmp_path: Path) -> None:
    tilewright.load(saved).save(tmp_path / "again.tw")
    assert (tmp_path / "again.tw").read_bytes() == saved.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.tw"]


def test_weights_are_mapped_aligned_and_stored_once(saved: Path) -> None:
    loaded = tilewright.load(saved)
    for key in loaded.executable.interface.weights:
        array = loaded.executable.weights[key]
        if array.nbytes >= 64 * 64 * 4:
            assert array.ctypes.data % 64 == 0 and not array.flags.owndata and not array.flags.writeable
    assert saved.stat().st_size < 2 * 64 * 64 * 4 + 16384  # one of the two equal matrices, and the code


def test_loading_needs_neither_compiler_nor_onnx(saved: Path) -> None:
    program = f"""
import sys, numpy, tilewright
session = tilewright.load({str(saved)!r}, threads=2)
session.run([numpy.ones((3, 64), numpy.float32)])
print([m for m in ("xdsl", "onnx", "llvmlite", "ml_dtypes", "google") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_host_ops_are_saved_too(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("StringSplit", ["x"], ["parts", "count"], delimiter=" "),
        helper.make_node("Cast", ["count"], ["f"], to=FLOAT),
        helper.make_node("Mul", ["f", "f"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("x", STRING, [None])]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", FLOAT, [None])])
    session = tilewright.compile(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))
    session.save(tmp_path / "host.tw")
    loaded = tilewright.load(tmp_path / "host.tw")
    assert loaded.executable.interface == session.executable.interface
    assert loaded.run({"x": ["a b c", "d"]})["y"].tolist() == [9, 1]


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_checked(saved: Path, threads: int) -> None:
    with pytest.raises(BadOptionError, match="positive"):
        tilewright.load(saved, threads=threads)


# -- refusals -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content", [b"", b"x", b"\x89TW\r\n\x1a\n\0", bytes(1000), b"\x89TW\n\x1a\n\0" + bytes(99)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.tw").write_bytes(content)
    with pytest.raises(BadExecutableError, match="is no compiled model"):
        tilewright.load(tmp_path / "m.tw")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tilewright.load(tmp_path / "m.tw")


@pytest.mark.parametrize("version", [0, model_file.FORMAT_VERSION - 1, model_file.FORMAT_VERSION + 1])
def test_other_versions_are_refused(saved: Path, tmp_path: Path, version: int) -> None:
    data = saved.read_bytes()
    (tmp_path / "m.tw").write_bytes(with_manifest(data, manifest_of(data), version))
    with pytest.raises(BadExecutableError, match=f"has format {version}, .* reads {model_file.FORMAT_VERSION}: compile"):
        tilewright.load(tmp_path / "m.tw")


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        ({"arch": "riscv64"}, "the code is for riscv64, this machine is"),
        ({"cpu_flags": ["amx_of_the_future", "fma9"]}, "the code needs amx_of_the_future, fma9, which this processor lacks"),
    ],
)
def test_what_is_missing_is_named(saved: Path, tmp_path: Path, machine: dict[str, Any], reason: str) -> None:
    """Before anything else is looked at: the code is damaged too."""
    data = saved.read_bytes()
    manifest = manifest_of(data)
    manifest["machine"] |= machine
    manifest["parts"]["code"]["sha256"] = "0" * 64
    (tmp_path / "m.tw").write_bytes(with_manifest(data, manifest))
    with pytest.raises(UnsupportedPlatformError, match=reason):
        tilewright.load(tmp_path / "m.tw")


def test_the_manifest_says_what_the_code_needs(saved: Path) -> None:
    manifest = manifest_of(saved.read_bytes())
    assert manifest["machine"]["target"] == host_target().name
    assert manifest["machine"]["cpu_flags"] == sorted(TARGETS[host_target().name].cpu_flags)
    assert manifest["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["n", 64]}]


def test_an_inconsistent_file_is_refused(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    manifest = manifest_of(data)
    del manifest["parts"]["plan"]
    (tmp_path / "m.tw").write_bytes(with_manifest(data, manifest))
    with pytest.raises(BadExecutableError, match="is inconsistent: KeyError: 'plan'"):
        tilewright.load(tmp_path / "m.tw")


def test_damaged_weights_are_noticed_where_asked_for(saved: Path, tmp_path: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[4096 + 1000] ^= 1
    (tmp_path / "m.tw").write_bytes(data)
    tilewright.load(tmp_path / "m.tw")
    with pytest.raises(BadExecutableError, match=r"is damaged: weight '.*' has another checksum"):
        tilewright.load(tmp_path / "m.tw", verify=True)


def eager_spans(data: bytes) -> list[range]:
    """The bytes that are always checked: header, code, plan and manifest."""
    start = HEADER.unpack_from(data)[4]
    parts = manifest_of(data)["parts"].values()
    inner = [range(part["offset"], part["offset"] + part["size"]) for part in parts]
    return [range(HEADER.size), *inner, range(start, len(data))]


SLOW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(random=st.randoms(use_true_random=False), count=st.integers(1, 4))
def test_flipped_bytes_are_noticed(saved: Path, tmp_path: Path, random: Any, count: int) -> None:
    data = saved.read_bytes()
    damaged = bytearray(data)
    for _ in range(count):
        damaged[random.choice(random.choice(eager_spans(data)))] ^= random.randrange(1, 256)
    if bytes(damaged) == data:
        return
    (tmp_path / "m.tw").write_bytes(damaged)
    with pytest.raises(BadExecutableError):
        tilewright.load(tmp_path / "m.tw")


@SLOW
@given(fraction=st.floats(0, 1, exclude_max=True), grown=st.integers(1, 100), shorten=st.booleans())
def test_other_sizes_are_noticed(saved: Path, tmp_path: Path, fraction: float, grown: int, shorten: bool) -> None:
    data = saved.read_bytes()
    (tmp_path / "m.tw").write_bytes(data[: int(len(data) * fraction)] if shorten else data + bytes(grown))
    with pytest.raises(BadExecutableError):
        tilewright.load(tmp_path / "m.tw")


def test_the_version_follows_what_code_and_runtime_agree_on() -> None:
    """A change of these words breaks saved models: raise FORMAT_VERSION with it, and put the new value here."""
    agreed = [
        (name, value)
        for module in (codes, layout)
        for name, value in sorted(vars(module).items())
        if name.isupper() and isinstance(value, int | str)
    ]
    digest = hashlib.sha256(repr(agreed).encode()).hexdigest()[:16]
    assert (model_file.FORMAT_VERSION, digest) == (2, "348226e55a538a04")
