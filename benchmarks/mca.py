"""How close the inner loops of float32 contractions come to the peak of cores that are not at hand, by llvm-mca's models.

    python -m benchmarks.mca            print the table
    python -m benchmarks.mca --update   write it to docs/targets.md

Of each kernel it takes the innermost loop with the most multiply-adds, and asks llvm-mca for its cycles, all loads being L1 hits.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tilewright.backends.jit import compile_assembly
from tilewright.backends.load import llvm_ir
from tilewright.backends.targets import get_target
from tilewright.compiler import CompileOptions, compile_to_ir

PROGRAMS = ("llvm-mca-20", "llvm-mca-19", "llvm-mca")
DOCS = Path(__file__).parents[1] / "docs/targets.md"
BEGIN, END = "<!-- mca: begin -->", "<!-- mca: end -->"
ITERATIONS = 300


@dataclass(frozen=True)
class Core:
    """A core that llvm-mca models: the target for it, and how many vector multiply-adds it starts in a cycle."""

    name: str
    target: str
    peak: int


CORES = (
    Core("neoverse-n1", "aarch64-neoverse-n1", 2),
    Core("neoverse-n2", "aarch64-neoverse-n2", 2),
    Core("neoverse-v1", "aarch64-neoverse-v1", 4),
    Core("skylake-avx512", "x86-64-v4", 2),
    Core("znver4", "x86-64-v4-vnni", 1),  # 512-bit operations take both 256-bit pipelines
)


def _model(node: str, x: list[int], weight: list[int], **attributes: Any) -> ModelProto:
    """One node with a constant weight."""
    constant = numpy_helper.from_array(np.ones(weight, np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node(node, ["x", "w"], ["y"], **attributes)],
        "kernel",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [constant],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


KERNELS = {
    "MatMul 384 x 768 x 768": (_model("MatMul", [384, 768], [768, 768]), False),
    "MatMul 64 x 512 x 1000": (_model("MatMul", [64, 512], [512, 1000]), False),
    "Conv 1x1, 256 to 64 channels, 56 x 56": (_model("Conv", [1, 256, 56, 56], [64, 256, 1, 1]), False),
    "Conv 3x3, 128 channels, 28 x 28": (_model("Conv", [1, 128, 28, 28], [128, 128, 3, 3], pads=[1] * 4), True),
    "the same by Winograd": (_model("Conv", [1, 128, 28, 28], [128, 128, 3, 3], pads=[1] * 4), False),
}
"""Models, and whether Winograd is out of the question."""

_LABEL = re.compile(r"^(\.LBB\w+):")
_BRANCH = re.compile(r"^\s+(?:j\w+|b\.?\w*|cb\w+|tb\w+)\s.*?(\.LBB\w+)\s*$")
_MULTIPLY_ADD = re.compile(r"^\s+(?:fmla|vfmadd\w+ps)\s")


def loops(assembly: str) -> Iterator[list[str]]:
    """The instructions of each loop that is one block."""
    label, block = "", list[str]()
    for line in assembly.splitlines():
        start, branch = _LABEL.match(line), _BRANCH.match(line)
        if start:
            label, block = start[1], []
        elif branch:
            if branch[1] == label:
                yield block
            label, block = "", []
        elif line.startswith("\t") and not line.startswith("\t."):
            block.append(line)


def multiply_adds(loop: list[str]) -> int:
    return sum(bool(_MULTIPLY_ADD.match(line)) for line in loop)


def inner_loop(model: ModelProto, strict: bool, target_name: str) -> list[str]:
    """The loop with the most multiply-adds of all kernels of a model."""
    target = get_target(target_name)
    options = CompileOptions(target=target_name, strict_math=strict, reuse_kernels=False)
    texts = llvm_ir(compile_to_ir(model, options).module)
    found = [loop for text in texts.values() for loop in loops(compile_assembly(text, target))]
    return max(found, key=multiply_adds)


def cycles(loop: list[str], core: Core, program: str) -> float:
    """Cycles of one iteration."""
    triple = get_target(core.target).triple
    command = [program, f"-mtriple={triple}", f"-mcpu={core.name}", f"-iterations={ITERATIONS}"]
    done = subprocess.run(command, input="\n".join(loop) + "\n", capture_output=True, text=True, check=True)
    total = re.search(r"Total Cycles:\s+(\d+)", done.stdout)
    assert total is not None, done.stdout
    return int(total[1]) / ITERATIONS


def reached(loop: list[str], core: Core, program: str) -> float:
    """Multiply-adds in a cycle, as a fraction of the core's peak."""
    return multiply_adds(loop) / cycles(loop, core, program) / core.peak


def program() -> str | None:
    """llvm-mca, where it is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def table(mca: str) -> str:
    """Kernels by cores."""
    lines = [f"| inner loop of | {' | '.join(core.name for core in CORES)} |", "|---|" + "---|" * len(CORES)]
    for name, (model, strict) in KERNELS.items():
        shares = [reached(inner_loop(model, strict, core.target), core, mca) for core in CORES]
        lines.append(f"| {name} | {' | '.join(f'{share:.0%}' for share in shares)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help=f"write the table to {DOCS.name}")
    arguments = parser.parse_args()
    mca = program()
    if mca is None:
        parser.error(f"none of {', '.join(PROGRAMS)} is installed")
    text = table(mca)
    print(text)
    if arguments.update:
        before, _, rest = DOCS.read_text().partition(BEGIN)
        DOCS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
