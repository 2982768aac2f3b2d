"""What a model has to multiply: the work against which a share of the FMA peak is counted."""

from __future__ import annotations

from pathlib import Path

from benchmarks.models import Feeds
from tilewright.compiler import CompileOptions, compile_to_ir
from tilewright.dialects.graph.control import IfOp, LoopOp, ScanOp
from tilewright.lowering.cost import multiply_adds


def model_flops(path: Path, feeds: Feeds) -> int | None:
    """FLOPs (two per multiply-add) of a model's matrix products and convolutions at the shapes of ``feeds``, as ONNX defines
    them: a Winograd convolution counts as the direct one does.

    None for a model with control flow or with sizes that depend on data.
    """
    shapes = {name: array.shape for name, array in feeds.items()}
    module = compile_to_ir(path, CompileOptions(shapes=shapes, until="import")).module
    total = 0
    for op in module.walk():
        work = multiply_adds(op)
        if isinstance(op, IfOp | LoopOp | ScanOp) or not work.is_static:
            return None
        total += 2 * work.value
    return total
