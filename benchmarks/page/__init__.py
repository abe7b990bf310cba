"""A module in a page beside onnxruntime-web: ``python -m benchmarks.page MODEL...``."""
