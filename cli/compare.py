"""``tilewright compare``: which node of a model is the first to differ from onnxruntime.

Every intermediate value becomes an output, by its ONNX name, in both runtimes. Exposing a value keeps the ops on its two sides
from fusing; so the model is also compared as it is, and the fusions that exposing blocked are named: a difference that only the
unexposed model shows comes from one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import onnx
from google.protobuf.message import DecodeError
from rich.console import Console
from rich.table import Table

from ..errors import BadModelError, CompileError
from ..runtime.session import Session
from . import options
from .arrays import Array, Arrays, relative_difference
from .peers import onnxruntime_session
from .progress import progress
from .session import is_compiled, open_session, take_inputs

TOLERANCE = 1e-3
"""A value of floats or bytes differs when max|a-b| is more than this much of max|b|."""


class Difference(NamedTuple):
    """One value of the model in both runtimes. ``relative`` is max|a-b| / max|b|, infinite where shape or dtype differ."""

    name: str
    node: str
    op: str
    relative: float

    def matters(self, tolerance: float) -> bool:
        return not self.relative <= tolerance


SEQUENCE_OPS = ("Optional", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SplitToSequence")
"""Ops whose output is no tensor."""


def expose_values(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the tensors that the nodes of its main graph give as outputs, in the order of the nodes."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    known = {output.name for output in exposed.graph.output}
    tensors = (node for node in exposed.graph.node if node.op_type not in SEQUENCE_OPS)
    names = [name for node in tensors for name in node.output if name and name not in known]
    exposed.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in dict.fromkeys(names))
    return exposed


def differences(model: onnx.ModelProto, ours: Arrays, theirs: Arrays) -> list[Difference]:
    """Every value that both have, in the order of the nodes that compute them."""
    return [
        Difference(name, node.name, node.op_type, relative_difference(_numbers(ours[name]), _numbers(theirs[name])))
        for node in model.graph.node
        for name in node.output
        if name in ours and name in theirs
    ]


def _numbers(array: Array) -> Array:
    """Bytes as floats: quantized values round, so that a step more or less is a small difference and not a wrong integer."""
    return array.astype(np.float32) if array.dtype.kind in "iu" and array.dtype.itemsize == 1 else array


def blocked_fusions(plain: Iterable[Sequence[str]], exposed: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Groups of ONNX nodes that are one kernel in the plain model and more than one in the exposed one."""
    whole = [set(group) for group in exposed]
    groups = dict.fromkeys(tuple(dict.fromkeys(group)) for group in plain)
    return [group for group in groups if len(group) > 1 and not any(set(group) <= kernel for kernel in whole)]


@click.command()
@options.MODEL
@options.compiling
@options.inputs
@click.option("--tolerance", default=TOLERANCE, show_default=True, help="Accepted max|a-b| / max|b| of floats and bytes.")
@click.option("--rows", default=10, show_default=True, help="How many of the values that differ most to list.")
def command(
    model: Path,
    target: str | None,
    shapes: tuple[str, ...],
    disabled: tuple[str, ...],
    inputs: tuple[str, ...],
    dims: tuple[str, ...],
    seed: int,
    tolerance: float,
    rows: int,
) -> None:
    """Run MODEL beside onnxruntime and name the first node whose output differs."""
    proto = read_model(model)
    exposed = expose_values(proto)
    plain_session = open_session(proto, target, shapes, disabled)
    exposed_session = open_session(exposed, target, shapes, disabled)
    feeds = take_inputs(plain_session.inputs, inputs, dims, seed)
    with progress(f"running {model.name}") as say:
        say("onnxruntime")
        theirs = onnxruntime_outputs(exposed, feeds)
        say("tilewright")
        plain, ours = plain_session.run(feeds), exposed_session.run(feeds)
    whole, parts = differences(proto, plain, theirs), differences(proto, ours, theirs)
    console = Console()
    console.print(difference_table(parts, rows))
    blocked = blocked_fusions(launch_nodes(plain_session), launch_nodes(exposed_session))
    console.print(f"exposing {len(ours) - len(plain)} values blocked {len(blocked)} fusions")
    for group in blocked:
        console.print("  " + " + ".join(group), highlight=False)
    if found := verdict(whole, parts, tolerance):
        raise CompileError(found, stage="compare")
    console.print(f"no value differs by more than {tolerance:g}")


def read_model(path: Path) -> onnx.ModelProto:
    """The model as it is. Raises BadModelError for a file that is none."""
    try:
        return onnx.ModelProto.FromString(path.read_bytes())
    except DecodeError:
        hint = "; it is compiled already, compare the model that it was made from" if is_compiled(path) else ""
        raise BadModelError(f"'{path}' isn't an ONNX model{hint}", stage="compare") from None


def onnxruntime_outputs(model: onnx.ModelProto, feeds: Arrays) -> Arrays:
    """Outputs by name, computed without onnxruntime's own optimizations."""
    session = onnxruntime_session(model.SerializeToString(), optimize=False)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def launch_nodes(session: Session) -> list[tuple[str, ...]]:
    """The ONNX nodes of every kernel launch."""
    return [launch.nodes for launch in session.executable.interface.launches]


def difference_table(found: list[Difference], rows: int) -> Table:
    """The values that differ most, the worst first."""
    table = Table("value", "node", "op", "max|a-b| / max|b|")
    for row in sorted(found, key=lambda difference: difference.relative, reverse=True)[:rows]:
        table.add_row(row.name, row.node, row.op, f"{row.relative:.1e}")
    return table


def verdict(whole: list[Difference], parts: list[Difference], tolerance: float) -> str | None:
    """What is wrong: the first node that differs, or an output that only differs in the model as it is; None if nothing."""
    first = next((part for part in parts if part.matters(tolerance)), None)
    if first is not None:
        return f"node '{first.node}' ({first.op}) is the first to differ: '{first.name}' by {first.relative:.1e}"
    output = next((part for part in whole if part.matters(tolerance)), None)
    if output is not None:
        return f"output '{output.name}' differs by {output.relative:.1e}, but only unexposed: suspect the fusions listed above"
    return None
