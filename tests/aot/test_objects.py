"""What is in an object, and what it needs: symbols, sections, the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnx_models import make_model

import tilewright
from tilewright.backends.aot import default_prefix
from tilewright.backends.aot_elf import define_data
from tilewright.backends.elf import defined_symbols, sections, undefined_symbols
from tilewright.backends.targets import TARGETS, get_target, host_target, runs_here
from tilewright.errors import CompileError

from .library import emit, save
from .models import STATIC, conv_net, integers, loop

CC, NM = shutil.which("cc"), shutil.which("nm")
needs_cc = pytest.mark.skipif(CC is None, reason="there is no cc")
HOSTED = {"aligned_alloc", "free"}
THREADED = {"pthread_create", "pthread_join", "syscall"}
_WRITABLE = 1


def command(
    *arguments: str | Path, input: bytes | None = None, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> bytes:
    """Run a program that must succeed; its output."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, input=input, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", STATIC)
@pytest.mark.parametrize(
    ("options", "allowed"),
    [((), HOSTED), (("--threads", "4"), HOSTED | THREADED), (("--freestanding",), set[str]())],
    ids=["hosted", "threads", "freestanding"],
)
def test_an_object_needs_libc_at_most(name: str, options: tuple[str, ...], allowed: set[str], tmp_path: Path) -> None:
    path = emit(save(STATIC[name]()[0], tmp_path, name), tmp_path / "model.o", *options)
    assert undefined_symbols(path.read_bytes()) == allowed


@pytest.mark.skipif(NM is None, reason="there is no nm")
@pytest.mark.parametrize("options", [(), ("--threads", "4"), ("--freestanding",)])
def test_only_names_with_the_prefix_are_global(options: tuple[str, ...], tmp_path: Path) -> None:
    path = emit(save(conv_net()[0], tmp_path), tmp_path / "model.o", "--prefix", "net", *options)
    rows = [line.split() for line in command(NM or "nm", "-g", "--defined-only", path).decode().splitlines()]
    assert rows and all(name.startswith("net_") for *_, name in rows)
    if "--freestanding" in options:
        assert command(NM or "nm", "-u", path) == b""


@pytest.mark.parametrize("options", [(), ("--threads", "4")])
def test_nothing_mutable_is_global(options: tuple[str, ...], tmp_path: Path) -> None:
    data = emit(save(loop()[0], tmp_path), tmp_path / "model.o", *options).read_bytes()
    assert [header for header in sections(data) if header.flags & _WRITABLE and header.size] == []


@needs_cc
def test_two_models_link_into_one_program(tmp_path: Path) -> None:
    (net, image), (product, x) = conv_net(), integers()
    objects = [
        emit(save(model, tmp_path, name), tmp_path / f"{name}.o", "--threads", "2")
        for model, name in ((net, "net"), (product, "integers"))
    ]
    source = Path(__file__).parent / "two_models.c"
    command(CC or "cc", "-Wall", "-Wextra", "-Werror", f"-I{tmp_path}", source, *objects, "-pthread", "-o", tmp_path / "program")
    given = image["image"].tobytes() + x["x"].tobytes()
    expected = [tilewright.compile(model).run(feeds)["y"] for model, feeds in ((net, image), (product, x))]
    assert command(tmp_path / "program", input=given) == b"".join(array.tobytes() for array in expected)


@needs_cc
@pytest.mark.parametrize("language", ["c", "c++"])
def test_the_header_is_valid(language: str, tmp_path: Path) -> None:
    for name, case in STATIC.items():
        emit(save(case()[0], tmp_path, name), tmp_path / f"{name}.h")
    text = "".join(f'#include "{name}.h"\n' for name in STATIC)
    command(CC or "cc", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", language, "-", input=text.encode(), cwd=tmp_path)


def _digest(model: Path, folder: Path, seed: int, *options: str) -> list[str]:
    """Of the object, the header and the weights, made by a process of its own with another hash seed and an empty cache."""
    folder.mkdir()
    environment = os.environ | {"PYTHONHASHSEED": str(seed), "TILEWRIGHT_CACHE_DIR": str(folder / "cache")}
    arguments = ["compile", str(model), "--emit", "obj", "-o", str(folder / "model.o"), *options]
    command(sys.executable, "-m", "tilewright.cli.main", *arguments, env=environment)
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("model.*"))]


@pytest.mark.parametrize("options", [(), ("--threads", "2", "--weights", "beside")])
@pytest.mark.parametrize("name", ["conv_net", "loop"])
def test_the_same_model_gives_the_same_bytes(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    model = save(STATIC[name]()[0], tmp_path)
    first, second = (_digest(model, tmp_path / str(seed), seed, *options) for seed in (1, 2))
    assert first == second
    assert len(first) == (3 if options else 2)


@pytest.mark.parametrize(
    ("stem", "prefix"),
    [("mobilenet_v2", "mobilenet_v2"), ("a-b.c", "a_b_c"), ("7b", "model_7b"), ("tw", "model_tw"), ("", "model"), ("é", "_")],
)
def test_prefixes_are_names(stem: str, prefix: str) -> None:
    assert default_prefix(stem) == prefix


def test_data_is_added_behind_a_symbol(tmp_path: Path) -> None:
    data = emit(save(conv_net()[0], tmp_path), tmp_path / "model.o").read_bytes()
    header = sections(data)[-1]
    assert header.alignment == 64 and header.offset % 64 == 0
    weights = np.frombuffer(data[header.offset : header.offset + header.size], np.float32)
    assert weights.size >= 16 * 27 + 32 * 16 * 9 + 320
    assert "model_weights_data" in defined_symbols(data)
    with pytest.raises(CompileError, match="does not refer to 'elsewhere'"):
        define_data(data, "elsewhere", b"\0", 64)


@needs_cc
@pytest.mark.parametrize("target", sorted(TARGETS.keys()))
def test_the_header_tells_whether_the_processor_will_do(target: str, tmp_path: Path) -> None:
    """What C compilers ask the processor agrees with what Python asks the kernel."""
    header = emit(save(conv_net()[0], tmp_path), tmp_path / "model.h", "--target", target)
    model = get_target(target)
    if model.arch != host_target().arch:
        assert "#define MODEL_CPU_OK (" in header.read_text()
        return
    source = '#include <sys/auxv.h>\n#include "model.h"\nint main(void) { return MODEL_CPU_OK ? 0 : 3; }\n'
    command(
        CC or "cc", "-Wall", "-Wextra", "-Werror", f"-I{tmp_path}", "-x", "c", "-", "-o", tmp_path / "ask", input=source.encode()
    )
    assert (subprocess.run([tmp_path / "ask"]).returncode == 0) == runs_here(model)


@needs_cc
def test_inputs_may_be_called_as_macros(tmp_path: Path) -> None:
    inputs: dict[str, list[int]] = {name: [2] for name in ("errno", "NULL", "linux", "I", "stdin")}
    nodes = [helper.make_node("Sum", list(inputs), ["unix"], name="sum")]
    emit(save(make_model(nodes, inputs, ["unix"]), tmp_path), tmp_path / "model.h")
    text = b'#include <complex.h>\n#include <errno.h>\n#include <stdio.h>\n#include "model.h"\n'
    command(CC or "cc", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-fsyntax-only", "-x", "c", "-", input=text, cwd=tmp_path)
