"""What the functions of the C interface are called, without the model's prefix."""

from __future__ import annotations

PORT_FACTS = ("name", "dtype", "rank", "shape", "bytes")
PORT_KINDS = ("input", "output")
API_NAMES = (
    *("init", "run", "close", "create", "destroy", "plan", "workspace_bytes"),
    *("result_shape", "error", "last_error", "version", "weights_data"),
    *(f"{kind}_{fact}" for kind in PORT_KINDS for fact in PORT_FACTS),
)
