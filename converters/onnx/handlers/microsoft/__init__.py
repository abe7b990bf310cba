"""Handlers of com.microsoft, the operators of ONNX Runtime."""
