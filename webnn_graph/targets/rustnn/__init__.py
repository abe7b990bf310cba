"""rustnn computing with ONNX Runtime: what it computes right, what it fails at, and how it reads files."""
