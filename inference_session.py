"""The call shapes of onnxruntime's InferenceSession, on a tilewright session: code written for one runs on the other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .api import compile_session
from .errors import BadInputError, BadOptionError
from .runtime.executable import TensorSpec

if TYPE_CHECKING:
    import onnx

PROVIDER = "CPUExecutionProvider"

_TYPE_NAMES = {
    "float32": "float",
    "float64": "double",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "bool": "bool",
}


class _StrictOptions:
    """Options that are not listed raise, so that a misspelt or unsupported one is not silently without effect."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in type(self).__dataclass_fields__:  # type: ignore[attr-defined]  # subclasses are dataclasses
            raise BadOptionError(f"{type(self).__name__} has no option '{name}'")
        super().__setattr__(name, value)


@dataclass
class SessionOptions(_StrictOptions):
    """`intra_op_num_threads` (0: as many as the machine allows) and `disabled_passes`."""

    intra_op_num_threads: int = 0
    inter_op_num_threads: int = 1
    disabled_passes: list[str] = field(default_factory=list[str])


@dataclass
class RunOptions(_StrictOptions):
    """No option of a run has an effect here yet; unknown ones raise."""


@dataclass(frozen=True)
class NodeArg:
    """Name, shape and type of an input or output; `type` reads like `tensor(float)`."""

    name: str
    shape: list[int | str]
    type: str

    @staticmethod
    def of(spec: TensorSpec) -> NodeArg:
        return NodeArg(spec.name, list(spec.dims), f"tensor({_TYPE_NAMES.get(spec.dtype.name, spec.dtype.name)})")


class InferenceSession:
    """`InferenceSession("model.onnx").run(None, {"x": x})`.

    Raises:
        BadOptionError: an option, provider or run option that is not known.
    """

    def __init__(
        self,
        path_or_bytes: str | os.PathLike[str] | bytes | onnx.ModelProto,
        sess_options: SessionOptions | None = None,
        providers: Sequence[str] | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise BadOptionError(f"InferenceSession has no option '{next(iter(unknown))}'")
        for provider in providers or ():
            if provider != PROVIDER:
                raise BadOptionError(f"no provider is called '{provider}'; known is: {PROVIDER}")
        options = sess_options or SessionOptions()
        self.session = compile_session(
            path_or_bytes, threads=options.intra_op_num_threads or None, disable_pass=options.disabled_passes
        )

    def get_inputs(self) -> list[NodeArg]:
        return [NodeArg.of(spec) for spec in self.session.inputs if spec.default is None]

    def get_overridable_initializers(self) -> list[NodeArg]:
        """The inputs that need not be given."""
        return [NodeArg.of(spec) for spec in self.session.inputs if spec.default is not None]

    def get_outputs(self) -> list[NodeArg]:
        return [NodeArg.of(spec) for spec in self.session.outputs]

    def get_providers(self) -> list[str]:
        return [PROVIDER]

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], run_options: RunOptions | None = None
    ) -> list[NDArray[np.generic]]:
        """Outputs in the order of `output_names` (None: all). BadInputError for a name that is no output."""
        known = [spec.name for spec in self.session.outputs]
        names = known if output_names is None else list(output_names)
        for name in names:
            if name not in known:
                raise BadInputError(name, "an output, one of " + ", ".join(known), "an unknown name")
        outputs = self.session.run(input_feed)
        return [outputs[name] for name in names]
