"""onnxruntime, set up for comparisons."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TilewrightError

if TYPE_CHECKING:
    import onnxruntime as ort


def has_onnxruntime() -> bool:
    """Whether it is installed."""
    return find_spec("onnxruntime") is not None


def onnxruntime_session(model: Path | bytes, *, threads: int = 1, optimize: bool = True) -> ort.InferenceSession:
    """A session on so many threads; without ``optimize`` every node of the model runs as it is written.

    Raises TilewrightError where onnxruntime isn't installed, or refuses the model.
    """
    if not has_onnxruntime():
        raise TilewrightError("comparing needs onnxruntime: pip install onnxruntime")
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4
    if not optimize:
        settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = str(model) if isinstance(model, Path) else model
    try:
        return ort.InferenceSession(source, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        raise TilewrightError(f"onnxruntime refuses the model: {error}") from error
