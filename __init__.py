"""tilewright: an ONNX compiler on xDSL."""
