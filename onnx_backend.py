"""`onnx.backend.base.Backend` on tilewright: what the ONNX backend test suite drives.

import tilewright.onnx_backend as backend
backend.prepare(model).run([x])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import onnx
from onnx.backend.base import Backend, BackendRep

from .api import compile_session
from .errors import UnsupportedOpError
from .runtime.session import Session


class TilewrightRep(BackendRep):
    """A compiled model; `run` takes arrays by position or by name and returns a tuple of outputs."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        named = cast("Mapping[str, Any] | Sequence[Any]", inputs)
        feeds = named if isinstance(inputs, Mapping | Sequence) else [inputs]
        return tuple(self.session.run(feeds).values())


class TilewrightBackend(Backend):
    """The backend of device "CPU"."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> TilewrightRep:
        return TilewrightRep(
            compile_session(
                model,
                target=kwargs.pop("target", None),
                threads=kwargs.pop("threads", None),
                guard=kwargs.pop("guard", False),
            )
        )

    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> bool:
        """Whether every op of the model is supported."""
        from .frontend.importer import import_model
        from .runtime.weights import WeightStore

        try:
            import_model(model, WeightStore())
        except UnsupportedOpError:
            return False
        return True

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device.split(":")[0] == "CPU"


prepare = TilewrightBackend.prepare
run_model = TilewrightBackend.run_model
supports_device = TilewrightBackend.supports_device
is_compatible = TilewrightBackend.is_compatible
