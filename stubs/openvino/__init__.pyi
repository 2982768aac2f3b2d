"""The part of OpenVINO that benchmarks use."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

class Tensor:
    data: NDArray[Any]

class Output:
    def get_names(self) -> set[str]: ...

class Model:
    inputs: list[Output]
    outputs: list[Output]
    def reshape(self, shapes: Mapping[str, Sequence[int]]) -> None: ...

class InferRequest:
    def infer(self, inputs: Mapping[int, NDArray[Any]], share_inputs: bool = ...) -> object: ...
    def get_output_tensor(self, index: int) -> Tensor: ...

class CompiledModel:
    def create_infer_request(self) -> InferRequest: ...

class Core:
    def read_model(self, model: str) -> Model: ...
    def compile_model(self, model: Model, device_name: str, config: Mapping[str, object]) -> CompiledModel: ...
