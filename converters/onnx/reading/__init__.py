"""ONNX files as what strangers wrote: read, checked, and made ready for the conversion."""
