"""The wheel, built from the tracked files and installed into an environment of its own, works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = graph.relu %x : (tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
"""

Run = Callable[..., str]


def output(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Standard output of a command; its standard error is in the failure where it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checked-out files, built in a copy so that no build folder is left behind."""
    source = tmp_path_factory.mktemp("source")
    names = output("git", "ls-files", "-z", cwd=ROOT).split("\0")
    with tarfile.open(source / "files.tar", "w") as archive:
        for name in filter(None, names):
            archive.add(ROOT / name, name)
    with tarfile.open(source / "files.tar") as archive:
        archive.extractall(source / "tree", filter="data")
    output(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", source, source / "tree", cwd=source)
    (found,) = source.glob("tilewright-*.whl")
    return found


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command of the environment that holds the wheel; dependencies come from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    programs = folder / "venv" / "bin"
    output(sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-deps", wheel, cwd=folder)
    site = next((folder / "venv" / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(program: str, *arguments: str) -> str:
        return output(programs / program, *arguments, cwd=folder, env=env)

    return run


def test_wheel_holds_the_package_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert len(tops) == 2 and "tilewright" in tops
    folders = {name.split("/")[1] for name in names if name.count("/") > 1}
    assert not folders & {"tests", "lit", "benchmarks", "docs", "typings", "stubs"}
    assert "tilewright/py.typed" in names


def test_import_is_light(run: Run) -> None:
    probe = "import sys, tilewright; print(tilewright.__file__, *({'xdsl', 'onnx', 'llvmlite'} & sys.modules.keys()))"
    place, *heavy = run("python", "-c", probe).split()
    assert "site-packages" in place
    assert heavy == []


def test_tilewright_opt(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "module.mlir"
    path.write_text(MODULE)
    assert "graph.relu" in run("tilewright-opt", str(path))


def test_stock_xdsl_opt_sees_our_dialects(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "module.mlir"
    path.write_text(MODULE)
    assert "graph.relu" in run("python", "-m", "xdsl.tools.xdsl_opt", str(path))
