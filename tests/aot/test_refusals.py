"""What ahead-of-time code can't carry is refused, by the names of the nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_models import Typed, make_model

from tilewright.backends import aot_link
from tilewright.cli.main import main

from .library import save
from .models import conv_net

Capture = pytest.CaptureFixture[str]
node = helper.make_node


def strings() -> onnx.ModelProto:
    """A node that runs on the host."""
    nodes = [node("StringNormalizer", ["x"], ["t"], name="lower", case_change_action="LOWER"), node("Identity", ["t"], ["y"])]
    x = helper.make_tensor_value_info("x", onnx.TensorProto.STRING, [2])
    y = helper.make_tensor_value_info("y", onnx.TensorProto.STRING, None)
    return helper.make_model(helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def selection() -> onnx.ModelProto:
    """A result whose size depends on data."""
    return make_model([node("NonZero", ["x"], ["y"], name="positions")], {"x": Typed([3, 4], np.float32)})


def _no_compiler(arch: str) -> None:
    pass


def _bad_compiler(arch: str) -> list[str]:
    return ["false"]


@pytest.mark.parametrize(("model", "name", "options"), [(strings, "lower", []), (selection, "positions", ["--freestanding"])])
def test_what_cant_be_is_refused_by_name(
    model: Callable[[], onnx.ModelProto], name: str, options: list[str], tmp_path: Path, capsys: Capture
) -> None:
    path = save(model(), tmp_path)
    assert main(["compile", str(path), "--emit", "obj", "-o", str(tmp_path / "model.o"), *options]) == 1
    assert name in capsys.readouterr().err
    assert not (tmp_path / "model.o").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prefix", "2b"], "the prefix '2b' is no C identifier"),
        (["--prefix", "tw"], "'tw_init', which is taken"),
        (["--prefix", "pthread", "--threads", "2"], "'pthread_create', which is taken"),
        (["--threads", "65"], "threads are 1 to 64"),
        (["--threads", "2", "--freestanding"], "freestanding code has no threads"),
    ],
)
def test_options_that_cant_be(options: list[str], message: str, tmp_path: Path, capsys: Capture) -> None:
    path = save(conv_net()[0], tmp_path)
    assert main(["compile", str(path), "--emit", "obj", "-o", str(tmp_path / "model.o"), *options]) == 2
    assert message in capsys.readouterr().err


def test_names_of_files_must_differ(tmp_path: Path, capsys: Capture) -> None:
    path = save(conv_net()[0], tmp_path)
    assert main(["compile", str(path), "--emit", "obj", "-o", str(tmp_path / "model.h")]) == 2
    assert "choose another suffix" in capsys.readouterr().err


def test_options_without_a_form(tmp_path: Path, capsys: Capture) -> None:
    path = save(conv_net()[0], tmp_path)
    assert main(["compile", str(path), "--emit", "ll", "--prefix", "net"]) == 2
    assert "--prefix goes with --emit obj" in capsys.readouterr().err


def test_no_compiler_to_link_with(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aot_link, "c_compiler", _no_compiler)
    path = save(conv_net()[0], tmp_path)
    assert main(["compile", str(path), "--emit", "so", "-o", str(tmp_path / "model.so")]) == 1
    assert "there is no C compiler to link for" in capsys.readouterr().err


def test_a_linker_that_fails(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aot_link, "c_compiler", _bad_compiler)
    path = save(conv_net()[0], tmp_path)
    assert main(["compile", str(path), "--emit", "so", "-o", str(tmp_path / "model.so")]) == 1
    assert "can't link the model" in capsys.readouterr().err
