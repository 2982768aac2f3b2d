"""The ONNX backend test suite on tilewright: every case that ships in the `onnx` package, run by onnx's own runner."""
