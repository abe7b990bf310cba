"""Handlers of ai.onnx.ml."""
