"""How far the zoo's networks are from onnxruntime.

    python -m benchmarks.agreement [--only REGEX] [--folder DIR]

One network at a time: inflated, compiled once, run on its inputs, and, where it has symbolic dims, on random inputs of other
sizes with the same session. The table goes to results/agreement.md and .json; --only prints it. onnxruntime runs with its
optimizations off, so that its sums are the model's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

import tilewright
from benchmarks.report import table, write

Array = NDArray[Any]
Arrays = dict[str, Array]
Sizes = Mapping[str, int]

ZOO = Path(__file__).parent / "zoo"
TOLERANCE = 1e-3

SIZES: dict[str, tuple[Sizes, ...]] = {
    "espcn_x3": tuple({"h": h, "w": w} for h, w in ((1, 1), (2, 3), (17, 5), (64, 64), (31, 100), (128, 7))),
    "bert_base_dyn": tuple({"batch": b, "seq": s} for b, s in ((1, 1), (1, 16), (3, 7), (4, 33), (2, 128), (1, 511))),
    "gpt2_decode": tuple({"past_len": n} for n in (0, 1, 5, 33, 100, 513)),
    "resnet50_dyn": tuple({"batch": n} for n in (1, 3, 4, 5, 7)),
}
"""Sizes that the dynamic networks run at, besides that of their stored inputs."""

REASONS: dict[str, tuple[float, str]] = {
    "bert_base_int8_dynamic": (0.15, "quantized anew at every layer from what f32 rounding left: onnxruntime moves by 6e-2"),
    "resnet50_int8_qdq": (2e-2, "a step of 8 bits where f32 rounding crosses a tie: onnxruntime moves by 7.5e-3"),
    "efficientnet_b0": (5e-3, "its random weights amplify rounding: onnxruntime is 8e-4 from the network in f64"),
}
"""Networks with a tolerance of their own, and why. "moves": with and without its optimizations."""


@dataclass(frozen=True)
class Row:
    """One run of a network beside onnxruntime.

    Attributes:
        sizes: of the symbolic dims, "" for the stored inputs.
        absolute: max|a - b| over the float outputs.
        relative: the largest over the outputs of max|a - b| / max|b|.
        integers: how many elements of integer outputs differ.
    """

    model: str
    sizes: str
    absolute: float
    relative: float
    integers: int
    tolerance: float


def tolerance_of(model: str) -> float:
    return REASONS.get(model, (TOLERANCE, ""))[0]


def inflated(name: str, folder: Path) -> tuple[Path, Arrays]:
    """The file of a network of the zoo and its stored inputs."""
    subprocess.run([sys.executable, str(ZOO / "inflate.py"), str(folder), name], check=True, stdout=subprocess.DEVNULL)
    with np.load(folder / f"{name}.npz") as data:
        return folder / f"{name}.onnx", {n: data[f"in{i}"] for i, n in enumerate(data["input_names"].tolist())}


def random_inputs(name: str, sizes: Sizes, seed: int = 0) -> Arrays:
    """Inputs of a network at these sizes, within the range of its stored ones."""
    model = onnx.ModelProto.FromString((ZOO / f"{name}.onnx").read_bytes())
    stored = json.loads(next(p.value for p in model.metadata_props if p.key == "skeleton"))["inputs"]
    rng = np.random.default_rng(seed)
    made: Arrays = {}
    for value in (v for v in model.graph.input if v.name in stored):
        tensor, spec = value.type.tensor_type, stored[value.name]
        shape = [sizes[d.dim_param] if d.dim_param else d.dim_value for d in tensor.shape.dim]
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        low, high = spec["lo"], spec["hi"]
        values = rng.uniform(low, high, shape) if dtype.kind == "f" else rng.integers(int(low), int(high) + 1, shape)
        made[value.name] = np.asarray(values).astype(dtype)
    return made


def reference(path: Path) -> Any:
    """onnxruntime's session without optimizations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def compared(model: str, sizes: str, found: Mapping[str, Array], expected: Mapping[str, Array]) -> Row:
    """How far outputs are from the expected ones; infinitely, where shape, dtype or places of NaN and infinity differ."""
    absolute, relative, integers = 0.0, 0.0, 0
    for name, want in expected.items():
        got = found[name]
        if (got.dtype, got.shape) != (want.dtype, want.shape):
            absolute = relative = float("inf")
        elif want.dtype.kind != "f":
            integers += int((got != want).sum())
        elif want.size:
            error, scale = _distance(got.astype(np.float64), want.astype(np.float64))
            absolute, relative = max(absolute, error), max(relative, error / scale if scale else error)
    return Row(model, sizes, absolute, relative, integers, tolerance_of(model))


def _distance(got: Array, want: Array) -> tuple[float, float]:
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True) or not np.isfinite(got[finite]).all():
        return float("inf"), 1.0
    return (float(np.abs(got - want)[finite].max()), float(np.abs(want[finite]).max())) if finite.any() else (0.0, 1.0)


def rows_of(name: str, folder: Path) -> Iterator[Row]:
    """A network at all its sizes, by one session each of ours and of onnxruntime."""
    path, stored = inflated(name, folder)
    session, theirs = tilewright.compile(path), reference(path)
    runs = [("", stored), *((_text(sizes), random_inputs(name, sizes)) for sizes in SIZES.get(name, ()))]
    for sizes, feeds in runs:
        names = [output.name for output in theirs.get_outputs()]
        expected = dict(zip(names, theirs.run(names, feeds), strict=True))
        yield compared(name, sizes, session.run(feeds), expected)


def _text(sizes: Sizes) -> str:
    return ", ".join(f"{name}={size}" for name, size in sizes.items())


def report(rows: Sequence[Row]) -> str:
    """The table, and why some networks have a tolerance of their own."""
    cells = [
        [
            row.model,
            row.sizes or "stored inputs",
            f"{row.absolute:.1e}",
            f"{row.relative:.1e}",
            f"{row.tolerance:.0e}",
            str(row.integers or ""),
        ]
        for row in rows
    ]
    why = [f"- {name}: {tolerance:g}. {reason}" for name, (tolerance, reason) in REASONS.items()]
    return "\n\n".join(
        [
            "absolute: max|a - b|. relative: max|a - b| / max|b|, the largest over the outputs. integers: elements of integer "
            "outputs that differ. The dynamic networks run at all sizes with one session.",
            table(["network", "sizes", "absolute", "relative", "tolerance", "integers"], cells),
            f"The tolerance on the relative difference is {TOLERANCE:g}: f32 sums of some thousand products in another order, "
            "through up to a hundred layers. Others:",
            "\n".join(why),
        ]
    )


@click.command(help=__doc__)
@click.option("--only", default="", metavar="REGEX", help="Networks whose name has a match; writes nothing.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where inflated networks are kept; by default nowhere.")
def main(only: str, folder: Path | None) -> None:
    rows: list[Row] = []
    for name in (path.stem for path in sorted(ZOO.glob("*.onnx")) if re.search(only, path.stem)):
        with tempfile.TemporaryDirectory() as temporary:
            for row in rows_of(name, folder or Path(temporary)):
                click.echo(f"{row.model} {row.sizes}: {row.relative:.1e}", err=True)
                rows.append(row)
    if only:
        click.echo(report(rows))
    else:
        click.echo(write("agreement", "The zoo beside onnxruntime", report(rows), {"rows": [asdict(row) for row in rows]}))
    if wrong := [row for row in rows if not row.relative <= row.tolerance]:
        raise click.ClickException(f"{len(wrong)} runs are beyond their tolerance, first {wrong[0].model} {wrong[0].sizes}")


if __name__ == "__main__":
    main()
