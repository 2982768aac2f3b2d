"""A network as a stand-alone program: the example in examples/c around mobilenet_v2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilewright
from tilewright.backends.targets import TARGETS

EXAMPLE = Path(__file__).parents[2] / "examples" / "c"
Network = tuple[Path, dict[str, Any], dict[str, Any]]
CROSS, QEMU = "aarch64-linux-gnu-gcc", "qemu-aarch64"
MAX_BYTES = 1_000_000
"""Of the stand-alone program without its weights."""


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"there is no {', '.join(missing)}")


def build(model: Path, folder: Path, *arguments: str) -> Path:
    """The example's one command, in a copy of its folder; the program."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("classify", "model.*"))
    tool = f"TILEWRIGHT={sys.executable} -m tilewright.cli.main"
    done = subprocess.run(
        ["make", "-C", str(folder), f"MODEL={model}", tool, *arguments], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    return folder / "classify"


def run(folder: Path, image: np.ndarray[Any, Any], *command: str) -> np.ndarray[Any, Any]:
    """What the program writes for an image."""
    image.tofile(folder / "image.bin")
    subprocess.run([*command, "./classify", "image.bin", "logits.bin"], cwd=folder, check=True)
    return np.fromfile(folder / "logits.bin", np.float32)


@needs("cc", "make")
@pytest.mark.parametrize("threads", [1, 2])
def test_the_program_gives_what_a_session_gives(threads: int, network: Callable[[str], Network], tmp_path: Path) -> None:
    model, inputs, _ = network("mobilenet_v2")
    expected = tilewright.compile(model, threads=threads).run(inputs)["logits"].ravel()
    options = f"--threads {threads} --weights beside"
    program = build(model, tmp_path / "c", f"OPTIONS={options}", """CFLAGS=-O2 -Wall -Wextra -DWEIGHTS_FILE='"model.weights"'""")
    assert program.stat().st_size < MAX_BYTES
    assert run(program.parent, inputs["image"]).tobytes() == expected.tobytes()


@needs(CROSS, QEMU, "make")
@pytest.mark.parametrize("target", [name for name in TARGETS if name.startswith("aarch64")][-1:])
def test_an_aarch64_program_agrees(target: str, network: Callable[[str], Network], tmp_path: Path) -> None:
    model, inputs, outputs = network("mobilenet_v2")
    program = build(model, tmp_path / "c", f"OPTIONS=--target {target} --threads 2", f"CC={CROSS} -static")
    found = run(program.parent, inputs["image"], QEMU, "-cpu", "max")
    np.testing.assert_allclose(found, outputs["logits"].ravel(), rtol=1e-3, atol=1e-3)


@needs("cc", "make")
def test_the_program_prints_the_largest(network: Callable[[str], Network], tmp_path: Path) -> None:
    model, inputs, _ = network("mobilenet_v2")
    logits = tilewright.compile(model).run(inputs)["logits"].ravel()
    program = build(model, tmp_path / "c")
    inputs["image"].tofile(program.parent / "image.bin")
    lines = subprocess.run([program, program.parent / "image.bin"], capture_output=True, text=True, check=True).stdout.split("\n")
    top = np.argsort(-logits, kind="stable")[:5]
    assert [line.split() for line in lines[:5]] == [[str(i), f"{logits[i]:.6g}"] for i in top]
