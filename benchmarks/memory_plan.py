"""How large the arena of a model is, beside the least that any assignment could take, and what is copied.

    python -m benchmarks.memory_plan [MODEL...]

Of every model: bytes of the arena; the lower bound, which is the most bytes alive at one step of the order in which kernels run;
the most that a single kernel reads and writes there, below which no order gets; and the kernels that only move data, with the
bytes they write. Nothing is generated or run: compilation ends at the memory plan. Dynamic shapes are those of the stored inputs.
MODEL is a file or the name of a zoo model; by default all of the zoo. Writes results/memory_plan.md and .json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import onnx
from xdsl.dialects import func

from benchmarks.models import INFLATED, feeds_for, model_paths
from benchmarks.report import table, write
from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.dialects import graph
from tilewright.dialects.graph.dims import DimExpr
from tilewright.dialects.graph.movement import MOVEMENT_OPS
from tilewright.dialects.kernel import LaunchOp
from tilewright.lowering.kernel_attrs import body_ops, kernels_of
from tilewright.passes.arena import lower_bound, round_up
from tilewright.passes.memory_assignment import Assignment, byte_size
from tilewright.passes.order_launches import OrderLaunchesPass, own_bytes
from tilewright.passes.plan_memory import input_symbols, overwrites

ZOO = sorted(path.stem for path in (Path(__file__).parent / "zoo").glob("*.onnx"))
HEADER = ("model", "arena MB", "lower bound MB", "ratio", "one kernel MB", "kernels", "copies", "copied MB")


@dataclass(frozen=True)
class Plan:
    """What the memory of one model comes to, in bytes; copies are launches of kernels that compute nothing."""

    model: str
    arena: int
    bound: int
    one_kernel: int
    kernels: int
    copies: int
    copied: int

    @property
    def ratio(self) -> float:
        return self.arena / self.bound if self.bound else 1.0

    def row(self) -> list[str]:
        sizes = [f"{size / 1e6:.2f}" for size in (self.arena, self.bound, self.one_kernel, self.copied)]
        return [self.model, sizes[0], sizes[1], f"{self.ratio:.3f}", sizes[2], str(self.kernels), str(self.copies), sizes[3]]


def plan(name: str, model: Path | onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> Plan:
    """The memory plan of a model for inputs of these shapes."""
    compilation = compile_to_ir(model, CompileOptions(shapes=shapes, until="schedule"))
    with compilation.session.activate():
        OrderLaunchesPass().apply(compilation.context, compilation.module)
    kernels = {kernel.sym_name.data: kernel for kernel in kernels_of(compilation.module)}
    main = next(f for f in compilation.module.ops if isinstance(f, func.FuncOp) and f.sym_name.data not in kernels)
    assignment = Assignment(main, kernels, input_symbols(main), overwrites)
    launches = [op for op in assignment.life.ops if isinstance(op, LaunchOp)]
    copies = [op for op in launches if _only_moves(kernels[op.callee.root_reference.data])]
    return Plan(
        model=name,
        arena=_arena(assignment),
        bound=lower_bound(assignment.planned.values()),
        one_kernel=max((own_bytes(op, assignment) for op in launches), default=0),
        kernels=len(launches),
        copies=len(copies),
        copied=sum(_known(byte_size(result)) for op in copies for result in op.results),
    )


def _arena(assignment: Assignment) -> int:
    """Bytes of all slots whose size is known before the first run."""
    sizes: dict[int, int] = {}
    for value, piece in assignment.pieces.items():
        size = round_up(_known(assignment.planned[value].size))
        sizes[piece.slot] = max(sizes.get(piece.slot, 0), piece.offset + size)
    return sum(sizes.values())


def _known(size: DimExpr) -> int:
    """A size; 0 where only data decides it."""
    return size.value if size.is_static else 0


def _only_moves(kernel: func.FuncOp) -> bool:
    return all(isinstance(op, (*MOVEMENT_OPS, graph.ConstantOp, graph.DimsOp)) for op in body_ops(kernel))


@click.command(help=__doc__)
@click.argument("models", nargs=-1)
@click.option("--inflated", type=click.Path(path_type=Path), default=INFLATED, help="where inflated zoo models are kept")
def main(models: tuple[str, ...], inflated: Path) -> None:
    plans: list[Plan] = []
    for path in model_paths(models or ZOO, inflated):
        shapes = {name: array.shape for name, array in feeds_for(path).items()}
        plans.append(plan(path.stem, path, shapes))
        click.echo("  ".join(plans[-1].row()))
    if not models:
        text = table(HEADER, [entry.row() for entry in plans])
        data = {"plans": [asdict(entry) for entry in plans]}
        click.echo(str(write("memory_plan", "The arena beside its lower bound, and what is copied", text, data)))


if __name__ == "__main__":
    main()
