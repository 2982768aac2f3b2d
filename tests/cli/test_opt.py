"""``tilewright-opt``: pipelines by name, ONNX input, restarting from a dump."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tilewright
from tilewright.cli import opt
from tilewright.cli.main import main
from tilewright.cli.session import load_llvm_stage
from tilewright.compiler import PIPELINES, STAGES
from tilewright.runtime.session import Session

Capture = pytest.CaptureFixture[str]


def test_pipelines_expand_and_disabled_passes_go() -> None:
    pipelines = {"both": "a{x=1},inner", "inner": "b,c"}
    assert opt.expand_pipelines("both,d", pipelines) == "a{x=1},b,c,d"
    assert opt.expand_pipelines("both,b", pipelines, ["b"]) == "a{x=1},c"


def test_onnx_is_an_input(model: Path, capsys: Capture) -> None:
    assert opt.main([str(model)]) == 0
    assert "graph.matmul" in capsys.readouterr().out


def test_unknown_processor(model: Path, capsys: Capture) -> None:
    assert opt.main([str(model), "--cpu", "pdp-11"]) == 2
    assert "unknown target 'pdp-11'" in capsys.readouterr().err


@pytest.mark.parametrize("index", range(len(STAGES) - 1))
def test_every_stage_of_a_dump_goes_on_to_the_same_result(index: int, model: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(2).standard_normal((7, 64)).astype(np.float32)
    dump, out = tmp_path / "dump", tmp_path / "out"
    expected = tilewright.compile(model, dump_ir=dump).run({"x": x})["y"]
    files = sorted(dump.glob("*.mlir"))
    assert [path.stem.partition("-")[2] for path in files] == [stage.name for stage in STAGES]
    rest = ",".join(f"{stage.name}-pipeline" for stage in STAGES[index + 1 :] if f"{stage.name}-pipeline" in PIPELINES)
    out.mkdir()
    arguments = ["-p", rest, "-o", str(out / "llvm.mlir"), "--save-weights", str(out)]
    assert opt.main([str(files[index]), *arguments]) == 0
    session = Session(load_llvm_stage(out / "llvm.mlir"))
    np.testing.assert_array_equal(session.run({"x": x})["y"], expected)


def test_run_takes_a_file_at_the_llvm_stage(model: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["compile", str(model), "--dump-ir", str(tmp_path)]) == 0
    assert main(["run", str(tmp_path / f"{len(STAGES) - 1:02}-llvm.mlir"), "--repeat", "1"]) == 0
    assert "1x32" in capsys.readouterr().out
    assert main(["run", str(tmp_path / "00-import.mlir")]) == 1
    assert "lower it to the llvm stage first" in capsys.readouterr().err
