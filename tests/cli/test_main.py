"""The commands of ``tilewright``: what they print, and their exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tilewright.backends.targets import TARGETS
from tilewright.cli.main import COMMANDS, main
from tilewright.compiler import STAGES

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, capsys: Capture) -> None:
    assert main([command, "--help"]) == 0
    assert "Usage: tilewright" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["fly"], "No such command 'fly'"),
        (["run"], "Missing argument 'MODEL'"),
        (["run", "missing.onnx"], "'missing.onnx' does not exist"),
        (["run", "{model}", "--target", "pdp-11"], "unknown target 'pdp-11', known are: host, x86"),
        (["run", "{model}", "--disable-pass", "no-such-pass"], "no pass is called 'no-such-pass'"),
        (["run", "{model}", "--shape", "x"], "--shape: expected NAME=VALUE, got 'x'"),
        (["run", "{model}", "--dim", "batch=-1"], "--dim: expected numbers, got '-1'"),
        (["compile", "{model}", "--emit", "obj"], "--emit obj needs -o FILE"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], text: str, model: Path, capsys: Capture) -> None:
    assert main([argument.format(model=model) for argument in arguments]) == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["run", "--strict-math"], 2, "--strict-math come too late"),
        (["bench", "--target", "x86-64-v3"], 2, "come too late"),
        (["explain"], 1, "is compiled already"),
        (["compare"], 1, "is compiled already"),
        (["compile"], 1, "is compiled already"),
        (["compile", "--emit", "obj", "-o", "again.o"], 1, "is compiled already"),
    ],
)
def test_a_compiled_model_is_refused_by_what_needs_another(
    arguments: list[str], code: int, text: str, model: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "model.tw"
    assert main(["compile", str(model), "-o", str(path)]) == 0
    assert main([*arguments, str(path)]) == code
    error = capsys.readouterr().err
    assert text in error and "Traceback" not in error


def test_a_bad_model_exits_with_1_and_one_line(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "bad.onnx"
    path.write_text("this is no protobuf")
    assert main(["run", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("tilewright: ") and error.count("\n") == 1


def test_run_prints_a_table(model: Path, capsys: Capture) -> None:
    assert main(["run", str(model), "--dim", "batch=3", "--repeat", "1"]) == 0
    text = capsys.readouterr().out
    assert all(part in text for part in ("float32", "3x32", "ms, median of 1", "2 nodes native", "0 on the host"))


def test_run_takes_and_writes_arrays(model: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(1).standard_normal((5, 64)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    arguments = ["--input", f"x={tmp_path / 'x.npy'}", "-o", str(tmp_path / "out.npz")]
    assert main(["run", str(model), *arguments]) == 0
    initializers = onnx.ModelProto.FromString(model.read_bytes()).graph.initializer
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in initializers}
    expected = np.maximum(x @ weights["w"] + weights["b"], 0)
    np.testing.assert_allclose(np.load(tmp_path / "out.npz")["y"], expected, rtol=1e-4, atol=1e-4)


def test_run_refuses_a_wrong_shape(model: Path, tmp_path: Path, capsys: Capture) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 63), np.float32))
    assert main(["run", str(model), "--input", f"x={tmp_path / 'x.npy'}"]) == 1
    assert "input 'x': expected 64" in capsys.readouterr().err


@pytest.mark.parametrize("form", [stage.name for stage in STAGES])
def test_emitted_stage_is_taken_up_by_tilewright_opt(form: str, model: Path, tmp_path: Path, capsys: Capture) -> None:
    from tilewright.cli import opt

    path = tmp_path / "stage.mlir"
    assert main(["compile", str(model), "--emit", form, "-o", str(path)]) == 0
    assert opt.main([str(path)]) == 0
    assert "builtin.module" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "text"), [("ll", b"i32 @tw_run(ptr"), ("asm", b"tw_run:"), ("obj", b"\x7fELF")])
@pytest.mark.parametrize("target", TARGETS)
def test_emitted_code(form: str, text: bytes, target: str, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "code"
    assert main(["compile", str(model), "--emit", form, "--target", target, "-o", str(path)]) == 0
    assert text in path.read_bytes()


def test_compile_prints_a_summary(model: Path, capsys: Capture) -> None:
    assert main(["compile", str(model)]) == 0
    assert re.search(r"1 kernels \(\d of them from the cache\) for x86-64", capsys.readouterr().out)


def test_explain_names_the_fused_nodes(model: Path, capsys: Capture) -> None:
    assert main(["explain", str(model)]) == 0
    text = capsys.readouterr().out
    assert "contraction mr=" in text
    assert "launched for gemm + relu" in text


def convolution(tmp_path: Path) -> Path:
    """Two 3x3 convolutions; the second has its channels last, and enough of them for Winograd."""
    weight = np.random.default_rng(0).standard_normal((32, 32, 3, 3)).astype(np.float32)
    shape = [1, 32, 40, 40]
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in "xy")
    nodes = [helper.make_node("Conv", [a, "w"], [b], name=f"conv_{b}", pads=[1, 1, 1, 1]) for a, b in ("xt", "ty")]
    graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(weight, "w")])
    path = tmp_path / "conv.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


def test_explain_shows_what_algorithms_would_cost(tmp_path: Path, capsys: Capture) -> None:
    path = convolution(tmp_path)
    assert main(["explain", str(path)]) == 0
    text = capsys.readouterr().out
    assert "winograd tile=4" in text
    assert re.search(r"estimated cycles: winograd 4x4 [\d,]+, winograd 2x2 [\d,]+, .*gathered rows [\d,]+\n", text)


def test_strict_math_leaves_winograd_out(tmp_path: Path, capsys: Capture) -> None:
    path = convolution(tmp_path)
    assert main(["explain", str(path), "--strict-math"]) == 0
    assert re.search(r"estimated cycles: (padded lines|gathered rows) [\d,]+, \S+ \S+ [\d,]+\n", capsys.readouterr().out)
    assert main(["run", str(path), "--strict-math", "--repeat", "1"]) == 0


def test_compare_agrees_and_names_the_blocked_fusion(model: Path, capsys: Capture) -> None:
    pytest.importorskip("onnxruntime")
    assert main(["compare", str(model)]) == 0
    text = capsys.readouterr().out
    assert "exposing 1 values blocked 1 fusions" in text and "gemm + relu" in text
    assert "no value differs" in text


def test_bench_prints_both_runtimes(model: Path, capsys: Capture) -> None:
    pytest.importorskip("onnxruntime")
    assert main(["bench", str(model), "--rounds", "1", "--seconds", "0.01"]) == 0
    text = capsys.readouterr().out
    assert "tilewright" in text and "onnxruntime" in text and "outputs differ by at most" in text


def test_compiled_models_run(model: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "model.tw"
    assert main(["compile", str(model), "-o", str(path)]) == 0
    assert re.search(r"model.tw: 0.\d MB for x86-64", capsys.readouterr().out)
    assert main(["run", str(path), "--dim", "batch=3", "--repeat", "1"]) == 0
    assert "3x32" in capsys.readouterr().out
    assert main(["bench", str(path), "--rounds", "1", "--seconds", "0.01"]) == 0
    assert main(["run", str(path), "--target", "x86-64-v2"]) == 2
    assert "compiled already" in capsys.readouterr().err


def test_a_model_can_be_compiled_for_every_target(model: Path, tmp_path: Path) -> None:
    for target in TARGETS:
        assert main(["compile", str(model), "--target", target, "-o", str(tmp_path / f"{target}.tw")]) == 0


def test_a_damaged_compiled_model_exits_with_1(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "bad.tw").write_text("junk")
    assert main(["run", str(tmp_path / "bad.tw")]) == 1
    assert "is no compiled model" in capsys.readouterr().err


def test_bench_prints_the_time_of_each_kernel(model: Path, capsys: Capture) -> None:
    assert main(["bench", str(model), "--per-kernel", "--threads", "2", "--rounds", "1", "--seconds", "0.01"]) == 0
    printed = capsys.readouterr().out
    assert "efficiency" in printed and "tw_" in printed


def test_unsupported_nodes_are_listed_on_one_line(tmp_path: Path, capsys: Capture) -> None:
    nodes = [helper.make_node("NoSuchOp", ["x"], ["t"], name="first"), helper.make_node("NorThis", ["t"], ["y"], name="second")]
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    proto = helper.make_model(helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)])
    path = tmp_path / "unsupported.onnx"
    path.write_bytes(proto.SerializeToString())
    assert main(["run", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "NoSuchOp (ai.onnx opset 17) at 'first'" in error and "NorThis (ai.onnx opset 17) at 'second'" in error
