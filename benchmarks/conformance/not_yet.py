"""The cases that don't pass yet: one line each, `name: why`, in a file that only ever gets shorter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_NOISE = "wrong: exact zeros, where the expected values are the rounding errors (1.9e-7, atol is 1e-7) of numpy's FFT in f32"

KNOWN = {
    "test_affine_grid_3d_align_corners_expanded": "unsupported: the rank of an If's result depends on an input",
    "test_dft_inverse": _NOISE,
    "test_dft_inverse_opset19": _NOISE,
    "test_loop16_seq_none": "error: the outputs are the expected ones; onnx's runner asks for the length of an array of rank 0",
}
"""What was found about a case, in place of its message."""

NOT_YET = Path(__file__).parents[2] / "tests" / "conformance" / "not_yet.txt"


def read() -> dict[str, str]:
    """Why each case doesn't pass yet, by its name."""
    rows = (line.partition(": ") for line in NOT_YET.read_text().splitlines())
    return {name: why for name, _, why in rows}


def write(rows: Mapping[str, str]) -> None:
    """Replace the file: sorted by name, without line breaks in the reasons, which are the known ones where there are any."""
    reasons = dict(rows) | {name: why for name, why in KNOWN.items() if name in rows}
    NOT_YET.write_text("".join(f"{name}: {' '.join(why.split())}\n" for name, why in sorted(reasons.items())))
