"""A graph as an ONNX model: `model_of`, with a function for each operator in `operators`."""
