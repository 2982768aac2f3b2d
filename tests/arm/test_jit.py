"""The compiler as it runs on an AArch64 machine: in an AArch64 Python, under emulation. Part of `make test-arm`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from arm.arm_python import install, missing_tools
from arm.emulator import LONG

ROOT = Path(__file__).parents[2]
CASES = (
    "^test_(squeezenet|relu|softmax_axis_0$|maxpool_2d_(ceil|pads)|conv_with_strides_no|gemm_(default_no|all)|matmul_2d|"
    "matmulinteger|lstm_(default|batch)|cast_FLOAT_to_(FLOAT16|DOUBLE|UINT8)|top_k_|qlinearmatmul_2D_int8|exp_|erf|"
    "resize_upsample_scales_(linear|nearest)$|loop11|reduce_sum_keepdims_r|nonzero)"
)
DETECT = "from tilewright.backends.targets import host_target; print(host_target().name)"

pytestmark = [
    pytest.mark.skipif(not LONG, reason="takes minutes and downloads packages; `make test-arm` runs it"),
    pytest.mark.skipif(bool(missing_tools()), reason=f"{', '.join(missing_tools())} missing"),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AArch64 Python; `TILEWRIGHT_ARM_PYTHON` names a folder to keep it in."""
    kept = os.environ.get("TILEWRIGHT_ARM_PYTHON")
    folder = Path(kept).absolute() if kept else tmp_path_factory.mktemp("python")
    try:
        return install(folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no packages for AArch64: {error.stderr.decode().strip()[-300:]}")


def run(python: Path, *arguments: str, cpu: str) -> str:
    """Standard output of a Python command that has the compiler, its tests and benchmarks at hand."""
    paths = ":".join(str(ROOT / folder) for folder in ("typings", "", "tests"))
    environment = os.environ | {"PYTHONPATH": paths, "PYARM_CPU": cpu}
    done = subprocess.run([python, *arguments], env=environment, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    ("cpu", "target"),
    [("max,sve=off", "aarch64-neoverse-n1"), ("cortex-a53", "aarch64-neon")],
    ids=["by its part number", "by its features"],
)
def test_the_host_is_detected(python: Path, cpu: str, target: str) -> None:
    assert run(python, "-c", DETECT, cpu=cpu).strip() == target


def test_cases_compile_and_run(python: Path) -> None:
    assert " 0 failed" in run(python, "-m", "arm.suite", "host", CASES, cpu="neoverse-n1")
