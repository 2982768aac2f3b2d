"""Every stage of a network can be taken up again, and upstream's tools accept its loops."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

import tilewright
from tilewright.backends.load import load_executable
from tilewright.cli.opt import main as opt
from tilewright.compiler import PIPELINES, STAGES, CompileOptions, compile_to_ir, make_context
from tilewright.runtime.session import Session
from tilewright.runtime.weights import WeightStore

from .conftest import Network

MLIR_OPT = shutil.which("mlir-opt-19") or shutil.which("mlir-opt")


def test_each_stage_goes_on_to_the_same_code(network: Callable[[str], Network], tmp_path: Path) -> None:
    path, inputs, _ = network("squeezenet1_1")
    expected = tilewright.compile(path, dump_ir=tmp_path).run(inputs)
    dumps = sorted(tmp_path.glob("*.mlir"))
    assert [d.stem.split("-")[1] for d in dumps] == [stage.name for stage in STAGES]
    for number, dump in enumerate(dumps):
        rest = [f"{stage.name}-pipeline" for stage in STAGES[number + 1 :]]
        end = tmp_path / "end"
        arguments = [str(dump), "--print-debuginfo", "-o", str(end / "end.mlir"), "--save-weights", str(end)]
        end.mkdir(exist_ok=True)
        assert opt([*arguments, *(["-p", ",".join(p for p in rest if p in PIPELINES)] if rest else [])]) == 0
        module = Parser(make_context(), (end / "end.mlir").read_text()).parse_module()
        outputs = Session(load_executable(module, WeightStore.load(end), {})).run(inputs)
        for name, value in expected.items():
            np.testing.assert_array_equal(outputs[name], value, err_msg=f"{dump.name}: {name}")


@pytest.mark.skipif(MLIR_OPT is None, reason="mlir-opt is not installed (Debian: mlir-19-tools)")
@pytest.mark.parametrize("name", ["mobilenet_v2", "tinybert", "shufflenet_v2_x1_0"])
def test_upstream_accepts_the_loops_of_every_kernel(network: Callable[[str], Network], name: str, tmp_path: Path) -> None:
    assert MLIR_OPT is not None
    path, _, _ = network(name)
    module = compile_to_ir(path, CompileOptions(until="loops")).module
    kernels = [op for op in module.ops if isinstance(op, func.FuncOp)]
    assert len(kernels) > 5
    for kernel in kernels:
        kernel.detach()
    text = tmp_path / "loops.mlir"
    text.write_text(str(ModuleOp(list(kernels))))
    result = subprocess.run([MLIR_OPT, str(text), "-o", "/dev/null"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[:2000]
