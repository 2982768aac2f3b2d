"""``tilewright explain``: what a model became."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click
from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerAttr, ModuleOp

from ..compiler import Compilation, compile_to_ir
from ..dialects.graph.location import location_of
from ..lowering.kernel_attrs import estimates_of, kernels_of, launches_of, schedule_of, sizes_of
from ..lowering.rules.conv_estimates import algorithm
from . import options
from .progress import progress


class KernelFacts(NamedTuple):
    """One kernel of a model at the schedule stage."""

    name: str
    schedule: str
    sizes: tuple[str, ...]
    ops: tuple[str, ...]
    launches: tuple[tuple[str, ...], ...]
    """For each launch the ONNX nodes that it stands for."""
    estimates: tuple[tuple[str, int], ...] = ()
    """Cycles of the algorithms that were compared, the chosen one first."""


@click.command()
@options.MODEL
@options.compiling
def command(model: Path, target: str | None, shapes: tuple[str, ...], disabled: tuple[str, ...]) -> None:
    """Print the kernels of MODEL: the rule and parameters that run each, its ops, and the ONNX nodes of each launch."""
    chosen = options.compile_options(target, shapes, disabled)
    with progress(f"compiling {model.name}") as say:
        compilation = compile_to_ir(model, replace(chosen, until="schedule", progress=say))
    facts = kernel_facts(compilation.module)
    for kernel in facts:
        click.echo(kernel_text(kernel))
    click.echo(closing_line(compilation, facts))


def kernel_facts(module: ModuleOp) -> list[KernelFacts]:
    """The kernels of a module at the schedule stage, in order."""
    launches = launches_of(module)
    return [
        _facts(kernel, [location_of(launch) for launch in launches.get(kernel.sym_name.data, ())])
        for kernel in kernels_of(module)
    ]


def _facts(kernel: func.FuncOp, launches: list[tuple[str, ...]]) -> KernelFacts:
    schedule = schedule_of(kernel)
    parameters = {key: value.value.data for key, value in schedule.params.data.items() if isinstance(value, IntegerAttr)}
    text = " ".join([schedule.kind.data, *(f"{key}={value}" for key, value in parameters.items())])
    ops = tuple(op.name.removeprefix("graph.") for op in kernel.body.block.ops if op.name.startswith("graph."))
    chosen = algorithm(schedule)
    estimates = sorted(estimates_of(kernel).items(), key=lambda entry: (entry[0] != chosen, entry[1]))
    return KernelFacts(kernel.sym_name.data, text, sizes_of(kernel), ops, tuple(launches), tuple(estimates))


def kernel_text(kernel: KernelFacts) -> str:
    """A kernel's name and schedule, its ops, what algorithms would cost, and the nodes of each launch; equal ones are counted."""
    sizes = f" (runtime sizes {', '.join(kernel.sizes)})" if kernel.sizes else ""
    launches = Counter(" + ".join(launch) or "(made by the compiler)" for launch in kernel.launches)
    lines = [f"{kernel.name}: {kernel.schedule}{sizes}", f"  ops: {_counted(Counter(kernel.ops), ', ')}"]
    if kernel.estimates:
        lines.append(f"  estimated cycles: {', '.join(f'{_spaced(name)} {cycles:,}' for name, cycles in kernel.estimates)}")
    return "\n".join([*lines, *(f"  launched for {_counted(Counter({nodes: n}))}" for nodes, n in launches.items())])


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _counted(counts: Counter[str], separator: str = "") -> str:
    return separator.join(f"{text} x{count}" if count > 1 else text for text, count in counts.items())


def closing_line(compilation: Compilation, facts: list[KernelFacts]) -> str:
    """How much of the model became how many kernels."""
    launches = sum(len(kernel.launches) for kernel in facts)
    nodes = {node for kernel in facts for launch in kernel.launches for node in launch}
    rewrites = compilation.session.rewrites.total
    return f"{len(nodes)} ONNX nodes in {launches} launches of {len(facts)} kernels, after {rewrites} rewrites"
